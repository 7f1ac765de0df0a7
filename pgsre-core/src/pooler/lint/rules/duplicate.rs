//! Settings that stand twice.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

pub(super) const RULE: PoolRule = PoolRule {
    name: "duplicate",
    severity: Severity::Warning,
    reason: "The last line counts, in silence: whoever changes the first one wonders why nothing happens.",
    fix: "keep one of the lines",
    bad: &["+pool_mode = transaction", "[databases]\n+shop = host=10.0.0.9 user=shop dbname=shop"],
    good: &["[databases]\nother = host=10.0.0.9 user=shop"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let mut first = HashMap::new();
    let mut hits = Vec::new();
    for entry in &cx.config.ini.entries {
        match first.entry((&entry.section, &entry.key)) {
            Entry::Vacant(slot) => {
                slot.insert(entry.place.line);
            }
            Entry::Occupied(before) => {
                let message = format!("{} was set before, in line {}", entry.key, before.get());
                hits.push(Hit::new(&entry.place, message));
            }
        }
    }
    hits
}
