//! Values that PgBouncer cannot read.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;
use crate::pooler::settings::{DATABASE_PARAMETERS, SETTINGS, Setting, USER_PARAMETERS, find};

pub(super) const RULE: PoolRule = PoolRule {
    name: "invalid-value",
    severity: Severity::Critical,
    reason: "PgBouncer refuses a configuration with a value that it cannot read: it does not start, and a reload changes nothing.",
    fix: "write a value of the setting's kind; times are seconds without a unit",
    bad: &[
        "server_idle_timeout = 10min",
        "log_connections = yes",
        "[users]\nann = pool_mode=tx",
        "[databases]\nother = host=10.0.0.9 user=shop port=abc",
    ],
    good: &["reserve_pool_timeout = 0.5", "unix_socket_mode = 0700", "pool_mode = Transaction"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let said = |known: &[Setting], name: &str, value: &str| {
        let why = find(known, name)?.kind.refuses(value)?;
        // A value may be a secret only where it is text, which is never refused.
        Some(format!("{name} cannot be {value:?}: {why}"))
    };
    let mut hits: Vec<Hit> = cx
        .config
        .entries("pgbouncer")
        .filter_map(|entry| Some(Hit::new(&entry.place, said(SETTINGS, &entry.key, &entry.value)?)))
        .collect();
    let named = [(&cx.config.databases, DATABASE_PARAMETERS), (&cx.config.users, USER_PARAMETERS)];
    for (entries, known) in named {
        for entry in entries {
            let found =
                entry.parameters.iter().filter_map(|(name, value)| said(known, name, value));
            hits.extend(found.map(|said| Hit::new(&entry.place, said)));
        }
    }
    hits
}
