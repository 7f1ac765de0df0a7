//! Whether the newest backup is only a copy of the one before it.

use futures::TryStreamExt;
use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use super::super::{BackupSource, SourceError};
use super::CatalogueCheck;
use super::name_date::NameDate;
use super::series::predecessors;
use crate::backup::{Backup, BackupPart};
use crate::finding::FindingCode;

/// A second name of one backup (`latest` beside its dated name) is written within this time.
const ALIAS_WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// `latest` is written soon after the backup that it is a copy of: not half a day later.
const LATE_COPY: SignedDuration = SignedDuration::from_hours(12);

type Hash = [u8; 32];

/// Says `source.stale` where `backup` has, byte for byte, the content of its predecessor.
///
/// Only backups of equal sizes are read; of those both are, entirely. An idle database may be
/// dumped twice to the same bytes, so this is a warning that leaves the drill unproved. Dropping
/// the future is safe.
///
/// # Errors
/// Where one of the two cannot be read.
pub async fn copy_of(
    source: &dyn BackupSource,
    backup: &Backup,
    backups: &[Backup],
) -> Result<CatalogueCheck, SourceError> {
    let mut found = CatalogueCheck::default();
    let before = predecessors(backup, backups).into_iter().find(|older| !is_alias(backup, older));
    let before = before.filter(|before| may_be_equal(backup, before));
    let Some(before) = before.or_else(|| copied_late(backup, backups)) else {
        return Ok(found);
    };
    if have_equal_content(source, backup, before).await? {
        found.doubt(
            FindingCode::SourceStale,
            &backup.key,
            format!("it is byte for byte the backup before it, {}", before.key),
            "check whether the backup job uploads an old file again; a database without a single \
             change between two dumps looks the same",
        );
    }
    Ok(found)
}

/// One file under two names, or a copy under a name without a date.
fn is_alias(backup: &Backup, other: &Backup) -> bool {
    let same_file = backup.parts.len() == other.parts.len()
        && backup
            .parts
            .iter()
            .zip(&other.parts)
            .all(|(a, b)| a.etag.is_some() && a.etag == b.etag && a.modified == b.modified);
    let apart = backup.modified.duration_since(other.modified).abs();
    let undated = NameDate::of_key(&backup.key).is_none() || NameDate::of_key(&other.key).is_none();
    same_file || (undated && apart <= ALIAS_WINDOW && may_be_equal(backup, other))
}

/// What a backup under a name without a date, such as `latest`, may be a late copy of: the newest of
/// its size that was written long before, whatever its name.
fn copied_late<'b>(backup: &Backup, backups: &'b [Backup]) -> Option<&'b Backup> {
    if NameDate::of_key(&backup.key).is_some() {
        return None;
    }
    let long_before = |other: &&Backup| backup.modified.duration_since(other.modified) > LATE_COPY;
    let dated = |other: &&Backup| NameDate::of_key(&other.key).is_some();
    let candidates = backups.iter().filter(long_before).filter(dated);
    candidates.filter(|other| may_be_equal(backup, other)).max_by_key(|other| other.modified)
}

fn may_be_equal(backup: &Backup, other: &Backup) -> bool {
    let sizes = |backup: &Backup| backup.parts.iter().map(|part| part.size).collect::<Vec<_>>();
    backup.size > 0 && backup.size == other.size && sizes(backup) == sizes(other)
}

async fn have_equal_content(
    source: &dyn BackupSource,
    backup: &Backup,
    other: &Backup,
) -> Result<bool, SourceError> {
    for (one, two) in backup.parts.iter().zip(&other.parts) {
        if hash(source, one).await? != hash(source, two).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn hash(source: &dyn BackupSource, part: &BackupPart) -> Result<Hash, SourceError> {
    let mut stream = source.open(part, None).await?;
    let mut hasher = Sha256::new();
    while let Some(chunk) =
        stream.try_next().await.map_err(|error| SourceError::from_stream(error, &part.key))?
    {
        hasher.update(&chunk);
    }
    Ok(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::super::{BackupSourceExt, ObjectStoreSource};
    use super::*;

    async fn warned(objects: &[(&str, &'static str)]) -> bool {
        let source = ObjectStoreSource::memory();
        for (key, content) in objects {
            source.put(key, (*content).into()).await.unwrap();
        }
        let backups = source.all().await.unwrap();
        let found = copy_of(&source, &backups[0], &backups).await.unwrap();
        assert_eq!(found.findings.len(), found.unproved.len());
        !found.findings.is_empty()
    }

    #[tokio::test]
    async fn the_same_bytes_under_the_next_day_are_doubtful() {
        assert!(warned(&[("shop-2026-11-20.sql", "old"), ("shop-2026-11-21.sql", "old")]).await);
    }

    #[tokio::test]
    async fn other_bytes_of_the_same_length_are_no_copy() {
        assert!(!warned(&[("shop-2026-11-20.sql", "old"), ("shop-2026-11-21.sql", "new")]).await);
    }

    #[tokio::test]
    async fn a_second_name_without_a_date_is_no_copy() {
        assert!(!warned(&[("shop-2026-11-21.sql", "new"), ("shop.sql", "new")]).await);
    }

    #[tokio::test]
    async fn a_link_to_the_newest_file_is_no_copy() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        std::fs::write(path.join("shop-2026-11-21.sql"), "new").unwrap();
        std::os::unix::fs::symlink("shop-2026-11-21.sql", path.join("shop-2026-11-22.sql"))
            .unwrap();
        let source = ObjectStoreSource::parse(path.to_str().unwrap()).unwrap();
        let backups = source.all().await.unwrap();
        assert_eq!(backups.len(), 2);
        let found = copy_of(&source, &backups[0], &backups).await.unwrap();
        assert_eq!(found, CatalogueCheck::default());
    }
}
