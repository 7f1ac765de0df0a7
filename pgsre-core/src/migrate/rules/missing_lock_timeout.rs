use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "missing-lock-timeout",
    kind: Kind::Locking,
    severity: Severity::Info,
    sized: false,
    why: "While the statement waits for its lock, everything that comes later waits behind it.",
    fix: "SET lock_timeout = '2s' before it, and try again when it runs out.",
    bad: &["alter table orders add column note text;"],
    good: &["set lock_timeout = '2s'; alter table orders add column note text;"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let strong = context.facts.locks.iter().find(|(_, mode)| mode.blocks_writes());
    let (table, mode) = strong.filter(|_| !context.lock_timeout)?;
    Some(Found::says(format!(
        "waits for {mode:?} on {table} without a lock_timeout; everything queues behind it"
    )))
}
