//! Nobody may read the statistics.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "nobody-can-watch",
    severity: Severity::Warning,
    reason: "Without stats_users nobody but an administrator, who could also stop everything, can read the pools' state.",
    fix: "set stats_users = pgsre, or the user that your monitoring logs in as",
    bad: &["-stats_users"],
    good: &["stats_users = pgsre, telegraf"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let value = cx.value("stats_users");
    if cx.list("stats_users").is_empty() {
        return Hit::on(&value, "there is no user who may read the statistics, and no more");
    }
    Vec::new()
}
