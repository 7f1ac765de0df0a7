//! Idle clients that are cut off.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "client-idle-timeout",
    severity: Severity::Warning,
    reason: "client_idle_timeout closes connections that an application's own pool believes to be good: its next query fails. Idle clients cost a pooler next to nothing.",
    fix: "take client_idle_timeout out, or set it longer than the applications keep a connection",
    bad: &["client_idle_timeout = 60"],
    good: &["client_idle_timeout = 86400"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let short =
        cx.where_number("client_idle_timeout", |seconds| seconds > 0.0 && seconds < 3_600.0);
    short.map_or_else(Vec::new, |value| {
        Hit::on(&value, format!("idle clients are cut off after {} s", value.text))
    })
}
