//! How much the items may weigh that were read and not handed out yet.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::archive::ArchiveItem;

/// Bytes on their way: some chunks of COPY data, enough for both sides to keep busy.
pub(super) const BYTES: u32 = 2 << 20;
/// The same for one table's data that is read by itself: several are at the same time.
pub(super) const APART: u32 = 1 << 20;

/// Bounds the bytes between the thread and the reader, whatever an item weighs: a statement may
/// be as long as the limit of a statement, and a chunk may hold a hundred thousand short ones.
#[derive(Clone, Debug)]
pub(super) struct Budget {
    free: Arc<Semaphore>,
    bytes: u32,
}

/// A batch's part of the budget, given back when dropped.
#[derive(Debug)]
pub(super) struct Share {
    _permit: OwnedSemaphorePermit,
}

impl Budget {
    pub(super) fn new(bytes: u32) -> Self {
        Self { free: Arc::new(Semaphore::new(bytes as usize)), bytes }
    }

    /// All of it.
    pub(super) fn bytes(&self) -> usize {
        self.bytes as usize
    }

    /// Waits, on a thread of its own, until so much is free. What weighs more than the whole budget
    /// waits for all of it, so that it travels alone. `None` where nobody reads any more.
    pub(super) fn take(&self, weight: usize) -> Option<Share> {
        let weight = u32::try_from(weight).unwrap_or(self.bytes).min(self.bytes);
        let permit = Arc::clone(&self.free).acquire_many_owned(weight);
        futures::executor::block_on(permit).ok().map(|permit| Share { _permit: permit })
    }
}

/// About what an item holds in memory, in bytes.
pub(super) fn weight(item: &ArchiveItem) -> usize {
    let held = match item {
        ArchiveItem::Statement(statement) => statement.sql.len(),
        ArchiveItem::CopyStart(start) => start.sql.len(),
        ArchiveItem::CopyData(data) | ArchiveItem::LargeObjectData(data) => data.len(),
        ArchiveItem::TableData(data) => data.start.sql.len(),
        ArchiveItem::EmptyData(entry) => entry.name.len(),
        ArchiveItem::CopyEnd(_)
        | ArchiveItem::Connect(_)
        | ArchiveItem::LargeObjectStart(_)
        | ArchiveItem::LargeObjectEnd(_)
        | ArchiveItem::End(_) => 0,
    };
    size_of::<ArchiveItem>() + held
}
