use super::{Context, Found, Kind, Rule, list, waiting};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "blocking-scan",
    kind: Kind::Locking,
    severity: Severity::Critical,
    sized: true,
    why: "Every row is verified while a lock stops writes, and mostly reads too.",
    fix: "Add the constraint NOT VALID, commit, then VALIDATE CONSTRAINT; for SET NOT NULL: a CHECK (column IS NOT NULL) NOT VALID, VALIDATE it, SET NOT NULL, drop the CHECK.",
    bad: &["alter table orders alter column customer set not null;"],
    good: &[
        "alter table orders add constraint c check (customer is not null) not valid; alter table orders validate constraint c; alter table orders alter column customer set not null;",
    ],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let facts = context.facts;
    let blocked = |table: &&String| facts.locks.get(*table).is_some_and(|mode| mode.blocks_writes());
    let scanned: Vec<&String> = facts.scans.iter().filter(blocked).collect();
    let mode = *facts.locks.get(*scanned.first()?)?;
    let (tables, who) = (list(scanned.iter().copied()), waiting(mode));
    let message = format!("reads every row of {tables} under {mode:?}; {who} wait until that is done");
    Some(Found::on(scanned, message))
}
