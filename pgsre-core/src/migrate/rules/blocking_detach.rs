use super::super::statement::{Action, Statement};
use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "blocking-detach",
    kind: Kind::Locking,
    severity: Severity::Warning,
    sized: false,
    why: "DETACH PARTITION waits for all who use the partitioned table, and all others wait behind it.",
    fix: "DETACH PARTITION … CONCURRENTLY (14 and later) outside of a transaction.",
    bad: &["alter table orders detach partition orders_2020;"],
    good: &["alter table orders detach partition orders_2020 concurrently;"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let Statement::AlterTable { table, actions, .. } = context.statement else { return None };
    let blocks = |action: &Action| {
        matches!(action, Action::DetachPartition { concurrently: false, finalize: false, .. })
    };
    (actions.iter().any(blocks) && context.facts.locks.contains_key(table))
        .then(|| Found::says(format!("locks all of {table} against reads and writes")))
}
