//! Secrets that the kind of authentication cannot use.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;
use crate::pooler::config::{AuthFile, SecretKind};

pub(super) const RULE: PoolRule = PoolRule {
    name: "auth-file-secrets",
    severity: Severity::Critical,
    reason: "With auth_type = scram-sha-256 PgBouncer needs SCRAM secrets or plain passwords: a user whose secret is an md5 hash is never let in.",
    fix: "set the user's password anew with password_encryption = scram-sha-256 and copy the secret from pg_authid",
    bad: &["auth_file = md5.txt"],
    good: &["auth_file = md5.txt\nauth_type = md5"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let AuthFile::Read { users, .. } = &cx.config.auth_file else { return Vec::new() };
    if cx.says("auth_type", "scram-sha-256").is_none() {
        return Vec::new();
    }
    let md5: Vec<&str> = users
        .iter()
        .filter(|user| user.secret == SecretKind::Md5)
        .map(|user| user.name.as_str())
        .take(5)
        .collect();
    if md5.is_empty() {
        return Vec::new();
    }
    let said = format!("md5 hashes cannot be used with scram-sha-256: {}", md5.join(", "));
    Hit::on(&cx.value("auth_file"), said)
}
