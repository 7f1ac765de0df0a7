//! A log that is too loud.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "verbose-log",
    severity: Severity::Warning,
    reason: "From verbose = 1 on each client and each query leaves lines in the log: it grows by gigabytes and slows the one core that PgBouncer has.",
    fix: "take verbose out; -v on the command line does for a search",
    bad: &["verbose = 2"],
    good: &["verbose = 0"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let on = cx.where_number("verbose", |level| level > 0.0);
    on.map_or_else(Vec::new, |value| Hit::on(&value, format!("verbose is {}", value.text)))
}
