//! What every [`BackupSource`] can do, built upon its two methods.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;

use super::{BackupSource, SourceError, SourceErrorKind};
use crate::backup::{Backup, BackupPart};

/// Candidates that an ambiguous key's error names.
const NAMED_CANDIDATES: usize = 5;

/// What users of a [`BackupSource`] call; implemented for all of them.
///
/// Dropping any of these futures is safe: they only read.
#[async_trait]
pub trait BackupSourceExt: BackupSource {
    /// Every backup, newest first; of equal times the greatest key first.
    ///
    /// # Errors
    /// As [`BackupSource::list`].
    async fn all(&self) -> Result<Vec<Backup>, SourceError> {
        let mut backups: Vec<Backup> = self.list().try_collect().await?;
        backups.sort_by(|a, b| (b.modified, &b.key).cmp(&(a.modified, &a.key)));
        Ok(backups)
    }

    /// The newest backup by the store's clock.
    ///
    /// # Errors
    /// [`SourceErrorKind::NotFound`] where there is none, and as [`BackupSource::list`].
    async fn latest(&self) -> Result<Backup, SourceError> {
        self.latest_where(&|_| true).await
    }

    /// The newest backup among those that `wanted` accepts.
    ///
    /// # Errors
    /// As [`BackupSourceExt::latest`].
    async fn latest_where(
        &self,
        wanted: &(dyn for<'a> Fn(&'a Backup) -> bool + Sync),
    ) -> Result<Backup, SourceError> {
        let newest = self.all().await?.into_iter().find(|backup| wanted(backup));
        newest.ok_or_else(|| {
            SourceError::new(SourceErrorKind::NotFound, format!("there is no backup in {self}"))
        })
    }

    /// The backup with this key; also by the end of its key from a `/` on, where only one has it.
    ///
    /// # Errors
    /// [`SourceErrorKind::NotFound`] where there is none, [`SourceErrorKind::Invalid`] where several
    /// match, and as [`BackupSource::list`].
    async fn find(&self, key: &str) -> Result<Backup, SourceError> {
        let wanted = key.trim_matches('/');
        let mut matching = self.all().await?;
        if let Some(exact) = matching.iter().position(|backup| backup.key == wanted) {
            return Ok(matching.swap_remove(exact));
        }
        matching.retain(|backup| {
            backup.key.strip_suffix(wanted).is_some_and(|head| head.ends_with('/'))
        });
        match matching.len() {
            1 => Ok(matching.swap_remove(0)),
            0 => Err(SourceError::new(
                SourceErrorKind::NotFound,
                format!("there is no backup {key:?} in {self}"),
            )),
            _ => Err(ambiguous(key, &matching)),
        }
    }

    /// The first `length` bytes of a part, or all of it where it is shorter.
    ///
    /// # Errors
    /// As [`BackupSource::open`] and its stream.
    async fn peek(&self, part: &BackupPart, length: u64) -> Result<Bytes, SourceError> {
        let range = 0..length.min(part.size);
        let mut stream = self.open(part, Some(range)).await?;
        let mut head = BytesMut::new();
        while let Some(chunk) =
            stream.try_next().await.map_err(|error| SourceError::from_stream(error, &part.key))?
        {
            head.extend_from_slice(&chunk);
        }
        Ok(head.freeze())
    }
}

impl<S: BackupSource + ?Sized> BackupSourceExt for S {}

fn ambiguous(key: &str, matching: &[Backup]) -> SourceError {
    let named: Vec<&str> =
        matching.iter().take(NAMED_CANDIDATES).map(|backup| backup.key.as_str()).collect();
    let more = matching.len().saturating_sub(NAMED_CANDIDATES);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    SourceError::new(
        SourceErrorKind::Invalid,
        format!(
            "{key:?} is the end of several keys: {}{tail}; give the whole key",
            named.join(", ")
        ),
    )
}
