//! `pgsre backups list` and `check`.

use jiff::Timestamp;
use pgsre_core::archive::ArchiveSummary;
use pgsre_core::backup::{Backup, BackupFormat};
use pgsre_core::drill::Verdict;
use pgsre_core::finding::Finding;
use serde::Serialize;

/// The backups of a source: the JSON of `pgsre backups list`.
#[derive(Clone, Debug, Serialize)]
pub struct Listing {
    /// The version of this shape: 1.
    pub schema: u32,
    /// Where they lie, without secrets.
    pub source: String,
    /// Newest first.
    pub backups: Vec<Listed>,
}

/// One backup of a [`Listing`].
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its format, as far as the name tells.
    pub format: BackupFormat,
    /// Bytes.
    pub size: u64,
    /// When it was last written, by the store's clock.
    pub modified: Timestamp,
    /// How old it is.
    pub age_seconds: f64,
    /// Its entity tag; `None` for a backup of many objects.
    pub etag: Option<String>,
    /// The change in size against the predecessor of its series: 0.1 is a tenth more.
    pub change: Option<f64>,
}

/// What reading a backup to its end came to: the JSON of `pgsre backups check`.
#[derive(Clone, Debug, Serialize)]
pub struct CheckResult {
    /// The version of this shape: 1.
    pub schema: u32,
    /// Where it lies, without secrets.
    pub source: String,
    /// The backup; `None` where none was found.
    pub backup: Option<Backup>,
    /// What it came to.
    pub outcome: Verdict,
    /// Everything that was found, the heaviest first.
    pub findings: Vec<Finding>,
    /// What could not be judged, in sentences.
    pub unproved: Vec<String>,
    /// What was read; `None` where reading ended in an error.
    pub archive: Option<ArchiveSummary>,
    /// How long reading took.
    pub seconds: f64,
}
