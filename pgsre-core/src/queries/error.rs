//! Why the statements could not be read.

use std::error::Error;
use std::fmt;

use tokio_postgres::error::SqlState;

use crate::monitor::ProbeError;

type Cause = Box<dyn Error + Send + Sync>;

/// Why the statements could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueriesErrorKind {
    /// The library is not among `shared_preload_libraries`, so nothing is counted.
    NotLoaded,
    /// The library is loaded, and the extension is not created in this database.
    NotCreated,
    /// The extension is older than what can be read.
    TooOld,
    /// This role may not call the extension's functions.
    Denied,
    /// The server answered with an error, or not at all.
    Server,
    /// What was kept of earlier readings cannot be read or written.
    History,
}

impl QueriesErrorKind {
    /// What to do next.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::NotLoaded => {
                "add pg_stat_statements to shared_preload_libraries, restart the server, and run \
                 CREATE EXTENSION pg_stat_statements in this database; on a managed service, \
                 enable it among the instance's parameters"
            }
            Self::NotCreated => {
                "run CREATE EXTENSION pg_stat_statements in this database, or connect to the one \
                 that has it: it shows the statements of all databases"
            }
            Self::TooOld => {
                "run ALTER EXTENSION pg_stat_statements UPDATE in this database; servers since 13 \
                 have what is needed"
            }
            Self::Denied => {
                "grant pg_monitor to the role, and USAGE on the schema that the extension lives in"
            }
            Self::Server => "see the server's message and its log",
            Self::History => "check the directory, its permissions and the free space",
        }
    }
}

/// An error of reading the statements. `Display` never prints the cause.
#[derive(Debug)]
pub struct QueriesError {
    kind: QueriesErrorKind,
    context: String,
    cause: Option<Cause>,
}

impl QueriesError {
    pub(super) fn new(kind: QueriesErrorKind, context: impl Into<String>) -> Self {
        Self { kind, context: context.into(), cause: None }
    }

    pub(super) fn with_cause(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    pub(super) fn no_row() -> Self {
        Self::new(QueriesErrorKind::Server, "the server answered with no row")
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> QueriesErrorKind {
        self.kind
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        self.kind.hint()
    }

    /// Whether the extension is not there to be read, rather than the server out of order.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        use QueriesErrorKind::{Denied, NotCreated, NotLoaded, TooOld};
        matches!(self.kind, NotLoaded | NotCreated | TooOld | Denied)
    }
}

impl fmt::Display for QueriesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)
    }
}

impl Error for QueriesError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl From<tokio_postgres::Error> for QueriesError {
    fn from(error: tokio_postgres::Error) -> Self {
        let kind = kind_of(error.code());
        let said = error.as_db_error().map(|error| error.message().to_owned());
        let context = said.unwrap_or_else(|| "the server did not answer".to_owned());
        Self::new(kind, context).with_cause(error)
    }
}

impl From<ProbeError> for QueriesError {
    fn from(error: ProbeError) -> Self {
        let driver = error.source().and_then(|cause| cause.downcast_ref::<tokio_postgres::Error>());
        let kind = kind_of(driver.and_then(tokio_postgres::Error::code));
        Self::new(kind, error.to_string()).with_cause(error)
    }
}

/// The extension's functions say 55000 where the library is not loaded.
fn kind_of(state: Option<&SqlState>) -> QueriesErrorKind {
    match state {
        Some(state) if *state == SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE => {
            QueriesErrorKind::NotLoaded
        }
        Some(state) if *state == SqlState::INSUFFICIENT_PRIVILEGE => QueriesErrorKind::Denied,
        _ => QueriesErrorKind::Server,
    }
}
