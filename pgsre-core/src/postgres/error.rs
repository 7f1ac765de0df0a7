//! Errors of talking to PostgreSQL: a kind, what it was about, and the cause.

use std::fmt;
use std::io;

use tokio_postgres::error::SqlState;

pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why PostgreSQL could not be talked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PostgresErrorKind {
    /// The connection string or an option makes no sense.
    Invalid,
    /// Nobody listens there, the name does not resolve, or the connection broke.
    Unreachable,
    /// The server does not let this user in.
    Authentication,
    /// No TLS connection as demanded: not offered, a certificate that is not trusted.
    Tls,
    /// There is no such database.
    NoDatabase,
    /// The server answered with an error; see [`PostgresError::sqlstate`].
    Server,
    /// It took longer than allowed.
    TimedOut,
    /// No PostgreSQL server is installed on this machine, or none that can be used.
    NoServer,
    /// A private server could not be initialised or started, or ended by itself.
    Start,
    /// A file or a process of this machine.
    Io,
    /// The driver and the server, or the driver and we, misunderstood each other.
    Protocol,
    /// The caller asked to stop.
    Cancelled,
}

impl PostgresErrorKind {
    /// What to do next, in a few words.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Invalid => {
                "give a connection string as psql takes it: postgres://user@host/database"
            }
            Self::Unreachable => {
                "check the host, the port, the firewall and whether the server runs"
            }
            Self::Authentication => {
                "check the user, the password (PGPASSWORD, ~/.pgpass) and pg_hba.conf"
            }
            Self::Tls => "check sslmode, sslrootcert and the server's certificate",
            Self::NoDatabase => "check the database's name",
            Self::Server => "see the server's message and its log",
            Self::TimedOut => "try again, or allow more time",
            Self::NoServer => {
                "install PostgreSQL's server (Debian: apt install postgresql), or set \
                 PGSRE_PG_BINDIR to the directory of its programs"
            }
            Self::Start => "see the quoted end of the server's log",
            Self::Io => "check the path, its permissions and the free space",
            Self::Protocol => "this looks like a defect: please report it",
            Self::Cancelled => "run it again",
        }
    }
}

/// An error of talking to PostgreSQL. `Display` never prints the cause; walk
/// [`std::error::Error::source`].
#[derive(Debug)]
pub struct PostgresError {
    kind: PostgresErrorKind,
    context: String,
    cause: Option<Cause>,
    sqlstate: Option<SqlState>,
}

impl PostgresError {
    /// An error of `kind` about `context`: what was attempted, on what.
    pub fn new(kind: PostgresErrorKind, context: impl Into<String>) -> Self {
        Self { kind, context: context.into(), cause: None, sqlstate: None }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// What the driver reported while `context` was attempted.
    pub fn from_driver(context: impl Into<String>, error: tokio_postgres::Error) -> Self {
        Self {
            kind: classify(&error),
            context: context.into(),
            sqlstate: error.code().cloned(),
            cause: Some(error.into()),
        }
    }

    pub(super) fn io(context: impl Into<String>, error: io::Error) -> Self {
        Self::new(PostgresErrorKind::Io, context).with_cause(error)
    }

    /// What was attempted, and the cause: for an error type that says the first in its own name.
    pub(crate) fn into_parts(self) -> (String, Option<Cause>) {
        (self.context, self.cause)
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> PostgresErrorKind {
        self.kind
    }

    /// The server's SQLSTATE, where the server answered with an error.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&SqlState> {
        self.sqlstate.as_ref()
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.kind {
            PostgresErrorKind::Unreachable | PostgresErrorKind::TimedOut => true,
            _ => self.sqlstate.as_ref().is_some_and(is_transient_state),
        }
    }

    /// What to do next, in a few words.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        self.kind.hint()
    }
}

impl fmt::Display for PostgresError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)
    }
}

impl std::error::Error for PostgresError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl From<tokio_postgres::Error> for PostgresError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::from_driver("talking to the server failed", error)
    }
}

fn classify(error: &tokio_postgres::Error) -> PostgresErrorKind {
    if let Some(state) = error.code() {
        return classify_state(state);
    }
    if error.is_closed() {
        return PostgresErrorKind::Unreachable;
    }
    // The driver keeps its kinds to itself: its fixed texts are the only way to tell them apart.
    match error.to_string().as_str() {
        "error performing TLS handshake" => PostgresErrorKind::Tls,
        "authentication error" => PostgresErrorKind::Authentication,
        "invalid configuration" if lacks_password(error) => PostgresErrorKind::Authentication,
        "invalid configuration" | "invalid connection string" => PostgresErrorKind::Invalid,
        "timeout waiting for server" => PostgresErrorKind::TimedOut,
        "error connecting to server" | "error communicating with the server" => classify_io(error),
        _ => PostgresErrorKind::Protocol,
    }
}

/// The server asks for a password, and none was given.
fn lacks_password(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|cause| cause.to_string() == "password missing")
}

fn classify_io(error: &tokio_postgres::Error) -> PostgresErrorKind {
    let cause = std::error::Error::source(error).and_then(|e| e.downcast_ref::<io::Error>());
    match cause.map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) => PostgresErrorKind::TimedOut,
        _ => PostgresErrorKind::Unreachable,
    }
}

fn classify_state(state: &SqlState) -> PostgresErrorKind {
    match state.code() {
        "3D000" => PostgresErrorKind::NoDatabase,
        code if code.starts_with("28") => PostgresErrorKind::Authentication,
        code if code.starts_with("08") => PostgresErrorKind::Unreachable,
        _ => PostgresErrorKind::Server,
    }
}

/// Connection exceptions, lack of resources, shutdowns and restarts, lost races.
fn is_transient_state(state: &SqlState) -> bool {
    let code = state.code();
    code.starts_with("08")
        || code.starts_with("53")
        || matches!(code, "40001" | "40P01" | "55P03" | "57P01" | "57P02" | "57P03")
}
