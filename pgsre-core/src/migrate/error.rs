//! Why a schema change or a backfill did not get on.

use std::fmt;

use tokio_postgres::error::SqlState;

use crate::postgres::{PostgresError, PostgresErrorKind};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a schema change or a backfill did not get on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApplyErrorKind {
    /// What is asked for makes no sense on this database: a table or a column that is not there.
    Invalid,
    /// The table has no key to go by.
    NoKey,
    /// Another runner is at it.
    Running,
    /// It was begun with other contents.
    Changed,
    /// A pooler that gives each transaction another connection lies in between.
    Pooled,
    /// The server is not fit for it.
    Unfit,
    /// The role may not.
    Denied,
    /// A lock was not to be had, however often it was tried.
    Locked,
    /// A statement took longer than it may.
    TimedOut,
    /// A throttle demanded an end.
    Throttled,
    /// Somebody asked for an end: `pgsre migrate abort`.
    Aborted,
    /// The server answered with an error.
    Statement,
    /// The connection was lost, and none could be made again.
    Unreachable,
}

impl ApplyErrorKind {
    fn hint(self) -> &'static str {
        match self {
            Self::Invalid => "compare the names with the database's",
            Self::NoKey => {
                "add a unique index on columns that are NOT NULL: CREATE UNIQUE INDEX CONCURRENTLY"
            }
            Self::Running => {
                "wait for its end, or end it: pgsre migrate status, pgsre migrate abort"
            }
            Self::Changed => {
                "go on with the plan that it was begun with, or give it up: pgsre migrate abort"
            }
            Self::Pooled => "connect to the server itself: a pooler's session mode does, too",
            Self::Unfit => "mend that first, or go on all the same with --force and a reason",
            Self::Denied => "grant the role what the server's message names",
            Self::Locked => {
                "end the blockers or wait for them, then run it again: it goes on there"
            }
            Self::TimedOut => {
                "allow it more time, or find out what slows it down; then run it again"
            }
            Self::Throttled => {
                "see to what the throttle names, then run it again: it goes on there"
            }
            Self::Aborted => "what is done stays done",
            Self::Statement => "see the server's message; mend it and run it again",
            Self::Unreachable => "see to the server, then run it again: it goes on where it was",
        }
    }
}

/// An error of a schema change or a backfill. `Display` never prints the cause; walk
/// [`std::error::Error::source`].
#[derive(Debug)]
pub struct ApplyError {
    kind: ApplyErrorKind,
    context: String,
    cause: Option<Cause>,
    sqlstate: Option<SqlState>,
}

impl ApplyError {
    /// An error of `kind` about `context`: what was attempted, on what.
    pub fn new(kind: ApplyErrorKind, context: impl Into<String>) -> Self {
        Self { kind, context: context.into(), cause: None, sqlstate: None }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The same error, of what was attempted.
    #[must_use]
    pub(crate) fn about(self, context: impl Into<String>) -> Self {
        let cause: Option<Cause> = match self.cause {
            Some(cause) => Some(cause),
            None => Some(self.context.into()),
        };
        Self { context: context.into(), cause, ..self }
    }

    /// The same error of another kind.
    #[must_use]
    pub(crate) fn of_kind(self, kind: ApplyErrorKind) -> Self {
        Self { kind, ..self }
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> ApplyErrorKind {
        self.kind
    }

    /// The server's SQLSTATE, where the server answered with an error.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&SqlState> {
        self.sqlstate.as_ref()
    }

    /// What to do next, in a few words.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        self.kind.hint()
    }

    /// Whether the connection is gone, or leads to a server that takes no writes for now: a restart, a
    /// failover.
    pub(crate) fn is_lost(&self) -> bool {
        self.kind == ApplyErrorKind::Unreachable
    }

    /// Whether the same transaction may succeed when it is run again.
    pub(crate) fn is_race(&self) -> bool {
        self.sqlstate
            .as_ref()
            .is_some_and(|state| matches!(state.code(), "40001" | "40P01" | "55P03" | "55006"))
    }
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)
    }
}

impl std::error::Error for ApplyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl From<PostgresError> for ApplyError {
    fn from(error: PostgresError) -> Self {
        let kind = match (error.sqlstate(), error.kind()) {
            (Some(state), _) => kind_of(state.code()),
            (None, PostgresErrorKind::Invalid) => ApplyErrorKind::Invalid,
            (None, PostgresErrorKind::Authentication) => ApplyErrorKind::Denied,
            (None, PostgresErrorKind::Protocol) => ApplyErrorKind::Statement,
            (None, _) => ApplyErrorKind::Unreachable,
        };
        let sqlstate = error.sqlstate().cloned();
        Self { kind, context: error.to_string(), cause: Some(error.into()), sqlstate }
    }
}

impl From<tokio_postgres::Error> for ApplyError {
    fn from(error: tokio_postgres::Error) -> Self {
        let said = error.as_db_error().map(|error| error.message().to_owned());
        let sqlstate = error.code().cloned();
        let kind = match &sqlstate {
            Some(state) => kind_of(state.code()),
            None => Self::from(PostgresError::from(error)).kind,
        };
        let context = said.unwrap_or_else(|| "the connection to the server was lost".to_owned());
        Self { kind, context, cause: None, sqlstate }
    }
}

fn kind_of(state: &str) -> ApplyErrorKind {
    match state {
        // Shutdowns and restarts; too many clients; a server that has become a standby.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "53300" | "25006" => {
            ApplyErrorKind::Unreachable
        }
        "40001" | "40P01" | "55P03" => ApplyErrorKind::Locked,
        "57014" => ApplyErrorKind::TimedOut,
        "42501" => ApplyErrorKind::Denied,
        "42P01" | "42703" | "3F000" | "42601" => ApplyErrorKind::Invalid,
        state if state.starts_with("08") => ApplyErrorKind::Unreachable,
        state if state.starts_with("28") => ApplyErrorKind::Denied,
        _ => ApplyErrorKind::Statement,
    }
}
