//! More server connections than the server has room for.

use super::super::Pool;
use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "pools-exceed-server",
    severity: Severity::Critical,
    reason: "When the pools may open more connections than the server has room for, the last ones fail with \"too many clients already\", and so does everybody who does not come through the pooler.",
    fix: "set max_db_connections (or smaller pools) so that all databases together stay below the server's usable connections, with some left for administrators and other poolers",
    bad: &["@usable 25", "@usable 50\n[databases]\nother = host=10.0.0.9 user=shop"],
    good: &["@usable 97", "@usable 60\n[databases]\nother = host=10.0.0.9 user=shop"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let usable = cx.options.server.as_ref().and_then(|server| server.usable_slots);
    let Some(usable) = usable else { return Vec::new() };
    let pools = cx.pools();
    // What nothing bounds is told by the rule on unbounded pools.
    let most: Vec<u64> = pools.iter().filter_map(Pool::most).collect();
    let sum: u64 = most.iter().copied().fold(0, u64::saturating_add);
    let widest = pools.iter().max_by_key(|pool| pool.most());
    match widest {
        Some(widest) if sum > usable => vec![Hit::new(
            &widest.place,
            format!(
                "the pools of {} databases may open {sum} server connections; the server has {usable} \
                 for ordinary roles",
                most.len()
            ),
        )],
        _ => Vec::new(),
    }
}
