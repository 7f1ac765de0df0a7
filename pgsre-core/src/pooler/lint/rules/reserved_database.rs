//! The console's name.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "reserved-database",
    severity: Severity::Critical,
    reason: "pgbouncer is the name of the console: PgBouncer refuses a configuration with a database of that name.",
    fix: "give the database another name; dbname=pgbouncer may stay",
    bad: &["[databases]\npgbouncer = host=10.0.0.9 user=shop"],
    good: &["[databases]\npooled = host=10.0.0.9 user=shop dbname=pgbouncer"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let reserved = cx.databases().iter().filter(|database| database.name == "pgbouncer");
    reserved.map(|d| Hit::new(&d.place, "a database cannot be called pgbouncer")).collect()
}
