//! A reset after each transaction.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "reset-query-always",
    severity: Severity::Warning,
    reason: "server_reset_query_always runs DISCARD ALL after each transaction: a round trip more for each, plans and prepared statements thrown away, and applications that need a session break all the same, only more reliably.",
    fix: "take server_reset_query_always out, and give what needs a session a session pool",
    bad: &["server_reset_query_always = 1"],
    good: &["server_reset_query_always = 0"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let on = cx.where_number("server_reset_query_always", |on| on != 0.0);
    on.map_or_else(Vec::new, |value| Hit::on(&value, "server_reset_query_always is on"))
}
