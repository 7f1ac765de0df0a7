//! The mark that a backup is unfinished, and removing what a failed one left.

use std::time::Duration;

use bytes::Bytes;

use crate::source::{BackupDestination, SourceError};

/// Behind the key of a backup that is being written or deleted: a listing leaves it out as long as
/// it has no manifest.
const MARK: &str = ".pgsre.unfinished";

const EXPLAINED: &str = "{\"pgsre\": \"a backup that is being written or deleted\"}\n";

/// How long one object may take to go.
const PATIENCE: Duration = Duration::from_secs(60);

/// Marks a backup that nobody else writes.
pub(super) async fn begin(
    destination: &dyn BackupDestination,
    key: &str,
) -> Result<(), SourceError> {
    destination.create(&mark(key), Bytes::from_static(EXPLAINED.as_bytes())).await
}

/// Marks a backup that is to be deleted.
pub(super) async fn mark_for_removal(
    destination: &dyn BackupDestination,
    key: &str,
) -> Result<(), SourceError> {
    destination.put(&mark(key), Bytes::from_static(EXPLAINED.as_bytes())).await
}

/// Takes the mark away.
pub(super) async fn end(destination: &dyn BackupDestination, key: &str) -> Result<(), SourceError> {
    delete(destination, &mark(key)).await
}

/// Deletes these objects and then the mark of `key`. Where one does not go the mark stays, so that
/// what is left is not listed.
pub(super) async fn remove(
    destination: &dyn BackupDestination,
    key: &str,
    objects: &[String],
) -> Result<(), SourceError> {
    let mut failed = None;
    for object in objects {
        if let Err(error) = delete(destination, object).await {
            failed.get_or_insert(error);
        }
    }
    match failed {
        Some(error) => Err(error),
        None => end(destination, key).await,
    }
}

async fn delete(destination: &dyn BackupDestination, key: &str) -> Result<(), SourceError> {
    let deleting = tokio::time::timeout(PATIENCE, destination.delete(key)).await;
    deleting.unwrap_or_else(|_| {
        let kind = crate::source::SourceErrorKind::Unreachable;
        Err(SourceError::new(kind, format!("{key} could not be deleted within {PATIENCE:?}")))
    })
}

fn mark(key: &str) -> String {
    format!("{key}{MARK}")
}
