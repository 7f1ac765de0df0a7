//! Nobody is asked who he is.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "auth-any",
    severity: Severity::Critical,
    reason: "With auth_type = any nobody is asked who he is, and any user who names the console is its administrator.",
    fix: "use auth_type = scram-sha-256 with an auth_file or an auth_query",
    bad: &["auth_type = any"],
    good: &["auth_type = md5\nauth_file = md5.txt"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    cx.says("auth_type", "any").map_or_else(Vec::new, |auth| Hit::on(&auth, "auth_type is any"))
}
