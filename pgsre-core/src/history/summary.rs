//! A drill in one line.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::drill::{DrillReport, ObjectivesReport, Verdict};
use crate::restore::RunId;

/// A drill in one line: the part of a report that a listing shows.
///
/// It reads a stored report and skips what it does not need, so a listing stays cheap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportSummary {
    /// The run.
    pub id: RunId,
    /// What it came to.
    pub verdict: Verdict,
    /// When it began.
    pub started_at: Timestamp,
    /// Where the backup came from.
    pub source: String,
    /// The backup; `None` where none was found.
    pub backup: Option<BackupSummary>,
    /// Seconds until the restored database answered queries; `None` where it never did.
    pub rto_seconds: Option<f64>,
    /// What was promised.
    #[serde(default)]
    pub objectives: ObjectivesReport,
}

/// A backup in one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupSummary {
    /// The backup's key.
    pub key: String,
    /// Bytes of all parts together.
    pub size: u64,
    /// When it was last written.
    pub modified: Timestamp,
}

impl From<&DrillReport> for ReportSummary {
    fn from(report: &DrillReport) -> Self {
        let backup = report.backup.as_ref().map(|backup| BackupSummary {
            key: backup.key.clone(),
            size: backup.size,
            modified: backup.modified,
        });
        Self {
            id: report.id,
            verdict: report.verdict,
            started_at: report.started_at,
            source: report.source.clone(),
            backup,
            rto_seconds: report.rto_seconds,
            objectives: report.objectives,
        }
    }
}
