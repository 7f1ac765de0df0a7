//! What a manifest proves of a run: the archive's bytes, and what was restored.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::archive::{ArchiveError, ExpectedBytes, ReadOptions};
use crate::backup::Backup;
use crate::fingerprint::{Compared, Comparison, Difference, Level};
use crate::manifest::Manifest;

/// Differences that a report has as data.
const DIFFERENCES: usize = 200;

/// The comparison of what was restored with the backup's manifest: plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestProof {
    /// The manifest's key.
    pub key: String,
    /// When the source was looked at, by its server's clock; the first of several databases.
    pub taken_at: Option<Timestamp>,
    /// How closely the contents were looked at; the least of several databases.
    pub level: Option<Level>,
    /// Whether the archive's bytes were held against the manifest's SHA-256.
    pub bytes: bool,
    /// How much was compared; all zero where the run did not come so far.
    pub compared: Compared,
    /// The differences, the heaviest first, at most 200.
    pub differences: Vec<Difference>,
    /// Differences that are left out here.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_differences: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl ManifestProof {
    /// Before anything was compared.
    pub(super) fn begin(backup: &Backup, manifest: &Manifest) -> Self {
        let key = backup.manifest.as_ref().map_or(&manifest.key, |part| &part.key);
        let databases = || manifest.databases.iter();
        Self {
            key: key.clone(),
            taken_at: databases().map(|database| database.taken.at).min(),
            level: databases().map(|database| database.level).min(),
            bytes: !manifest.parts.is_empty(),
            compared: Compared::default(),
            differences: Vec::new(),
            more_differences: 0,
        }
    }

    /// Takes over what one database came to.
    pub(super) fn add(&mut self, comparison: Comparison) {
        self.compared += comparison.compared;
        for difference in comparison.differences {
            if self.differences.len() < DIFFERENCES {
                self.differences.push(difference);
            } else {
                self.more_differences += 1;
            }
        }
    }
}

/// The same options, with what the manifest says of the archive's bytes: what is read must then be
/// that.
///
/// # Errors
/// Where what it says of them is no SHA-256.
pub fn guarded(
    read: ReadOptions,
    backup: &Backup,
    manifest: Option<&Manifest>,
) -> Result<ReadOptions, ArchiveError> {
    let Some(manifest) = manifest else { return Ok(read) };
    let key = backup.manifest.as_ref().map_or(&manifest.key, |part| &part.key);
    let parts = manifest.parts.iter();
    let parts = parts.map(|part| (part.name.as_str(), part.size, part.sha256.as_str()));
    let expected = ExpectedBytes::new(key.as_str(), parts)?;
    Ok(ReadOptions { expected: Some(expected), ..read })
}
