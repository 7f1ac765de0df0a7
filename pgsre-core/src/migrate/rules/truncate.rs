use super::super::statement::Statement;
use super::{Context, Found, Kind, Rule, list};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "truncate",
    kind: Kind::Breaking,
    severity: Severity::Warning,
    sized: false,
    why: "All rows go, under a lock that stops reads and writes; with CASCADE also those of tables that refer to it.",
    fix: "DELETE in batches, or a new table; name the tables in place of CASCADE.",
    bad: &["truncate orders cascade;"],
    good: &["create table staging (id int); truncate staging;"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let locks = &context.facts.locks;
    let Statement::Truncate { cascade, .. } = context.statement else { return None };
    (!locks.is_empty()).then(|| {
        let and = if *cascade { ", and of whatever refers to them" } else { "" };
        Found::on(locks.keys(), format!("removes all rows of {}{and}", list(locks.keys())))
    })
}
