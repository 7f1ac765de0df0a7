//! Clients that wait for longer than their callers.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "query-wait-timeout",
    severity: Severity::Warning,
    reason: "When the server stalls, clients queue for query_wait_timeout seconds before they are told. Two minutes, the default, is longer than most callers wait; 0 is for ever. Applications have long given up and tried again by then, which doubles the queue.",
    fix: "set query_wait_timeout somewhat below the applications' own time-out, for example 15 to 30 seconds",
    bad: &["-query_wait_timeout", "query_wait_timeout = 0", "query_wait_timeout = 300"],
    good: &["query_wait_timeout = 15", "query_wait_timeout = 60"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let value = cx.value("query_wait_timeout");
    match cx.seconds("query_wait_timeout") {
        Some(0.0) => Hit::on(&value, "clients queue for ever: query_wait_timeout is 0"),
        Some(seconds) if seconds >= 120.0 => {
            Hit::on(&value, format!("clients queue for {seconds} s before they are told"))
        }
        _ => Vec::new(),
    }
}
