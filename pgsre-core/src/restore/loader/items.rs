//! What a loader reads: the items of an archive, in order.

use async_trait::async_trait;

use crate::archive::{ArchiveError, ArchiveItem, ArchiveReader};

/// A stream of archive items. [`ArchiveReader`] is one; tests have others.
#[async_trait]
pub(crate) trait ArchiveItems: Send {
    /// The next item; `None` only after [`ArchiveItem::End`]. Cancel safe.
    async fn next(&mut self) -> Result<Option<ArchiveItem>, ArchiveError>;

    /// Bytes read from the source so far.
    fn bytes_read(&self) -> u64;

    /// The backup's key, which findings are about.
    fn key(&self) -> &str;
}

#[async_trait]
impl ArchiveItems for ArchiveReader {
    async fn next(&mut self) -> Result<Option<ArchiveItem>, ArchiveError> {
        Self::next(self).await
    }

    fn bytes_read(&self) -> u64 {
        Self::bytes_read(self)
    }

    fn key(&self) -> &str {
        Self::key(self)
    }
}
