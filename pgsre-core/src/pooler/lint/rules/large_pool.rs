//! Pools that are larger than any server works on at once.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "large-pool",
    severity: Severity::Warning,
    reason: "A server works on about twice as many queries as it has cores at once; more than that wait inside of it, where they hold memory, locks and snapshots, instead of outside, where they cost nothing.",
    fix: "measure what is needed with `pgsre pool size`; a few dozen serve hundreds of clients",
    bad: &[
        "default_pool_size = 400\nmax_db_connections = 450\n",
        "[databases]\nshop = host=10.0.0.9 user=shop pool_size=300 max_db_connections=310",
    ],
    good: &["default_pool_size = 100\nmax_db_connections = 110"],
    check,
};

/// Twice the cores of a server of 50 and more than most have.
const LARGE: u64 = 100;

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let pools = cx.pools();
    let large = pools.iter().filter(|pool| pool.size > LARGE && pool.mode != "session");
    large
        .map(|pool| {
            Hit::new(&pool.place, format!("{:?} has a pool of {}", pool.database, pool.size))
        })
        .collect()
}
