use super::super::statement::Statement;
use super::{Context, Found, Kind, Rule, list};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "blocking-drop-index",
    kind: Kind::Locking,
    severity: Severity::Warning,
    sized: true,
    why: "DROP INDEX waits for all who use the table, and all others wait behind it.",
    fix: "DROP INDEX CONCURRENTLY outside of a transaction.",
    bad: &["drop index orders_customer;"],
    good: &["drop index concurrently orders_customer;"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let Statement::DropIndex { indexes, concurrently: false, .. } = context.statement else {
        return None;
    };
    let locks = &context.facts.locks;
    (!locks.is_empty()).then(|| {
        let message = format!("locks the table of {} against reads and writes", list(indexes));
        Found::on(locks.keys().filter(|object| !indexes.contains(object)), message)
    })
}
