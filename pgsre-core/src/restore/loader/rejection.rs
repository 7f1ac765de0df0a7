//! What the server said against a statement.

use tokio_postgres::error::DbError;

use super::super::{TargetError, TargetErrorKind};
use crate::finding::chain;

/// A server's error, reduced to what a judgement needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    /// The SQLSTATE.
    pub(super) code: String,
    /// The primary message.
    pub(super) message: String,
    /// The detail, where it does not hold a whole row.
    pub(super) detail: Option<String>,
    /// The table or the type that the server names.
    pub(super) relation: Option<Box<str>>,
    /// The constraint that the server names.
    pub(super) constraint: Option<Box<str>>,
    /// The row of COPY data, from 1.
    pub(super) row: Option<u64>,
}

/// Longer details quote data.
const LONGEST_DETAIL: usize = 200;
/// Longer messages quote data too, or are a function's own; many may wait for their judgement.
const LONGEST_MESSAGE: usize = 1_000;

impl Rejection {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self { code, message, detail: None, relation: None, constraint: None, row: None }
    }

    /// The message with its detail and SQLSTATE.
    pub(super) fn quoted(&self) -> String {
        match &self.detail {
            Some(detail) => format!("{} ({detail}; SQLSTATE {})", self.message, self.code),
            None => format!("{} (SQLSTATE {})", self.message, self.code),
        }
    }

    /// The error of the target that this is, where it says nothing about the backup.
    pub(super) fn target_error(&self) -> Option<TargetErrorKind> {
        match self.code.as_str() {
            "53100" => Some(TargetErrorKind::DiskFull),
            // Shut down, crashed, starting up: https://www.postgresql.org/docs/18/errcodes-appendix.html
            "57P01" | "57P02" | "57P03" | "57P04" | "57P05" => Some(TargetErrorKind::Unreachable),
            // Cancelled by somebody else, read-only, deadlock, conflict, lock time-out, input/output.
            "57014" | "25006" | "40P01" | "40001" | "55P03" | "58030" => {
                Some(TargetErrorKind::Failed)
            }
            code if code.starts_with("53") => Some(TargetErrorKind::Failed),
            code if code.starts_with("08") => Some(TargetErrorKind::Unreachable),
            _ => None,
        }
    }
}

impl From<&DbError> for Rejection {
    fn from(error: &DbError) -> Self {
        let detail = error
            .detail()
            .filter(|detail| !detail.starts_with("Failing row contains"))
            .map(|detail| detail.chars().take(LONGEST_DETAIL).collect());
        let message: String = error.message().chars().take(LONGEST_MESSAGE).collect();
        Self {
            detail,
            relation: error.table().or(error.datatype()).map(Box::from),
            constraint: error.constraint().map(Box::from),
            row: error.where_().and_then(row_of_copy),
            ..Self::new(error.code().code(), message)
        }
    }
}

/// The row in `COPY orders, line 12, column id: "x"`, where the server speaks English.
fn row_of_copy(context: &str) -> Option<u64> {
    let place = context.lines().find_map(|line| line.strip_prefix("COPY "))?;
    let (_, behind) = place.split_once(", line ")?;
    let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Tells what a server says against a statement from a target that breaks.
///
/// # Errors
/// Where the connection broke, or the server's error says nothing about the statement.
pub(super) fn rejection(
    attempt: &str,
    error: tokio_postgres::Error,
) -> Result<Rejection, TargetError> {
    let Some(answer) = error.as_db_error() else {
        let kind = TargetErrorKind::Unreachable;
        return Err(TargetError::new(kind, format!("the connection broke off at {attempt}"))
            .with_hint("see the server's log for why it ended the connection")
            .with_cause(error));
    };
    let rejection = Rejection::from(answer);
    match rejection.target_error() {
        None => Ok(rejection),
        Some(kind) => {
            let context = format!("the server gave up at {attempt}: {}", chain(&error));
            Err(TargetError::new(kind, context).with_hint(hint(kind)))
        }
    }
}

fn hint(kind: TargetErrorKind) -> &'static str {
    match kind {
        TargetErrorKind::DiskFull => {
            "free space where the server keeps its data, or restore on another disk"
        }
        TargetErrorKind::Unreachable => "see the server's log, then run again",
        _ => "see the server's log and its settings, then run again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_is_read_from_the_context_of_a_copy() {
        assert_eq!(row_of_copy("COPY orders, line 12, column id: \"x\""), Some(12));
        assert_eq!(row_of_copy("COPY orders, line 3: \"1\""), Some(3));
        assert_eq!(row_of_copy("SQL function \"f\" statement 1\nCOPY t, line 7"), Some(7));
        assert_eq!(row_of_copy("PL/pgSQL function f() line 3 at RAISE"), None);
    }
}
