//! Idle server connections.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "server-idle-timeout",
    severity: Severity::Warning,
    reason: "With server_idle_timeout = 0 connections that nobody needs any more stay open for their whole lifetime; with a few seconds they are closed between two requests, and made anew at the price of a process each.",
    fix: "set server_idle_timeout = 600",
    bad: &["server_idle_timeout = 0", "server_idle_timeout = 5"],
    good: &["server_idle_timeout = 60", "-server_idle_timeout"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let odd = cx.where_number("server_idle_timeout", |seconds| seconds < 30.0);
    odd.map_or_else(Vec::new, |value| {
        Hit::on(&value, format!("server_idle_timeout is {} s", value.text))
    })
}
