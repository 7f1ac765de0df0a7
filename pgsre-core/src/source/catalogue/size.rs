//! How large a backup is, against the least allowed and against its predecessors.

use super::series::predecessors;
use super::{CatalogueCheck, CatalogueRules};
use crate::backup::Backup;
use crate::finding::{Finding, FindingCode};

/// How many predecessors the median is taken of: a week of nightly backups.
pub(super) const WINDOW: usize = 7;

/// Without a rule, a fall below this share of the median is striking.
const STRIKING_SHARE: f64 = 0.5;

/// Without a rule, fewer predecessors say nothing.
const STRIKING_WINDOW: usize = 3;

const HINT: &str = "compare it with the one before; was the right database dumped, and all of it?";

pub(super) fn check(backup: &Backup, backups: &[Backup], rules: &CatalogueRules) -> CatalogueCheck {
    let mut found = CatalogueCheck::default();
    if let Some(least) = rules.min_size.filter(|least| backup.size < *least) {
        let message = format!("it has {} bytes; at least {least} are demanded", backup.size);
        found.findings.push(shrunk(backup, message));
    }
    let sizes: Vec<u64> =
        predecessors(backup, backups).iter().take(WINDOW).map(|older| older.size).collect();
    match (rules.max_shrink, median(&sizes)) {
        (Some(max_shrink), Some(median)) => shrunk_by_rule(max_shrink, median, backup, &mut found),
        // The first of its series: there is nothing that it could have shrunk against.
        (Some(_), None) => {}
        (None, Some(median)) if sizes.len() >= STRIKING_WINDOW => {
            shrunk_strikingly(median, backup, &mut found);
        }
        (None, _) => {}
    }
    found
}

fn shrunk_by_rule(max_shrink: f64, median: f64, backup: &Backup, found: &mut CatalogueCheck) {
    if (backup.size as f64) < median * (1.0 - max_shrink) {
        let message =
            format!("{}; a fall by {:.0} % is allowed", fall(backup, median), max_shrink * 100.0);
        found.findings.push(shrunk(backup, message));
    }
}

fn shrunk_strikingly(median: f64, backup: &Backup, found: &mut CatalogueCheck) {
    if (backup.size as f64) < median * STRIKING_SHARE {
        let message =
            format!("{}; set max_shrink to say how much is allowed", fall(backup, median));
        found.doubt(FindingCode::SourceShrunk, &backup.key, message, HINT);
    }
}

fn fall(backup: &Backup, median: f64) -> String {
    format!(
        "it has {} bytes, {:.0} % less than the {median:.0} that its predecessors have in the median",
        backup.size,
        (1.0 - backup.size as f64 / median) * 100.0
    )
}

fn shrunk(backup: &Backup, message: String) -> Finding {
    Finding::critical(FindingCode::SourceShrunk, &backup.key, message).with_hint(HINT)
}

fn median(sizes: &[u64]) -> Option<f64> {
    let mut sorted = sizes.to_vec();
    sorted.sort_unstable();
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some((lower as f64 + upper as f64) / 2.0)
}
