//! What taking a backup came to.

use jiff::Timestamp;
use serde::Serialize;

use super::retention::Decision;
use super::{DumpError, DumpErrorKind};
use crate::backup::BackupFormat;
use crate::fingerprint::{Fingerprint, Gap, Level};

/// How taking a backup ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BackupOutcome {
    /// The backup is complete, with everything that was asked for.
    Done,
    /// The backup is complete and restores by itself, but something beside it is missing: the
    /// fingerprint or a part of it, the globals, or an old backup could not be removed.
    Incomplete,
    /// There is no backup.
    Failed,
    /// The caller asked to stop, and there is no backup.
    Cancelled,
}

/// What taking a backup came to: the JSON of `pgsre backup`.
#[derive(Clone, Debug, Serialize)]
pub struct BackupReport {
    /// The version of this shape: 1.
    pub schema: u32,
    /// How it ended.
    pub outcome: BackupOutcome,
    /// The database, without a password.
    pub database: String,
    /// Where the backup was written, without secrets.
    pub destination: String,
    /// The backup's key; `None` where there is none.
    pub key: Option<String>,
    /// The key of its manifest.
    pub manifest: Option<String>,
    /// How it is laid out.
    pub format: BackupFormat,
    /// Bytes of all its parts together.
    pub bytes: u64,
    /// The objects that it consists of.
    pub parts: usize,
    /// The SHA-256 of a backup of one object, in hexadecimal. The manifest has that of each part.
    pub sha256: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took.
    pub seconds: f64,
    /// The program that dumped, as it names itself.
    pub dumped_by: Option<String>,
    /// Whether the server was a standby: unlogged tables have no rows there.
    pub standby: bool,
    /// What the database held.
    pub fingerprint: Option<FingerprintSummary>,
    /// The key of the roles and other globals; `None` where they were not saved.
    pub globals: Option<String>,
    /// Whether the backup was read back and found to be what was written.
    pub verified: bool,
    /// Older backups that were removed, or could not be.
    pub removed: Vec<Removed>,
    /// What the rules of retention came to, newest first; empty where there are none.
    pub retention: Vec<Decision>,
    /// What is to be known beside, in sentences.
    pub warnings: Vec<String>,
    /// Why there is no backup, with the causes.
    pub error: Option<String>,
    /// What to do next, where there is no backup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl BackupReport {
    /// Says that there is no backup, and why.
    pub(super) fn fail(&mut self, error: &DumpError) {
        self.outcome = match error.kind() {
            DumpErrorKind::Cancelled => BackupOutcome::Cancelled,
            _ => BackupOutcome::Failed,
        };
        self.error = Some(crate::finding::chain(error));
        self.hint = Some(error.hint().to_owned()).filter(|hint| !hint.is_empty());
    }
}

/// A fingerprint in one line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FingerprintSummary {
    /// How closely it looked.
    pub level: Level,
    /// Objects of the inventory.
    pub objects: usize,
    /// Tables that hold rows themselves.
    pub tables: usize,
    /// Their rows together.
    pub rows: u64,
    /// Sequences.
    pub sequences: usize,
    /// Large objects.
    pub large_objects: u64,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

impl From<&Fingerprint> for FingerprintSummary {
    fn from(print: &Fingerprint) -> Self {
        // A partitioned table is the sum of its partitions, which are counted by themselves.
        let parents: std::collections::BTreeSet<&str> =
            print.tables.iter().filter_map(|table| table.partition_of.as_deref()).collect();
        let own = || print.tables.iter().filter(|table| !parents.contains(table.name.as_str()));
        Self {
            level: print.level,
            objects: print.objects.len(),
            tables: own().count(),
            rows: own().filter_map(|table| table.rows).sum(),
            sequences: print.sequences.len(),
            large_objects: print.large_objects.count,
            gaps: print.gaps.clone(),
        }
    }
}

/// An older backup that retention let go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Its key.
    pub key: String,
    /// Why it could not be removed; `None` where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
