//! Where and how to connect: connection strings as libpq reads them.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::environment::Environment;
use super::error::PostgresError;
use passfile::PasswordFile;

mod conninfo;
mod libpq;
mod parameters;
mod passfile;
mod resolve;
mod service;
mod uri;

/// Everything that a connection needs; read from a connection string, completed from the `PG*`
/// variables, the service file and `~/.pgpass`.
///
/// `Debug` and `Display` never show a password.
///
/// ```
/// use pgsre_core::postgres::ConnectConfig;
/// let config = ConnectConfig::parse("postgres://ann:secret@db1:5433/shop?sslmode=verify-full")?;
/// assert_eq!(config.to_string(), "postgres://ann@db1:5433/shop");
/// # Ok::<_, pgsre_core::postgres::PostgresError>(())
/// ```
#[derive(Clone)]
pub struct ConnectConfig {
    pub(super) hosts: Vec<HostAddress>,
    pub(super) database: String,
    pub(super) user: String,
    pub(super) password: Option<String>,
    pub(super) passfile: Arc<PasswordFile>,
    pub(super) tls: TlsSettings,
    pub(super) application_name: Option<String>,
    pub(super) options: Option<String>,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) tcp: TcpSettings,
    pub(super) target_session: TargetSession,
    pub(super) channel_binding: ChannelBinding,
    pub(super) shuffle_hosts: bool,
    pub(super) warnings: Vec<String>,
}

/// One of the servers that a [`ConnectConfig`] names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAddress {
    /// A name, an address, or the directory of a Unix socket.
    pub host: String,
    /// The address to use in place of looking up `host`.
    pub address: Option<std::net::IpAddr>,
    /// The port.
    pub port: u16,
}

impl HostAddress {
    /// Whether the server is reached through a Unix socket.
    #[must_use]
    pub fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }
}

/// Whether and how strictly TLS is used, as libpq's `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// Never.
    Disable,
    /// Only where the server insists.
    Allow,
    /// Where the server can; the default.
    Prefer,
    /// Always; the certificate is not looked at unless root certificates are given.
    Require,
    /// Always, and the certificate must be signed by a trusted authority.
    VerifyCa,
    /// Always, and the certificate must also be this host's.
    VerifyFull,
}

/// Which kind of session is wanted, as libpq's `target_session_attrs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TargetSession {
    /// Any server will do.
    #[default]
    Any,
    /// One that takes writes by default.
    ReadWrite,
    /// One that does not.
    ReadOnly,
    /// One that is not in recovery.
    Primary,
    /// One that is in recovery.
    Standby,
    /// One that is in recovery, or else any.
    PreferStandby,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ChannelBinding {
    Disable,
    #[default]
    Prefer,
    Require,
}

#[derive(Clone, Debug)]
pub(super) struct TlsSettings {
    pub(super) mode: SslMode,
    pub(super) roots: RootCertificates,
    pub(super) certificate: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) send_server_name: bool,
    pub(super) direct: bool,
    pub(super) only_tls13: bool,
    pub(super) only_tls12: bool,
}

/// Where trusted root certificates come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RootCertificates {
    /// Nothing was said: the system's, where the mode asks for any.
    Unset,
    /// `sslrootcert=system`.
    System,
    /// A PEM file.
    File(PathBuf),
}

#[derive(Clone, Debug)]
pub(super) struct TcpSettings {
    pub(super) keepalives: bool,
    pub(super) idle: Option<Duration>,
    pub(super) interval: Option<Duration>,
    pub(super) count: Option<u32>,
    pub(super) user_timeout: Option<Duration>,
}

impl ConnectConfig {
    /// Reads a connection string, `postgres://…` or `key=value …`, and completes it from the
    /// surroundings of this process. The empty string takes everything from there.
    ///
    /// # Errors
    /// [`Invalid`](super::PostgresErrorKind::Invalid), naming the parameter; never its value where
    /// that may be a secret.
    pub fn parse(text: &str) -> Result<Self, PostgresError> {
        Self::parse_in(text, &Environment::of_process())
    }

    /// Reads a connection string in given surroundings.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_in(text: &str, environment: &Environment) -> Result<Self, PostgresError> {
        let mut parameters = parameters::parse(text)?;
        service::complete(&mut parameters, environment)?;
        parameters::complete(&mut parameters, environment);
        resolve::resolve(&parameters, environment)
    }

    /// A server on this machine by the directory of its socket; nothing is taken from the
    /// surroundings.
    #[must_use]
    pub fn socket(directory: &std::path::Path, port: u16, user: &str, database: &str) -> Self {
        let host = directory.to_string_lossy().into_owned();
        Self {
            hosts: vec![HostAddress { host, address: None, port }],
            database: database.to_owned(),
            user: user.to_owned(),
            password: None,
            passfile: Arc::default(),
            tls: TlsSettings::disabled(),
            application_name: None,
            options: None,
            connect_timeout: Some(resolve::DEFAULT_CONNECT_TIMEOUT),
            tcp: TcpSettings::default(),
            target_session: TargetSession::Any,
            channel_binding: ChannelBinding::Prefer,
            shuffle_hosts: false,
            warnings: Vec::new(),
        }
    }

    /// The same server, another database.
    #[must_use]
    pub fn with_database(&self, name: impl Into<String>) -> Self {
        Self { database: name.into(), ..self.clone() }
    }

    /// The same under another `application_name`.
    #[must_use]
    pub fn with_application_name(&self, name: impl Into<String>) -> Self {
        Self { application_name: Some(name.into()), ..self.clone() }
    }

    /// The same with a run-time parameter set when a session begins (`-c name=value`).
    #[must_use]
    pub fn with_parameter(&self, name: &str, value: &str) -> Self {
        let mut options = self.options.clone().unwrap_or_default();
        if !options.is_empty() {
            options.push(' ');
        }
        options.push_str("-c ");
        for c in format!("{name}={value}").chars() {
            // The server splits the options at white space that no backslash precedes.
            if c.is_whitespace() || c == '\\' {
                options.push('\\');
            }
            options.push(c);
        }
        Self { options: Some(options), ..self.clone() }
    }

    /// The same without what only a PostgreSQL server understands: `options`, and the kind of
    /// session that is wanted.
    #[must_use]
    pub fn without_session_settings(&self) -> Self {
        Self { options: None, target_session: TargetSession::Any, ..self.clone() }
    }

    /// The database's name.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The role to connect as.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The servers to try, in order; at least one.
    #[must_use]
    pub fn hosts(&self) -> &[HostAddress] {
        &self.hosts
    }

    /// The `sslmode`.
    #[must_use]
    pub fn ssl_mode(&self) -> SslMode {
        self.tls.mode
    }

    /// The `application_name`, where one was given.
    #[must_use]
    pub fn application_name(&self) -> Option<&str> {
        self.application_name.as_deref()
    }

    /// What was passed over while reading, in sentences: a password file that others can read.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The password for one of the servers: the one given, else that of the password file.
    pub(super) fn password_for(&self, host: &HostAddress) -> Option<&str> {
        self.password
            .as_deref()
            .or_else(|| self.passfile.password(host, &self.database, &self.user))
    }
}

impl TlsSettings {
    pub(super) fn disabled() -> Self {
        Self {
            mode: SslMode::Disable,
            roots: RootCertificates::Unset,
            certificate: None,
            key: None,
            send_server_name: true,
            direct: false,
            only_tls13: false,
            only_tls12: false,
        }
    }
}

impl Default for TcpSettings {
    fn default() -> Self {
        Self { keepalives: true, idle: None, interval: None, count: None, user_timeout: None }
    }
}

/// Like `postgres://user@host:port/database`, without the password.
impl fmt::Display for ConnectConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres://{}@", uri::encode(&self.user))?;
        for (i, host) in self.hosts.iter().enumerate() {
            write!(f, "{}{host}", if i > 0 { "," } else { "" })?;
        }
        write!(f, "/{}", uri::encode(&self.database))
    }
}

/// As it stands in a connection URL, except that a socket's directory stays readable.
impl fmt::Display for HostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') && !self.is_socket() {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for ConnectConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectConfig")
            .field("hosts", &self.hosts)
            .field("database", &self.database)
            .field("user", &self.user)
            .field("password", &self.password.as_ref().map(|_| "…"))
            .field("tls", &self.tls)
            .field("application_name", &self.application_name)
            .field("connect_timeout", &self.connect_timeout)
            .field("target_session", &self.target_session)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
