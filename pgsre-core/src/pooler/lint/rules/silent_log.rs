//! Errors that no log has.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "silent-log",
    severity: Severity::Warning,
    reason: "Errors of the pooler itself, which are what clients saw, are then in no log: why logins failed cannot be found out afterwards.",
    fix: "take log_pooler_errors out: it is on by default",
    bad: &["log_pooler_errors = 0"],
    good: &["log_connections = 0\nlog_disconnections = 0"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let off = cx.where_number("log_pooler_errors", |on| on == 0.0);
    off.map_or_else(Vec::new, |value| Hit::on(&value, "log_pooler_errors is off"))
}
