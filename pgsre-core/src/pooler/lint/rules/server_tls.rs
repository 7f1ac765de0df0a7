//! Servers without TLS.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "server-tls",
    severity: Severity::Warning,
    reason: "Between PgBouncer and a server elsewhere, prefer and allow fall back to no TLS at all in silence, disable never has it, and require looks at no certificate: whoever stands between can answer in the server's place.",
    fix: "set server_tls_sslmode = verify-full and server_tls_ca_file",
    bad: &["server_tls_sslmode = prefer", "-server_tls_sslmode", "server_tls_sslmode = require"],
    good: &[
        "server_tls_sslmode = disable\n[databases]\nshop = host=/run/postgresql user=shop dbname=shop",
        "server_tls_sslmode = verify-ca",
    ],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let value = cx.value("server_tls_sslmode");
    let is_local =
        |host: &str| host.starts_with('/') || matches!(host, "localhost" | "127.0.0.1" | "::1");
    let mut remote = cx.databases().iter().filter(|database| {
        let hosts = database.parameter("host").unwrap_or("/");
        !hosts.split(',').all(|host| is_local(host.trim()))
    });
    let lower = value.text.to_ascii_lowercase();
    match remote.next() {
        Some(database) if !lower.starts_with("verify") => {
            let said =
                format!("server_tls_sslmode is {lower}, and {:?} lies elsewhere", database.name);
            Hit::on(&value, said)
        }
        _ => Vec::new(),
    }
}
