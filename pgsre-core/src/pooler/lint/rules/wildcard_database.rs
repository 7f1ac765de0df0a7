//! A pool for whatever database a client names.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "wildcard-database",
    severity: Severity::Warning,
    reason: "With the database * a client opens a pool by naming any database, misspelt ones and template1 among them; max_db_connections counts for each of them, so that nothing bounds the sum.",
    fix: "list the databases that clients use",
    bad: &["[databases]\n* = host=10.0.0.9 user=shop"],
    good: &["[databases]\nother = host=10.0.0.9 user=shop"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let wild = cx.databases().iter().filter(|database| database.name == "*");
    wild.map(|database| Hit::new(&database.place, "any database may be named: *")).collect()
}
