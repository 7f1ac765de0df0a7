//! [`ArchiveReader`]: the face of strict reading.
//!
//! A task takes chunks from the source, one thread decompresses, splits and checks them, and the
//! reader hands out the items. Both ways between them are bounded, so memory is too.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use super::{ArchiveError, ArchiveErrorKind, ArchiveItem, Preamble, ReadOptions};
use crate::backup::{Backup, BackupFormat, BackupPart, Compression};
use crate::source::BackupSource;

mod budget;
mod feed;
mod worker;

use budget::{Budget, Share};
use feed::{Feed, FeedInput};
use worker::Message;

/// Batches of items between the thread and the reader; their bytes are bounded by [`Budget`].
const BATCHES: usize = 16;

/// Reads an archive strictly, item by item.
///
/// Dropping it ends its task and its thread.
#[derive(Debug)]
pub struct ArchiveReader {
    key: String,
    preamble: Preamble,
    batch: VecDeque<ArchiveItem>,
    /// What the batch takes of the budget.
    share: Option<Share>,
    messages: mpsc::Receiver<Message>,
    bytes_read: Arc<AtomicU64>,
    finished: bool,
    _feed: Feed,
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
        let part = only_part(backup)?;
        let stream = source.open(part, None).await.map_err(ArchiveError::from_source)?;
        let bytes_read = Arc::new(AtomicU64::new(0));
        let (feed, chunks) = Feed::spawn(stream);
        let input = FeedInput::new(chunks, Arc::clone(&bytes_read));
        let (sender, messages) = mpsc::channel(BATCHES);
        worker::spawn(input, sender, Budget::new(), options)?;
        let mut reader = Self {
            key: backup.key.clone(),
            preamble: Preamble::unknown(Compression::None),
            batch: VecDeque::new(),
            share: None,
            messages,
            bytes_read,
            finished: false,
            _feed: feed,
        };
        reader.read_preamble().await?;
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

    /// Bytes taken from the source so far, as they lie there (compressed).
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// The next item. `None` only after [`ArchiveItem::End`] or an error.
    ///
    /// Cancel safe: an item is either returned or still to come.
    ///
    /// # Errors
    /// What is wrong with the archive. Nothing more comes after it.
    pub async fn next(&mut self) -> Result<Option<ArchiveItem>, ArchiveError> {
        loop {
            if let Some(item) = self.batch.pop_front() {
                self.finished |= matches!(item, ArchiveItem::End(_));
                return Ok(Some(item));
            }
            if self.finished {
                return Ok(None);
            }
            // Given back before the wait: the thread may need all of it for its next batch.
            self.share = None;
            match self.messages.recv().await {
                Some(Message::Items(items, share)) => self.take_batch(items, share),
                Some(Message::Preamble(preamble)) => self.preamble = *preamble,
                Some(Message::Failed(error)) => {
                    self.finished = true;
                    return Err(error);
                }
                None => {
                    self.finished = true;
                    return Err(broken_off());
                }
            }
        }
    }

    fn take_batch(&mut self, items: Vec<ArchiveItem>, share: Share) {
        self.batch = items.into();
        self.share = Some(share);
    }

    async fn read_preamble(&mut self) -> Result<(), ArchiveError> {
        match self.messages.recv().await {
            Some(Message::Preamble(preamble)) => {
                self.preamble = *preamble;
                Ok(())
            }
            Some(Message::Items(items, share)) => {
                self.take_batch(items, share);
                Ok(())
            }
            Some(Message::Failed(error)) => Err(error),
            None => Err(broken_off()),
        }
    }
}

/// Reads only the beginning of a backup: at most 1 MiB of SQL.
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
    if backup.format == BackupFormat::Directory || backup.parts.len() > 1 {
        return Err(ArchiveError::new(
            ArchiveErrorKind::Unsupported,
            "directory-format archives are not read by this version",
        )
        .with_hint("drill a plain dump: pg_dump -Fp, also compressed"));
    }
    let part = backup.parts.first().ok_or_else(|| {
        ArchiveError::new(ArchiveErrorKind::Empty, "the backup has no object at all")
    })?;
    if part.size == 0 {
        return Err(ArchiveError::empty("the backup holds no bytes"));
    }
    Ok(part)
}

fn broken_off() -> ArchiveError {
    ArchiveError::new(ArchiveErrorKind::Unsupported, "reading broke off without a result")
        .with_hint("this is a fault of pgsre: please report it with the dump's first lines")
}

#[cfg(test)]
mod tests;
