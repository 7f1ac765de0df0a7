//! Sessions that are not cleaned.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "no-reset-query",
    severity: Severity::Critical,
    reason: "A session pool without server_reset_query hands one client's settings, temporary tables and advisory locks to the next.",
    fix: "take the line out: DISCARD ALL is the default",
    bad: &["server_reset_query =\n[users]\nlistener = pool_mode=session"],
    good: &["server_reset_query ="],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let value = cx.value("server_reset_query");
    let modes = cx.pools().into_iter().map(|pool| pool.mode);
    let of_users = cx.config.users.iter().filter_map(|user| user.parameter("pool_mode"));
    let any_session =
        modes.chain(of_users.map(str::to_ascii_lowercase)).any(|mode| mode == "session");
    if !any_session || !value.text.is_empty() {
        return Vec::new();
    }
    Hit::on(&value, "sessions are not cleaned between clients: server_reset_query is empty")
}
