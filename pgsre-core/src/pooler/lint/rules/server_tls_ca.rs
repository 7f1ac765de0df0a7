//! Verification without an authority.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "server-tls-ca",
    severity: Severity::Critical,
    reason: "To verify a server's certificate PgBouncer needs the authority that signed it; without server_tls_ca_file no connection can be made.",
    fix: "set server_tls_ca_file",
    bad: &["-server_tls_ca_file"],
    good: &["server_tls_sslmode = verify-ca"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let mode = cx.value("server_tls_sslmode");
    let verifies = mode.text.to_ascii_lowercase().starts_with("verify");
    if !verifies || !cx.value("server_tls_ca_file").text.is_empty() {
        return Vec::new();
    }
    Hit::on(&mode, format!("server_tls_sslmode is {} without server_tls_ca_file", mode.text))
}
