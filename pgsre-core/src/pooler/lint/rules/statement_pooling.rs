//! Statement mode for everybody.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "statement-pooling",
    severity: Severity::Warning,
    reason: "In statement mode a transaction of more than one statement is an error: BEGIN is refused.",
    fix: "use pool_mode = transaction",
    bad: &["pool_mode = statement"],
    good: &["[databases]\nproxied = host=10.0.0.9 user=shop pool_mode=statement"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    cx.says("pool_mode", "statement")
        .map_or_else(Vec::new, |mode| Hit::on(&mode, "pool_mode is statement for every database"))
}
