//! Nothing to connect to.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "no-databases",
    severity: Severity::Critical,
    reason: "Without an entry in [databases] there is nothing that a client could connect to.",
    fix: "add `name = host=… port=… dbname=…` to [databases]",
    bad: &["[databases]\n-shop"],
    good: &["[databases]\nother = host=10.0.0.9 user=shop"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    if cx.databases().is_empty() {
        return vec![Hit::new(&cx.config.section("databases"), "no database is configured")];
    }
    Vec::new()
}
