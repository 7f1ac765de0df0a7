//! Averages over too long a time.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "stats-period",
    severity: Severity::Info,
    reason: "Averages are those of the last stats_period: over more than a minute a stall of some seconds drowns in them.",
    fix: "set stats_period = 60",
    bad: &["stats_period = 600"],
    good: &["stats_period = 15"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let long = cx.where_number("stats_period", |seconds| seconds > 60.0);
    long.map_or_else(Vec::new, |value| Hit::on(&value, format!("stats_period is {}", value.text)))
}
