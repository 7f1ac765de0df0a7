//! A reset that is never run.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "reset-query-in-transaction-mode",
    severity: Severity::Info,
    reason: "server_reset_query is not used in transaction mode: the setting looks as if sessions were cleaned, and they are not.",
    fix: "take server_reset_query out",
    bad: &["server_reset_query = DEALLOCATE ALL"],
    good: &[
        "server_reset_query = DISCARD ALL",
        "server_reset_query = DEALLOCATE ALL\n[users]\nlistener = pool_mode=session",
    ],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let value = cx.value("server_reset_query");
    let modes = cx.pools().into_iter().map(|pool| pool.mode);
    let of_users = cx.config.users.iter().filter_map(|user| user.parameter("pool_mode"));
    let any_session = cx.says("pool_mode", "session").is_some()
        || modes.chain(of_users.map(str::to_ascii_lowercase)).any(|mode| mode == "session");
    let is_own = value.is_set && !value.text.is_empty() && value.text != "DISCARD ALL";
    let always = cx.where_number("server_reset_query_always", |on| on != 0.0).is_some();
    if any_session || always || !is_own {
        return Vec::new();
    }
    Hit::on(&value, "no pool is in session mode, so server_reset_query is never run")
}
