//! Removing what retention lets go.

use super::globals;
use super::report::Removed;
use super::retention::Decision;
use super::{BackupJob, clean};
use crate::backup::Backup;
use crate::source::SourceError;

/// Removes the backups that do not stay; those that do not go are said.
///
/// First a mark is written, then the manifest is deleted: from then on the backup is listed no more,
/// so that a crash in the middle leaves nothing half that looks whole.
pub(super) async fn remove(
    job: &BackupJob,
    decisions: &[Decision],
    listed: &[Backup],
) -> Vec<Removed> {
    // A rule that is wrong must not cost the last backup.
    if !decisions.iter().any(Decision::stays) {
        return Vec::new();
    }
    let mut removed = Vec::new();
    for decision in decisions.iter().filter(|decision| !decision.stays()) {
        let Some(backup) = listed.iter().find(|backup| backup.key == decision.key) else {
            continue;
        };
        let error = remove_one(job, backup).await.err();
        let error = error.map(|error| crate::finding::chain(&error));
        removed.push(Removed { key: backup.key.clone(), error });
    }
    removed
}

async fn remove_one(job: &BackupJob, backup: &Backup) -> Result<(), SourceError> {
    let destination = &*job.destination;
    clean::mark_for_removal(destination, &backup.key).await?;
    let manifest = backup.manifest.iter().map(|part| part.key.clone());
    let globals = std::iter::once(format!("{}{}", backup.key, globals::SUFFIX));
    let parts = backup.parts.iter().map(|part| part.key.clone());
    let objects: Vec<String> = manifest.chain(globals).chain(parts).collect();
    clean::remove(destination, &backup.key, &objects).await
}
