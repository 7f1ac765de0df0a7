use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "fails-on-rows",
    kind: Kind::Failing,
    severity: Severity::Critical,
    sized: false,
    why: "The statement cannot succeed once the table has rows.",
    fix: "Add the column nullable or with a default, fill it, then make it NOT NULL.",
    bad: &["alter table orders add column customer bigint not null;"],
    good: &["alter table orders add column customer bigint not null default 0;"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let reason = context.facts.fails_on_rows.first()?;
    Some(Found::says(format!("fails on a table with rows: {reason}")))
}
