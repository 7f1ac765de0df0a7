//! CVE-2025-12819.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;
use crate::pooler::PoolerVersion;

pub(super) const RULE: PoolRule = PoolRule {
    name: "search-path-auth-query",
    severity: Severity::Critical,
    reason: "CVE-2025-12819: with search_path in track_extra_parameters, a client that has not logged in chooses the schemas in which auth_query looks for its tables, functions and operators, and so runs SQL of its own as auth_user. Mended in 1.25.1.",
    fix: "upgrade to 1.25.1, or take search_path out of track_extra_parameters, or qualify every name of auth_query, operators too: OPERATOR(pg_catalog.=)",
    bad: &["track_extra_parameters = IntervalStyle, search_path\nauth_user = pgbouncer"],
    good: &[
        "track_extra_parameters = IntervalStyle, search_path",
        "auth_user = pgbouncer",
        "@version 1.25.1\ntrack_extra_parameters = search_path\nauth_user = pgbouncer",
        "track_extra_parameters = search_path\nauth_user = pgbouncer\nauth_query = SELECT u, p FROM auth.lookup($1)",
    ],
    check,
};

/// The release that mends it.
const MENDED: PoolerVersion = PoolerVersion { major: 1, minor: 25, patch: 1 };

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let tracked = cx.list("track_extra_parameters");
    let is_tracked = tracked.iter().any(|name| name.eq_ignore_ascii_case("search_path"));
    let looks_up = !cx.value("auth_user").text.is_empty()
        || cx.databases().iter().any(|database| database.parameter("auth_user").is_some());
    if cx.version() >= MENDED || !is_tracked || !looks_up {
        return Vec::new();
    }
    let query = cx.value("auth_query");
    if is_qualified(&query.text) {
        return Vec::new();
    }
    let said = "auth_query names things without their schema, and clients set search_path";
    Hit::on(&cx.value("track_extra_parameters"), said)
}

/// Whether each name after FROM or JOIN has its schema, and no operator stands bare.
fn is_qualified(query: &str) -> bool {
    let lower = query.to_ascii_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let named = words.windows(2).filter(|pair| matches!(pair.first(), Some(&"from" | &"join")));
    let mut sources = named.filter_map(|pair| pair.get(1)).peekable();
    let has_sources = sources.peek().is_some();
    let are_qualified =
        sources.all(|source| source.split('(').next().is_some_and(|n| n.contains('.')));
    let bare = lower.replace("operator(pg_catalog.", "").contains(['=', '<', '>', '~']);
    let allowed = lower.contains("operator(pg_catalog.")
        && !lower.split("operator(pg_catalog.").skip(1).any(|rest| {
            rest.split_once(')').is_some_and(|(_, after)| {
                after.contains(['=', '<', '>', '~']) && !after.contains("operator(")
            })
        });
    has_sources && are_qualified && (!bare || allowed)
}
