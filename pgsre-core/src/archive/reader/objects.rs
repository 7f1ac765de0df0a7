//! The objects of a source, opened by the thread that reads them.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::feed::{Feed, FeedInput};
use crate::backup::BackupPart;
use crate::source::BackupSource;

/// Opens a source's objects from a thread that is not of the runtime.
#[derive(Clone, Debug)]
pub(in crate::archive) struct Objects {
    source: Arc<dyn BackupSource>,
    runtime: Handle,
    bytes_read: Arc<AtomicU64>,
    /// Cancelled when the reader is dropped: a thread that waits for a silent source must end too.
    dropped: CancellationToken,
}

impl Objects {
    /// Must be called in a tokio runtime.
    pub(super) fn new(source: Arc<dyn BackupSource>) -> Self {
        Self {
            source,
            runtime: Handle::current(),
            bytes_read: Arc::new(AtomicU64::new(0)),
            dropped: CancellationToken::new(),
        }
    }

    /// Opens an object, or a range of its bytes; a fault of opening it is one of reading its first
    /// byte. What is consumed counts as read. Dropping the input closes the object.
    pub(in crate::archive) fn open(
        &self,
        part: &BackupPart,
        range: Option<Range<u64>>,
    ) -> FeedInput {
        let (feed, chunks) = Feed::open(
            &self.runtime,
            Arc::clone(&self.source),
            part.clone(),
            range,
            self.dropped.clone(),
        );
        FeedInput::new(feed, chunks, Arc::clone(&self.bytes_read))
    }

    /// Bytes consumed of all objects together.
    pub(in crate::archive) fn bytes_read(&self) -> u64 {
        self.bytes_read.load(Ordering::Relaxed)
    }

    /// The count itself.
    pub(in crate::archive) fn counter(&self) -> &Arc<AtomicU64> {
        &self.bytes_read
    }

    /// The same objects, opened until `dropped` is cancelled.
    pub(in crate::archive) fn until(&self, dropped: CancellationToken) -> Self {
        Self { dropped, ..self.clone() }
    }

    /// The same objects, with another count of what was read.
    pub(in crate::archive) fn counted_by(&self, bytes_read: Arc<AtomicU64>) -> Self {
        Self { bytes_read, ..self.clone() }
    }

    /// What ends everything that was opened.
    pub(in crate::archive) fn dropped(&self) -> &CancellationToken {
        &self.dropped
    }
}
