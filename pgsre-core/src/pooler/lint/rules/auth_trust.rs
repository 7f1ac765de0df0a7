//! Nobody is asked for a password.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "auth-trust",
    severity: Severity::Critical,
    reason: "With auth_type = trust nobody is asked for a password: whoever reaches the port, or the socket, is whom he says he is, the console's administrators among them.",
    fix: "use auth_type = scram-sha-256 with an auth_file or an auth_query",
    bad: &["auth_type = trust"],
    good: &["auth_type = hba\nauth_hba_file = /etc/pgbouncer/hba.conf"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let Some(auth) = cx.says("auth_type", "trust") else { return Vec::new() };
    let reach = if cx.is_reachable() { "the network" } else { "every user of this machine" };
    Hit::on(&auth, format!("auth_type is trust, for {reach}"))
}
