//! A private server's configuration files.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use super::ClusterOptions;
use super::layout::Layout;
use crate::postgres::error::PostgresError;

/// Appends the settings to `postgresql.conf` (a later line wins) and writes `pg_hba.conf`.
pub(super) fn write(options: &ClusterOptions, layout: &Layout) -> Result<(), PostgresError> {
    let conf = layout.data().join("postgresql.conf");
    append(&conf, &configuration(options, layout))?;
    let hba = layout.data().join("pg_hba.conf");
    // Written over, not replaced: the file keeps its owner.
    std::fs::write(&hba, authentication(options))
        .map_err(|error| PostgresError::io(format!("cannot write {}", hba.display()), error))
}

fn append(path: &Path, text: &str) -> Result<(), PostgresError> {
    OpenOptions::new()
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| PostgresError::io(format!("cannot write {}", path.display()), error))
}

fn configuration(options: &ClusterOptions, layout: &Layout) -> String {
    let mut text = String::from("\n");
    let mut set = |name: &str, value: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name} = '{}'", value.replace('\\', "\\\\").replace('\'', "''"));
    };
    set("listen_addresses", if options.tcp_port.is_some() { "127.0.0.1" } else { "" });
    set("port", &options.tcp_port.unwrap_or(5432).to_string());
    // A list whose elements may be in double quotes.
    let socket = layout.socket().display().to_string().replace('"', "\"\"");
    set("unix_socket_directories", &format!("\"{socket}\""));
    set("unix_socket_permissions", "0700");
    set("logging_collector", "off");
    set("log_destination", "stderr");
    // A container's /dev/shm often has 64 MB only; a file in the data directory always fits.
    set("dynamic_shared_memory_type", "mmap");
    for (name, value) in &options.settings {
        set(name, value);
    }
    text
}

fn authentication(options: &ClusterOptions) -> String {
    let ours = ["local all all trust", "local replication all trust"];
    let tcp = options.tcp_port.map(|_| "host all all 127.0.0.1/32 scram-sha-256");
    let lines = options.hba_lines.iter().map(String::as_str).chain(ours).chain(tcp);
    lines.fold(String::new(), |text, line| text + line + "\n")
}
