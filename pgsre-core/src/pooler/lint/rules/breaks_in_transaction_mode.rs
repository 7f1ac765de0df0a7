//! Statements that were seen and that need their session.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "breaks-in-transaction-mode",
    severity: Severity::Critical,
    reason: "In transaction mode each transaction may run on another server connection: what a statement leaves behind in its session is lost to its client, or found by another.",
    fix: "use SET LOCAL, pg_advisory_xact_lock, ON COMMIT DROP and protocol-level prepared statements; or give these users a session pool in [users]",
    bad: &[
        "@statement SET search_path TO $1",
        "@statement LISTEN orders",
        "@statement SELECT pg_advisory_lock($1)",
    ],
    good: &[
        "@statement SET LOCAL search_path TO $1",
        "@statement SELECT pg_advisory_xact_lock($1)",
        "@statement LISTEN orders\n[users]\nshop = pool_mode=session",
    ],
    check,
};

/// Statements that are told one by one.
const MOST: usize = 20;

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let Some(server) = &cx.options.server else { return Vec::new() };
    let of_user = |name: &str| cx.config.users.iter().rev().find(|user| user.name == name);
    let mut hits = Vec::new();
    for breaking in &server.breaking {
        let user = of_user(&breaking.user).and_then(|user| user.parameter("pool_mode"));
        let pools = cx.pools();
        let place = cx.databases().iter().zip(&pools).find(|(database, pool)| {
            let name = database.parameter("dbname").unwrap_or(&database.name);
            (name == breaking.database || database.name == "*")
                && user.unwrap_or(&pool.mode) != "session"
        });
        if let Some((_, pool)) = place
            && hits.len() < MOST
        {
            let said = format!(
                "{}: {} called {} times by {} in {}",
                breaking.feature, breaking.text, breaking.calls, breaking.user, breaking.database
            );
            hits.push(Hit::new(&pool.place, said));
        }
    }
    hits
}
