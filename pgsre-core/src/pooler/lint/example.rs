//! Examples of rules: changes to a sound configuration.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::{LintOptions, PoolFinding, lint};
use crate::pooler::config::PoolerConfig;
use crate::pooler::evidence::{Breaking, ServerEvidence};
use crate::pooler::ini::ConfigFiles;

/// A configuration that breaks no rule: the reference of the documentation.
pub(super) const SOUND: &str = "\
[databases]
shop = host=10.0.0.9 port=5432 dbname=shop user=shop

[pgbouncer]
listen_addr = 10.0.0.5
listen_port = 6432
auth_type = scram-sha-256
auth_file = userlist.txt
admin_users = pooladmin
stats_users = pgsre
pool_mode = transaction
max_client_conn = 1000
default_pool_size = 25
reserve_pool_size = 5
reserve_pool_timeout = 3
max_db_connections = 30
server_idle_timeout = 600
query_wait_timeout = 30
idle_transaction_timeout = 60
ignore_startup_parameters = extra_float_digits
max_prepared_statements = 200
client_tls_sslmode = require
client_tls_key_file = /etc/pgbouncer/server.key
client_tls_cert_file = /etc/pgbouncer/server.crt
server_tls_sslmode = verify-full
server_tls_ca_file = /etc/ssl/certs/ca.pem
stats_period = 60
logfile = /var/log/postgresql/pgbouncer.log
pidfile = /run/postgresql/pgbouncer.pid
";

const USERS: &str = "\"shop\" \"SCRAM-SHA-256$4096:x\"\n\"pgsre\" \"SCRAM-SHA-256$4096:x\"\n";

struct Memory(BTreeMap<PathBuf, String>);

impl ConfigFiles for Memory {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn is_open_to_all(&self, path: &Path) -> bool {
        path.to_string_lossy().contains("open")
    }
}

/// The findings about the sound configuration with these changes.
pub(super) fn findings(changes: &str) -> Vec<PoolFinding> {
    let mut options = LintOptions::default();
    let mut server: Option<ServerEvidence> = None;
    let mut lines: Vec<String> = SOUND.lines().map(str::to_owned).collect();
    let mut section = "[pgbouncer]".to_owned();
    for change in changes.lines().map(str::trim).filter(|change| !change.is_empty()) {
        let (word, rest) = change.split_once(' ').unwrap_or((change, ""));
        let fresh = || ServerEvidence { usable_slots: Some(97), breaking: Vec::new() };
        match word {
            "@version" => options.version = rest.parse().unwrap(),
            "@open_files" => options.open_files = rest.parse().ok(),
            "@usable" => server.get_or_insert_with(fresh).usable_slots = rest.parse().ok(),
            "@statement" => {
                let breaking = Breaking::of("shop", "shop", 7, rest);
                server.get_or_insert_with(fresh).breaking.extend(breaking);
            }
            _ if change.starts_with('[') => section = change.to_owned(),
            _ => apply(&mut lines, &section, change),
        }
    }
    options.server = server;
    let files = [
        ("p.ini", lines.join("\n").as_str()),
        ("userlist.txt", USERS),
        ("open.txt", USERS),
        ("broken.txt", "shop secret\n"),
        ("plain.txt", "\"shop\" \"secret\"\n\"pgsre\" \"secret\"\n"),
        (
            "md5.txt",
            "\"shop\" \"md5d41d8cd98f00b204e9800998ecf8427e\"\n\"pgsre\" \"SCRAM-SHA-256$x\"",
        ),
        ("open.ini", "secret = host=10.0.0.9 user=shop password=x\n"),
    ]
    .map(|(name, text)| (PathBuf::from(name), text.to_owned()));
    let config = PoolerConfig::read_from(Path::new("p.ini"), &Memory(files.into())).unwrap();
    lint(&config, &options)
}

fn apply(lines: &mut Vec<String>, section: &str, change: &str) {
    let name = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
    if let Some(taken) = change.strip_prefix('-') {
        return lines.retain(|line| name(line) != taken);
    }
    let raw = change.strip_prefix('+');
    let line = raw.unwrap_or(change).to_owned();
    if raw.is_none()
        && let Some(old) = lines.iter_mut().find(|old| name(old) == name(change))
    {
        return *old = line;
    }
    let at = lines.iter().position(|line| line == section);
    match at {
        Some(at) => lines.insert(at + 1, line),
        None => lines.extend([section.to_owned(), line]),
    }
}
