use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "several-locks",
    kind: Kind::Locking,
    severity: Severity::Warning,
    sized: false,
    why: "The first table stays locked while the second is waited for.",
    fix: "One table a transaction.",
    bad: &[
        "begin; alter table orders add column note text; alter table customers add column note text; commit;",
    ],
    good: &[
        "alter table orders add column note text; alter table customers add column note text;",
    ],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let (table, _) = context
        .facts
        .locks
        .iter()
        .find(|(table, mode)| mode.blocks_writes() && !context.held.contains_key(*table))?;
    let (held, mode) = context.held.iter().find(|(_, mode)| mode.blocks_writes())?;
    let message = format!("waits for a lock on {table} while {mode:?} on {held} is held");
    Some(Found::on([held], message))
}
