//! Queries that are cut off.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "query-timeout",
    severity: Severity::Info,
    reason: "query_timeout closes the server connection without cancelling in good order and cannot be set by query; PgBouncer's documentation wants it only beside a slightly smaller statement_timeout.",
    fix: "set statement_timeout on the server (ALTER ROLE … SET statement_timeout)",
    bad: &["query_timeout = 30"],
    good: &["query_timeout = 0"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let on = cx.where_number("query_timeout", |seconds| seconds > 0.0);
    on.map_or_else(Vec::new, |value| {
        Hit::on(&value, format!("queries are cut off after {} s, whoever sent them", value.text))
    })
}
