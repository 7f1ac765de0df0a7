//! What a drill came to: plain data, serialised as the command line's JSON.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ManifestProof, Objectives, Provenance};
use crate::alert::Delivery;
use crate::archive::Preamble;
use crate::backup::Backup;
use crate::finding::{Finding, Verdict};
use crate::restore::{LoadReport, RunId, Swept};
use crate::validate::Section;

/// What a drill came to, and how: always returned, whatever happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DrillReport {
    /// The version of this shape: 1.
    pub schema: u32,
    /// The run.
    pub id: RunId,
    /// What it came to.
    pub verdict: Verdict,
    /// Whether it was cancelled; then the verdict is [`Verdict::Inconclusive`] unless something
    /// was already found wrong.
    pub cancelled: bool,
    /// When it began.
    pub started_at: Timestamp,
    /// When everything was done, clean-up and alerts included.
    pub finished_at: Timestamp,
    /// The version of pgsre that ran it.
    pub pgsre_version: String,
    /// Where the backup came from, without secrets.
    pub source: String,
    /// Where it was restored, without secrets.
    pub target: String,
    /// The backup; `None` where none was found.
    pub backup: Option<Backup>,
    /// What the archive's beginning says; `None` where it could not be read.
    pub archive: Option<Preamble>,
    /// How long each stage took.
    pub stages: Vec<StageReport>,
    /// What each check came to.
    pub validations: Vec<ValidationReport>,
    /// Everything that was found, the heaviest first.
    pub findings: Vec<Finding>,
    /// Seconds from the start until the database answered queries: find, prepare and restore.
    /// `None` where it never did.
    pub rto_seconds: Option<f64>,
    /// What was promised.
    #[serde(default)]
    pub objectives: ObjectivesReport,
    /// What the load did; `None` where it never began.
    pub load: Option<LoadReport>,
    /// What the manifest beside the backup proved; `None` where there was none to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<ManifestProof>,
    /// What killed runs had left at the same target, removed before this one began.
    #[serde(default)]
    pub swept: Vec<Swept>,
    /// How the clean-up ended.
    pub cleanup: CleanupReport,
    /// How each alert's delivery ended.
    pub alerts: Vec<Delivery>,
    /// Who ran it, and where.
    #[serde(default)]
    pub provenance: Provenance,
}

/// What was promised when the drill ran; `None` where nothing was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObjectivesReport {
    /// The recovery time objective.
    pub rto_seconds: Option<f64>,
    /// The recovery point objective.
    pub rpo_seconds: Option<f64>,
}

impl From<Objectives> for ObjectivesReport {
    fn from(objectives: Objectives) -> Self {
        let seconds = |objective: Option<Duration>| objective.map(|one| one.as_secs_f64());
        Self { rto_seconds: seconds(objectives.rto), rpo_seconds: seconds(objectives.rpo) }
    }
}

/// How long a stage took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageReport {
    /// The stage.
    pub name: Stage,
    /// How long it took.
    pub seconds: f64,
    /// How it ended.
    pub outcome: StageOutcome,
}

/// How a stage ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StageOutcome {
    /// It did what it is for, whatever it found.
    Done,
    /// It could not.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// What one check came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidationReport {
    /// The check's name.
    pub name: String,
    /// How many things it looked at.
    pub examined: u64,
    /// What it came to.
    pub outcome: Verdict,
    /// What could not be judged, or why the check could not run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unproved: Vec<String>,
    /// What it shows beside that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<Section>,
}

/// How the clean-up ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CleanupReport {
    /// How it ended.
    pub outcome: CleanupOutcome,
    /// What was removed, kept, or could not be removed.
    pub place: Option<String>,
    /// How to get into a place that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// Why it could not be removed, or kept.
    pub error: Option<String>,
}

/// How a clean-up ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CleanupOutcome {
    /// Nothing was made, so nothing had to be removed.
    Nothing,
    /// Removed.
    Done,
    /// Kept, because the user asked for it.
    Kept,
    /// Could not be removed.
    Failed,
}

/// The stages of a drill, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// List the source, pick a backup, read its beginning.
    Find,
    /// Make the place to restore into.
    Prepare,
    /// Fetch, read strictly and load.
    Restore,
    /// Judge the restored database.
    Validate,
    /// Remove the place.
    Cleanup,
    /// Tell somebody.
    Notify,
}

impl Stage {
    /// The name as reports have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Find => "find",
            Self::Prepare => "prepare",
            Self::Restore => "restore",
            Self::Validate => "validate",
            Self::Cleanup => "cleanup",
            Self::Notify => "notify",
        }
    }
}
