//! Parameters under a name that they had before.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "deprecated",
    severity: Severity::Info,
    reason: "From 1.24 on the parameter has the name of the setting, reserve_pool_size; the old name is only kept for old configurations.",
    fix: "write reserve_pool_size",
    bad: &["[databases]\nshop = host=10.0.0.9 dbname=shop user=shop reserve_pool=5"],
    good: &[
        "[databases]\nshop = host=10.0.0.9 dbname=shop user=shop reserve_pool_size=5",
        "@version 1.23\n[databases]\nshop = host=10.0.0.9 dbname=shop user=shop reserve_pool=5",
    ],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    if !cx.version().is_since(1, 24) {
        return Vec::new();
    }
    let old = cx.databases().iter().filter(|database| database.parameter("reserve_pool").is_some());
    old.map(|database| Hit::new(&database.place, format!("{:?} uses reserve_pool", database.name)))
        .collect()
}
