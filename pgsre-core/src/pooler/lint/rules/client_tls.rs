//! Clients without TLS.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "client-tls",
    severity: Severity::Warning,
    reason: "PgBouncer listens to the network and does not insist on TLS: queries, results and (with md5 or plain) what logs in cross it readable.",
    fix: "set client_tls_sslmode = require, client_tls_key_file and client_tls_cert_file; or listen on localhost only",
    bad: &["client_tls_sslmode = disable", "listen_addr = *\nclient_tls_sslmode = prefer"],
    good: &[
        "listen_addr = 127.0.0.1\nclient_tls_sslmode = disable",
        "-listen_addr\n-client_tls_sslmode",
    ],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let value = cx.value("client_tls_sslmode");
    let insists = ["require", "verify-ca", "verify-full"];
    if !cx.is_reachable() || insists.iter().any(|mode| value.text.eq_ignore_ascii_case(mode)) {
        return Vec::new();
    }
    let said = format!(
        "client_tls_sslmode is {} and listen_addr is {}",
        value.text,
        cx.value("listen_addr").text
    );
    Hit::on(&value, said)
}
