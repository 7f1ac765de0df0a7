//! A pool that never shrinks.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "min-pool-size",
    severity: Severity::Info,
    reason: "min_pool_size is capped at the pool's size: all of the pool is then kept open, and server_idle_timeout never closes any of it.",
    fix: "set min_pool_size below the pool's size",
    bad: &["min_pool_size = 40"],
    good: &["min_pool_size = 5"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let (least, size) = (cx.number("min_pool_size"), cx.number("default_pool_size"));
    match (least, size) {
        (Some(least), Some(size)) if least >= size && least > 0 => {
            let said = format!("min_pool_size is {least}, default_pool_size {size}");
            Hit::on(&cx.value("min_pool_size"), said)
        }
        _ => Vec::new(),
    }
}
