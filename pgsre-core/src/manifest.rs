//! What a backup must restore to, written beside it when it was taken: the [`Manifest`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::backup::{Backup, BackupFormat};
use crate::fingerprint::Fingerprint;
use crate::source::{BackupSource, BackupSourceExt};

mod error;
#[cfg(test)]
mod tests;

pub use error::{ManifestError, ManifestErrorKind};

/// What follows a backup's key in the key of its manifest: `shop.dump.pgsre.json`.
pub const MANIFEST_SUFFIX: &str = ".pgsre.json";

/// The version of the shape that this version reads and writes.
const SCHEMA: u32 = 1;

/// The largest manifest that is read: one of a database of some hundred thousand objects.
const MAX_BYTES: u64 = 256 << 20;

/// What a backup consists of and what the databases in it held at the snapshot it was taken at.
///
/// It is written after everything else, so that a backup of `pgsre backup` without one is an
/// unfinished one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this shape: 1.
    pub schema: u32,
    /// The version of pgsre that wrote it.
    pub pgsre_version: String,
    /// The backup's key when it was written, relative to its source. A backup may be moved together
    /// with its manifest, so nothing depends on it.
    pub key: String,
    /// How the backup is laid out.
    pub format: BackupFormat,
    /// When taking it began.
    pub started_at: Timestamp,
    /// When it was complete.
    pub finished_at: Timestamp,
    /// The program that dumped, as it names itself: `pg_dump (PostgreSQL) 15.18`. `None` where the
    /// manifest was attached to a backup of other making.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dumped_by: Option<String>,
    /// Every object of the backup. Empty where the manifest was attached to a backup whose bytes
    /// were not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ManifestPart>,
    /// The roles and other globals that were saved beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub globals: Option<ManifestPart>,
    /// What each database held.
    pub databases: Vec<Fingerprint>,
    /// When the upload was read back and found to be what was sent; `None` where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Timestamp>,
}

/// What every version of a manifest says.
#[derive(Deserialize)]
struct AnyVersion {
    schema: u32,
}

impl Manifest {
    /// The manifest that lies beside `backup`; `None` where there is none.
    ///
    /// # Errors
    /// Where it cannot be read, is damaged, or of another version: a manifest that is there is
    /// never passed over. [`ManifestError::to_finding`] says what that means for the backup.
    ///
    /// Cancel safe: it only reads.
    pub async fn read(
        source: &dyn BackupSource,
        backup: &Backup,
    ) -> Result<Option<Self>, ManifestError> {
        let Some(part) = &backup.manifest else { return Ok(None) };
        if part.size > MAX_BYTES {
            let why = format!("it has {} bytes, and at most {MAX_BYTES} are read", part.size);
            return Err(ManifestError::damaged(&part.key, why));
        }
        let bytes = source
            .peek(part, part.size)
            .await
            .map_err(|error| ManifestError::unreadable(&part.key, error))?;
        Self::parse(&bytes, &part.key).map(Some)
    }

    /// Reads the JSON of a manifest; `key` is its name in errors.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(json: &[u8], key: &str) -> Result<Self, ManifestError> {
        let damaged = |error: serde_json::Error| ManifestError::damaged(key, error.to_string());
        let any: AnyVersion = serde_json::from_slice(json).map_err(damaged)?;
        if any.schema != SCHEMA {
            return Err(ManifestError::other_version(key, any.schema));
        }
        serde_json::from_slice(json).map_err(damaged)
    }
}

/// One object of a backup, as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestPart {
    /// The last part of its key: its name within the backup.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}
