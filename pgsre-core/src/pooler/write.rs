//! [`PoolerIni`]: a complete, commented pgbouncer.ini.

use std::fmt;
use std::path::PathBuf;

use super::{PoolerVersion, Sizing};

/// A configuration to write: the reference, with sizes that were worked out.
///
/// Its `Display` is the file. It holds no password: who may log in stands in
/// [`auth_file`](Self::auth_file).
#[derive(Clone, Debug)]
pub struct PoolerIni {
    /// The version that is to read it.
    pub version: PoolerVersion,
    /// The sizes.
    pub sizing: Sizing,
    /// Where each database of the sizing lies, in the same order.
    pub servers: Vec<ServerAddress>,
    /// The file of users and their secrets.
    pub auth_file: PathBuf,
}

/// Where a database lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    /// The server, or the directory of its Unix socket.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The database's name there.
    pub database: String,
}

impl ServerAddress {
    fn is_local(&self) -> bool {
        self.host.starts_with('/')
            || matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "::1")
    }
}

impl fmt::Display for PoolerIni {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.databases(f)?;
        self.listening(f)?;
        self.pools(f)?;
        self.time_outs(f)?;
        self.transport(f)
    }
}

impl PoolerIni {
    fn databases(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "; pgbouncer.ini for PgBouncer {}, by pgsre pool size.\n;", self.version)?;
        for reason in &self.sizing.reasoning {
            writeln!(f, "; {}", one_line(reason))?;
        }
        writeln!(f, "\n[databases]")?;
        for (pool, server) in self.sizing.pools.iter().zip(&self.servers) {
            writeln!(
                f,
                "{} = host={} port={} dbname={} pool_size={} max_db_connections={}",
                name(&pool.database),
                value(&server.host),
                server.port,
                value(&server.database),
                pool.size,
                pool.size.saturating_add(pool.reserve),
            )?;
        }
        Ok(())
    }

    fn listening(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\n[pgbouncer]\n\
             ; Only this machine. For the network: the address, and client_tls_sslmode = require\n\
             ; with client_tls_key_file and client_tls_cert_file.\n\
             listen_addr = 127.0.0.1\n\
             listen_port = 6432\n\
             \n\
             ; One `\"user\" \"secret\"` a line, secrets as pg_authid.rolpassword has them.\n\
             auth_type = scram-sha-256\n\
             auth_file = {}\n\
             ; Who may pause and reload, and who may only look.\n\
             admin_users = pgbouncer_admin\n\
             stats_users = pgsre\n",
            one_line(&self.auth_file.display().to_string())
        )
    }

    fn pools(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pools = || self.sizing.pools.iter();
        let size = pools().map(|pool| pool.size).max().unwrap_or(1);
        let reserve = pools().map(|pool| pool.reserve).max().unwrap_or(1);
        write!(
            f,
            "\n\
             ; A server connection serves one transaction and goes back to the pool.\n\
             pool_mode = transaction\n\
             ; What applications may open together: waiting here costs next to nothing.\n\
             max_client_conn = {}\n\
             ; Server connections of each pair of database and user; more for a burst.\n\
             default_pool_size = {size}\n\
             reserve_pool_size = {reserve}\n\
             reserve_pool_timeout = 3\n\
             ; Bounds all users of a database together.\n\
             max_db_connections = {}\n",
            self.sizing.max_client_conn,
            size.saturating_add(reserve),
        )?;
        if self.version.is_since(1, 21) {
            write!(
                f,
                "; Prepared statements of drivers follow their client from connection to connection.\n\
                 max_prepared_statements = 200\n"
            )?;
        }
        write!(
            f,
            "; JDBC and others send it, and could not connect.\n\
             ignore_startup_parameters = extra_float_digits\n"
        )
    }

    fn time_outs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "\n\
             ; Times are in seconds. A client that waits for longer is told so.\n\
             query_wait_timeout = 30\n\
             ; A client that hangs within a transaction would hold its connection for ever.\n\
             idle_transaction_timeout = 60\n\
             server_idle_timeout = 600\n\
             server_lifetime = 3600\n\
             stats_period = 60\n",
        )
    }

    fn transport(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.servers.iter().all(ServerAddress::is_local) {
            return f
                .write_str("\n; The servers are on this machine.\nserver_tls_sslmode = prefer\n");
        }
        f.write_str(
            "\n\
             ; The servers' certificates are verified against this authority.\n\
             server_tls_sslmode = verify-full\n\
             server_tls_ca_file = /etc/ssl/certs/ca-certificates.crt\n",
        )
    }
}

/// A database's name, quoted where PgBouncer would not read it plainly; a quote cannot be written.
fn name(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.-*".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", one_line(text).replace('\'', "_"))
}

/// A parameter's value, quoted where it holds blanks or quotes.
fn value(text: &str) -> String {
    let text = one_line(text);
    if !text.is_empty() && !text.contains([' ', '\t', '\'']) {
        return text;
    }
    format!("'{}'", text.replace('\'', "''"))
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::io;
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::pooler::{
        ConfigFiles, Demand, LintOptions, PoolerConfig, ServerEvidence, SizeRequest, lint, size,
    };

    struct Written(String);

    impl ConfigFiles for Written {
        fn read(&self, path: &Path) -> io::Result<String> {
            match path.to_string_lossy().as_ref() {
                "p.ini" => Ok(self.0.clone()),
                "/etc/pgbouncer/userlist.txt" => Ok(String::new()),
                _ => Err(io::ErrorKind::NotFound.into()),
            }
        }

        fn is_open_to_all(&self, _: &Path) -> bool {
            false
        }
    }

    fn ini(version: PoolerVersion, host: &str, database: &str) -> String {
        let demand = |database: &str| Demand {
            database: database.to_owned(),
            concurrency: Some(12.0),
            transaction_seconds: Some(0.005),
        };
        let request = SizeRequest {
            demands: vec![demand(database), demand("other")],
            peak: 1.5,
            target_wait: Duration::from_millis(10),
            clients: Some(200),
            cores: Some(16),
            spindles: 1,
            usable_slots: Some(97),
        };
        let server =
            ServerAddress { host: host.to_owned(), port: 5432, database: database.to_owned() };
        PoolerIni {
            version,
            sizing: size(&request),
            servers: vec![server.clone(), server],
            auth_file: "/etc/pgbouncer/userlist.txt".into(),
        }
        .to_string()
    }

    #[test]
    fn what_is_written_breaks_no_rule_in_any_version_and_fits_into_the_server() {
        for minor in 18..=25 {
            for host in ["/run/postgresql", "10.0.0.9"] {
                let version = PoolerVersion::new(1, minor);
                let text = ini(version, host, "shop");
                let config =
                    PoolerConfig::read_from(Path::new("p.ini"), &Written(text.clone())).unwrap();
                let server = ServerEvidence { usable_slots: Some(97), ..Default::default() };
                let options = LintOptions { version, server: Some(server), open_files: None };
                assert_eq!(lint(&config, &options), [], "{text}");
                assert_eq!(config.databases(), ["shop", "other"]);
            }
        }
    }

    #[test]
    fn odd_names_are_quoted_so_that_they_are_read_again() {
        let text = ini(PoolerVersion::NEWEST, "/run/my db", "my 'shop'\n[users]");
        let config = PoolerConfig::read_from(Path::new("p.ini"), &Written(text)).unwrap();
        assert_eq!(config.databases(), ["my _shop_ [users]", "other"]);
        assert_eq!(lint(&config, &LintOptions::default()), []);
    }
}
