//! Why the console could not be asked.

use crate::postgres::{PostgresError, PostgresErrorKind};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why the console could not be asked. `Display` never prints the cause.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct ConsoleError {
    context: String,
    is_down: bool,
    #[source]
    cause: Option<Cause>,
}

impl ConsoleError {
    /// Whether nobody listens there: that is known, where silence or a refused password says
    /// nothing about the pools.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.is_down
    }

    pub(super) fn unreached(at: &str, error: PostgresError) -> Self {
        Self {
            context: format!("PgBouncer's console at {at} cannot be used"),
            // Whoever answers with an error is there: PgBouncer refuses a password with a code of
            // class 08, that of connections.
            is_down: error.kind() == PostgresErrorKind::Unreachable && error.sqlstate().is_none(),
            cause: Some(error.into()),
        }
    }

    pub(super) fn no_pooler(at: &str) -> Self {
        Self::of(format!("what answers at {at} is no PgBouncer: give the address of the pooler"))
    }

    pub(super) fn late(what: &str) -> Self {
        Self::of(format!("PgBouncer did not answer within 3 s: {what}"))
    }

    pub(super) fn refused(what: &str, error: tokio_postgres::Error) -> Self {
        Self { cause: Some(error.into()), ..Self::of(format!("SHOW {what} failed")) }
    }

    pub(super) fn column(what: &str, column: &str) -> Self {
        Self::of(format!("SHOW {what} has no readable column {column:?}"))
    }

    fn of(context: String) -> Self {
        Self { context, is_down: false, cause: None }
    }
}
