//! TLS without a key.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "client-tls-files",
    severity: Severity::Critical,
    reason: "TLS for clients needs a key and a certificate; without them PgBouncer does not start.",
    fix: "set client_tls_key_file and client_tls_cert_file",
    bad: &["-client_tls_key_file", "-client_tls_cert_file", "client_tls_sslmode = verify-full"],
    good: &["client_tls_sslmode = verify-full\nclient_tls_ca_file = /etc/ssl/certs/ca.pem"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let mode = cx.value("client_tls_sslmode");
    let lower = mode.text.to_ascii_lowercase();
    if lower == "disable" {
        return Vec::new();
    }
    let mut needed = vec!["client_tls_key_file", "client_tls_cert_file"];
    if lower.starts_with("verify") {
        needed.push("client_tls_ca_file");
    }
    let missing: Vec<&str> =
        needed.into_iter().filter(|name| cx.value(name).text.is_empty()).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    Hit::on(&mode, format!("client_tls_sslmode is {lower} without {}", missing.join(" and ")))
}
