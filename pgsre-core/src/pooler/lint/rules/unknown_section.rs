//! Sections that PgBouncer does not know.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "unknown-section",
    severity: Severity::Critical,
    reason: "PgBouncer refuses a configuration with a section that it does not know; only [databases], [users], [pgbouncer] and, from 1.19, [peers] exist, in lower case.",
    fix: "write the section's name as PgBouncer has it, or take the section away",
    bad: &[
        "[pools]\n+[pools]",
        "[PgBouncer]\n+[PgBouncer]",
        "@version 1.18\n-max_prepared_statements\nserver_tls_sslmode = verify-full\n[peers]\n+[peers]",
    ],
    good: &["[users]\nshop = pool_mode=transaction", "[peers]\n1 = host=10.0.0.6"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let is_known = |name: &str| match name {
        "databases" | "users" | "pgbouncer" => true,
        "peers" => cx.version().is_since(1, 19),
        _ => false,
    };
    let sections = cx.config.ini.sections.iter().filter(|section| !is_known(&section.name));
    let unknown = sections.map(|section| Hit::new(&section.place, said(&section.name)));
    // What stands before the first section belongs to none.
    let stray = cx
        .config
        .entries("")
        .map(|entry| Hit::new(&entry.place, format!("{:?} stands before any section", entry.key)));
    unknown.chain(stray).collect()
}

fn said(name: &str) -> String {
    format!("there is no section [{name}] in this version")
}
