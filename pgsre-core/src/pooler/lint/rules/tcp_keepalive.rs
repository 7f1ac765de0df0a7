//! Peers that vanish.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "tcp-keepalive",
    severity: Severity::Warning,
    reason: "Without keep-alives a client or a server that vanished without a word keeps its place for ever.",
    fix: "take tcp_keepalive out: it is on by default",
    bad: &["tcp_keepalive = 0"],
    good: &["tcp_keepalive = 1\ntcp_keepidle = 60"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let off = cx.where_number("tcp_keepalive", |on| on == 0.0);
    off.map_or_else(Vec::new, |value| Hit::on(&value, "tcp_keepalive is off"))
}
