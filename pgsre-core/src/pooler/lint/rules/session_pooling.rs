//! Session mode where transaction mode would serve.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "session-pooling",
    severity: Severity::Warning,
    reason: "In session mode a client holds its server connection until it disconnects, idle or not: there are as many backends as clients, and the pooler saves nothing but their making.",
    fix: "use pool_mode = transaction; give those few databases or users that need a session (LISTEN, advisory locks) a session pool of their own in [databases] or [users]",
    bad: &["pool_mode = session", "-pool_mode"],
    good: &[
        "[users]\nlistener = pool_mode=session",
        "[databases]\njobs = host=10.0.0.9 user=shop pool_mode=session pool_size=2",
    ],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    cx.says("pool_mode", "session").map_or_else(Vec::new, |mode| {
        let said =
            if mode.is_set { "pool_mode is session" } else { "pool_mode is not set: session" };
        Hit::on(&mode, said)
    })
}
