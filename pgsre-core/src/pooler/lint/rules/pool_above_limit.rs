//! A pool that cannot fill.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "pool-above-limit",
    severity: Severity::Warning,
    reason: "A pool that is larger than the limit over all pools of its database never fills: the limit, and not the size, decides, and its clients wait although the size says otherwise.",
    fix: "set max_db_connections to at least the pool's size plus its reserve, or the size to no more than the limit",
    bad: &["max_db_connections = 10"],
    good: &["max_db_connections = 25"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let pools = cx.pools();
    let capped = pools.iter().filter_map(|pool| {
        let limit = pool.max_connections.filter(|limit| *limit < pool.size)?;
        let said = format!(
            "{:?} has a pool of {}, but max_db_connections of {limit}",
            pool.database, pool.size
        );
        Some(Hit::new(&pool.place, said))
    });
    capped.collect()
}
