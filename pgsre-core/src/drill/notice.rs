//! What a drill tells the alerters.

use crate::alert::{Alert, DrillNews};
use crate::drill::report::DrillReport;
use crate::finding::Verdict;

impl DrillReport {
    /// The alert that tells how the drill ended.
    #[must_use]
    pub fn to_alert(&self) -> Alert {
        notice(self)
    }
}

fn notice(report: &DrillReport) -> Alert {
    let run = report.id.to_string();
    let unproved: Vec<String> = report
        .validations
        .iter()
        .filter(|check| check.outcome != Verdict::Passed)
        .flat_map(|check| check.unproved.iter().map(|why| format!("{}: {why}", check.name)))
        .collect();
    Alert::drill(&DrillNews {
        backup: report.backup.as_ref().map(|backup| backup.key.as_str()),
        findings: &report.findings,
        unproved: &unproved,
        rto_seconds: report.rto_seconds,
        started_at: report.started_at,
        ended_at: Some(report.finished_at),
        ..DrillNews::new(report.verdict, &run, &report.source)
    })
}
