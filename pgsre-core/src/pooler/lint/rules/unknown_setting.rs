//! Settings and parameters that PgBouncer does not know.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::{Severity, nearest};
use crate::pooler::settings::{
    DATABASE_PARAMETERS, PEER_PARAMETERS, SETTINGS, Setting, USER_PARAMETERS, find,
};

pub(super) const RULE: PoolRule = PoolRule {
    name: "unknown-setting",
    severity: Severity::Critical,
    reason: "PgBouncer refuses a configuration with a setting that it does not know: it does not start, and a reload changes nothing.",
    fix: "mend the spelling, or take the line away",
    bad: &[
        "+max_client_con = 1000",
        "+Pool_Mode = transaction",
        "[databases]\nother = host=10.0.0.9 user=shop poolsize=5",
        "[users]\nann = reserve=5",
    ],
    good: &["[users]\nann = pool_size=5", "log_connections = 0"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let settings = cx.config.entries("pgbouncer").filter_map(|entry| {
        let message = said("setting", &entry.key, SETTINGS)?;
        Some(Hit::new(&entry.place, message))
    });
    let named = [
        (&cx.config.databases, DATABASE_PARAMETERS),
        (&cx.config.users, USER_PARAMETERS),
        (&cx.config.peers, PEER_PARAMETERS),
    ];
    let parameters = named.into_iter().flat_map(|(entries, known)| {
        entries.iter().flat_map(move |entry| {
            entry.parameters.iter().filter_map(move |(name, _)| {
                let message = said("parameter", name, known)?;
                Some(Hit::new(&entry.place, format!("{:?}: {message}", entry.name)))
            })
        })
    });
    settings.chain(parameters).collect()
}

fn said(what: &str, name: &str, known: &'static [Setting]) -> Option<String> {
    if find(known, name).is_some() {
        return None;
    }
    Some(match nearest(name, known.iter().map(|setting| setting.name)) {
        Some(nearest) => format!("there is no {what} {name:?}; did you mean {nearest:?}?"),
        None => format!("there is no {what} {name:?}"),
    })
}
