//! Lines that PgBouncer cannot read.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "syntax",
    severity: Severity::Critical,
    reason: "PgBouncer stops reading at such a line: it does not start, and a reload changes nothing.",
    fix: "mend the line, or the file that it includes: plain text in UTF-8 without a byte order mark; names \
          that hold other than letters, digits and _ . - * stand in single quotes",
    bad: &[
        "+pool size = 25",
        "+%include missing.ini",
        "[databases]\n+[broken",
        "+\u{feff}; a comment",
        "[databases]\nother = host=10.0.0.9 user=shop password='open",
    ],
    good: &["+; a comment", "+# another", "[databases]\n'my shop' = host=10.0.0.9 user=shop"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let faults = cx.config.faults().iter();
    let mut hits: Vec<Hit> = faults.map(|fault| Hit::new(&fault.place, &fault.message)).collect();
    let entries = [&cx.config.databases, &cx.config.users, &cx.config.peers];
    for entry in entries.into_iter().flatten() {
        if let Some(fault) = entry.fault {
            hits.push(Hit::new(&entry.place, format!("{:?}: {fault}", entry.name)));
        }
    }
    hits
}
