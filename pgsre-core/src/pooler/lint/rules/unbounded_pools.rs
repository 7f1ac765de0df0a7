//! Pools whose number nothing bounds.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "unbounded-pools",
    severity: Severity::Warning,
    reason: "default_pool_size counts for each pair of database and user: where users are not known beforehand, each new one brings a pool of its own, and nothing bounds the sum.",
    fix: "set max_db_connections, or give the database one user (user=…)",
    bad: &[
        "-max_db_connections\nauth_user = pgbouncer\nauth_query = SELECT usename, passwd FROM auth.lookup($1)\n[databases]\nshop = host=10.0.0.9 dbname=shop",
    ],
    good: &[
        "-max_db_connections",
        "auth_user = pgbouncer\nauth_query = SELECT usename, passwd FROM auth.lookup($1)\n[databases]\nshop = host=10.0.0.9 dbname=shop",
    ],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let pools = cx.pools();
    let unbounded = pools.iter().filter(|pool| pool.most().is_none() && pool.database != "*");
    unbounded
        .map(|pool| {
            let said = format!(
                "{:?} has a pool of {} for each user who comes, and no max_db_connections",
                pool.database,
                pool.size.saturating_add(pool.reserve)
            );
            Hit::new(&pool.place, said)
        })
        .collect()
}
