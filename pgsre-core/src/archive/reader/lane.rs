//! Reading one table's data apart: a task and a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::budget::{self, Budget};
use super::inbox::Inbox;
use super::objects::Objects;
use super::worker;
use crate::archive::apart::{Claim, Place, ReadsData};
use crate::archive::table_data::{DataItems, OpensData};
use crate::archive::{ArchiveError, ArchiveItem};

/// Knows where one table's data lies and how it is read.
#[derive(Debug)]
pub(in crate::archive) struct Lane {
    objects: Objects,
    place: Place,
    reads: Arc<dyn ReadsData>,
    claim: Arc<Claim>,
}

impl Lane {
    pub(in crate::archive) fn new(
        objects: Objects,
        place: Place,
        reads: Arc<dyn ReadsData>,
        claim: Arc<Claim>,
    ) -> Self {
        Self { objects, place, reads, claim }
    }

    fn begin(&self) -> Result<LaneItems, ArchiveError> {
        let dropped = CancellationToken::new();
        let input =
            self.objects.until(dropped.clone()).open(&self.place.part, self.place.range.clone());
        let (inbox, outbox) = Inbox::new(Budget::new(budget::APART));
        let unpacked = Arc::new(AtomicU64::new(0));
        let (reads, counted) = (Arc::clone(&self.reads), Arc::clone(&unpacked));
        worker::spawn(outbox, move |outbox| {
            let end = reads.read(input, outbox)?;
            counted.store(outbox.summary().bytes_unpacked, Ordering::Release);
            outbox.push(ArchiveItem::CopyEnd(end))?;
            outbox.flush()
        })?;
        let claim = Arc::clone(&self.claim);
        Ok(LaneItems { inbox, claim, unpacked, finished: false, _dropped: dropped.drop_guard() })
    }
}

impl OpensData for Lane {
    fn open(&self) -> BoxFuture<'_, Result<Box<dyn DataItems>, ArchiveError>> {
        async { self.begin().map(|items| Box::new(items) as Box<dyn DataItems>) }.boxed()
    }
}

#[derive(Debug)]
struct LaneItems {
    inbox: Inbox,
    claim: Arc<Claim>,
    /// Bytes after decompression, known when the end is.
    unpacked: Arc<AtomicU64>,
    finished: bool,
    _dropped: DropGuard,
}

impl LaneItems {
    async fn take(&mut self) -> Result<Option<ArchiveItem>, ArchiveError> {
        if self.finished {
            return Ok(None);
        }
        let item = self.inbox.next().await;
        self.finished = matches!(item, Ok(ArchiveItem::CopyEnd(_)) | Err(_));
        if let Ok(ArchiveItem::CopyEnd(end)) = &item {
            self.claim.finish(*end, self.unpacked.load(Ordering::Acquire));
        }
        item.map(Some)
    }
}

impl DataItems for LaneItems {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<ArchiveItem>, ArchiveError>> {
        self.take().boxed()
    }
}
