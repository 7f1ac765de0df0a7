//! [`ArchiveReader`]: the face of strict reading.
//!
//! A task takes chunks from the source, one thread decompresses, splits and checks them, and the
//! reader hands out the items. Both ways between them are bounded, so memory is too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::DropGuard;

use super::apart::Apart;
use super::checksum::Checked;
use super::{ArchiveError, ArchiveErrorKind, ArchiveItem, ArchiveSummary, Preamble, ReadOptions};
use crate::backup::{Backup, BackupFormat, BackupPart, Compression};
use crate::source::BackupSource;

mod budget;
mod feed;
mod inbox;
mod lane;
mod objects;
mod outbox;
mod plain_text;
mod worker;

use budget::Budget;
pub(super) use feed::FeedInput;
use inbox::Inbox;
pub(super) use lane::Lane;
pub(super) use objects::Objects;
#[cfg(test)]
pub(super) use outbox::collect;
pub(super) use outbox::{Outbox, Stop};
pub(super) use worker::Job;

/// A table's data in a file is read apart from here on: less is not worth a request of its own.
const APART_FROM: u64 = 1 << 20;

/// Reads an archive strictly, item by item.
///
/// Dropping it ends its tasks and its thread.
#[derive(Debug)]
pub struct ArchiveReader {
    key: String,
    preamble: Preamble,
    inbox: Inbox,
    /// The last item, while data that is read apart is waited for.
    end: Option<ArchiveSummary>,
    finished: bool,
    objects: Objects,
    apart: Apart,
    checked: Checked,
    /// A compression around the whole has a checksum of what is in it.
    is_guarded: Arc<AtomicBool>,
    _dropped: DropGuard,
}

impl ArchiveReader {
    /// Opens a backup and reads its beginning.
    ///
    /// Must be called in a tokio runtime. Cancel safe: nothing is left behind.
    ///
    /// # Errors
    /// Where the source cannot be read, the format is not one that is read, or the beginning is not
    /// that of a dump. What is wrong further on is an error of [`next`](Self::next).
    pub async fn open(
        source: Arc<dyn BackupSource>,
        backup: &Backup,
        options: ReadOptions,
    ) -> Result<Self, ArchiveError> {
        Self::open_apart_from(source, backup, options, APART_FROM).await
    }

    /// The same; data of a file is read apart where it has at least `apart_from` bytes.
    pub(super) async fn open_apart_from(
        source: Arc<dyn BackupSource>,
        backup: &Backup,
        options: ReadOptions,
        apart_from: u64,
    ) -> Result<Self, ArchiveError> {
        let checked = Checked::of(source, backup, options.expected.as_ref()).await?;
        let options = checked.limit(options, backup);
        let objects = Objects::new(Arc::clone(&checked.source));
        let dropped = objects.dropped().clone().drop_guard();
        let apart = Apart::new(&objects);
        let (inbox, outbox) = Inbox::new(Budget::new(budget::BYTES));
        let is_guarded = Arc::new(AtomicBool::new(false));
        let job = Job {
            backup: backup.clone(),
            options,
            objects: objects.clone(),
            apart: apart.clone(),
            apart_from,
            is_checked: checked.by.is_some(),
            is_guarded: Arc::clone(&is_guarded),
        };
        if backup.format == BackupFormat::Directory || backup.parts.len() > 1 {
            worker::spawn_directory(job, outbox)?;
        } else {
            let part = only_part(backup)?.clone();
            worker::spawn_object(part, job, outbox)?;
        }
        let mut reader = Self {
            key: backup.key.clone(),
            preamble: Preamble::unknown(Compression::None),
            inbox,
            end: None,
            finished: false,
            objects,
            apart,
            checked,
            is_guarded,
            _dropped: dropped,
        };
        if let Some(preamble) = reader.inbox.preamble().await? {
            reader.preamble = preamble;
        }
        Ok(reader)
    }

    /// The key of the backup that is read.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What the beginning says about the whole.
    #[must_use]
    pub fn preamble(&self) -> &Preamble {
        &self.preamble
    }

    /// Bytes taken from the source so far, as they lie there (compressed), those of
    /// [`TableData`](super::TableData) among them.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.objects.bytes_read() + self.apart.bytes_read()
    }

    /// The next item. `None` only after [`ArchiveItem::End`] or an error.
    ///
    /// Cancel safe: an item is either returned or still to come.
    ///
    /// # Errors
    /// What is wrong with the archive. Nothing more comes after it.
    pub async fn next(&mut self) -> Result<Option<ArchiveItem>, ArchiveError> {
        if self.finished {
            return Ok(None);
        }
        let outcome = match &mut self.end {
            Some(_) => self.finish().await,
            None => match self.inbox.next().await {
                Ok(ArchiveItem::End(summary)) => {
                    self.end = Some(summary);
                    self.finish().await
                }
                other => other,
            },
        };
        self.finished |= matches!(outcome, Ok(ArchiveItem::End(_)) | Err(_));
        outcome.map(Some)
    }

    /// Waits for the data that is read apart.
    async fn finish(&mut self) -> Result<ArchiveItem, ArchiveError> {
        let total = self.apart.finished().await?;
        let mut summary = self.end.take().unwrap_or_default();
        total.add_to(&mut summary);
        self.checked.conclude(
            &self.preamble,
            self.is_guarded.load(Ordering::Relaxed),
            &mut summary,
        );
        Ok(ArchiveItem::End(summary))
    }
}

/// Reads only the beginning of a backup: at most 1 MiB of SQL, or an archive's table of contents.
///
/// # Errors
/// As [`ArchiveReader::open`].
pub async fn peek(
    source: Arc<dyn BackupSource>,
    backup: &Backup,
    options: ReadOptions,
) -> Result<Preamble, ArchiveError> {
    let reader = ArchiveReader::open(source, backup, options).await?;
    Ok(reader.preamble.clone())
}

fn only_part(backup: &Backup) -> Result<&BackupPart, ArchiveError> {
    let part = backup.parts.first().ok_or_else(|| {
        ArchiveError::new(ArchiveErrorKind::Empty, "the backup has no object at all")
    })?;
    if part.size == 0 {
        return Err(ArchiveError::empty("the backup holds no bytes"));
    }
    Ok(part)
}

#[cfg(test)]
mod tests;
