//! Settings of a later version.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;
use crate::pooler::settings::{DATABASE_PARAMETERS, SETTINGS, Setting, USER_PARAMETERS, find};

pub(super) const RULE: PoolRule = PoolRule {
    name: "newer-setting",
    severity: Severity::Critical,
    reason: "PgBouncer refuses a configuration with a setting that only a later version knows: it does not start.",
    fix: "upgrade PgBouncer, or take the line away",
    bad: &[
        "@version 1.18",
        "@version 1.24\ntransaction_timeout = 60",
        "@version 1.18\n-max_prepared_statements\n[users]\nann = pool_size=5",
    ],
    good: &[
        "@version 1.21",
        "@version 1.25\ntransaction_timeout = 60",
        "@version 1.23\n[users]\nann = pool_size=5",
    ],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let newer = |known: &[Setting], name: &str| {
        let since = find(known, name).map(|setting| setting.since)?;
        (!cx.version().is_since(1, since))
            .then(|| format!("{name} needs PgBouncer 1.{since}; this is for {}", cx.version()))
    };
    let mut hits: Vec<Hit> = cx
        .config
        .entries("pgbouncer")
        .filter_map(|entry| Some(Hit::new(&entry.place, newer(SETTINGS, &entry.key)?)))
        .collect();
    let named = [(&cx.config.databases, DATABASE_PARAMETERS), (&cx.config.users, USER_PARAMETERS)];
    for (entries, known) in named {
        for entry in entries {
            let found = entry.parameters.iter().filter_map(|(name, _)| newer(known, name));
            hits.extend(found.map(|said| Hit::new(&entry.place, said)));
        }
    }
    hits
}
