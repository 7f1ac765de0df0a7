//! Event triggers are made last.
//!
//! `pg_dump` writes them after all tables, but not after each `REFRESH MATERIALIZED VIEW`: one that
//! forbids DDL would forbid that, and the backup is sound all the same.

use super::Loader;
use crate::archive::Statement;
use crate::restore::TargetError;

/// Whether a statement makes an event trigger, or is about one.
pub(super) fn is_of_one(statement: &Statement) -> bool {
    statement.entry.as_ref().is_some_and(|entry| {
        entry.kind == "EVENT TRIGGER"
            || matches!(entry.kind.as_str(), "COMMENT" | "SECURITY LABEL")
                && entry.name.starts_with("EVENT TRIGGER ")
    })
}

impl Loader<'_> {
    /// Makes the event triggers that were put off.
    pub(super) async fn make_event_triggers(&mut self) -> Result<(), TargetError> {
        for statement in std::mem::take(&mut self.event_triggers) {
            self.statement_now(statement).await?;
        }
        self.flush_inserts().await
    }
}
