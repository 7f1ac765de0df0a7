//! No reserve.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "no-reserve-pool",
    severity: Severity::Info,
    reason: "Without a reserve a burst waits for as long as it lasts; a few more connections after a few seconds of waiting take the edge off it.",
    fix: "set reserve_pool_size = 5 and reserve_pool_timeout = 3",
    bad: &["-reserve_pool_size", "reserve_pool_timeout = 0"],
    good: &["reserve_pool_size = 1"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    if let Some(size) = cx.where_number("reserve_pool_size", |size| size <= 0.0) {
        return Hit::on(&size, "there is no reserve: reserve_pool_size is 0");
    }
    let off = cx.where_number("reserve_pool_timeout", |seconds| seconds <= 0.0);
    off.map_or_else(Vec::new, |timeout| {
        Hit::on(&timeout, "the reserve is switched off: reserve_pool_timeout is 0")
    })
}
