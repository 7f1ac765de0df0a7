//! Passwords as they are.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "auth-plain",
    severity: Severity::Critical,
    reason: "With auth_type = plain passwords cross the network as they are; PgBouncer calls it deprecated.",
    fix: "use auth_type = scram-sha-256",
    bad: &["auth_type = plain"],
    good: &["auth_type = scram-sha-256\nauth_file = plain.txt"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    cx.says("auth_type", "plain").map_or_else(Vec::new, |auth| Hit::on(&auth, "auth_type is plain"))
}
