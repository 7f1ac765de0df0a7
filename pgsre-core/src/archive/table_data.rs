//! A table's data that is read by itself, beside that of others.

use std::fmt::Debug;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::{ArchiveError, ArchiveItem, CopyStart};

/// The data of one table in an archive that can be read at several places at once.
///
/// Must be opened and read to its end, or the archive's own end is an error: what nobody looked at
/// is not proved.
#[derive(Clone, Debug)]
pub struct TableData {
    /// The `COPY` that takes the data.
    pub start: CopyStart,
    /// Bytes as they lie in the archive (compressed): what is largest is best begun first.
    pub size: u64,
    opens: Arc<dyn OpensData>,
}

impl TableData {
    /// Data that `opens` knows where to find.
    pub(crate) fn new(start: CopyStart, size: u64, opens: Arc<dyn OpensData>) -> Self {
        Self { start, size, opens }
    }

    /// Begins to read.
    ///
    /// # Errors
    /// Where the source cannot be read.
    pub async fn open(&self) -> Result<DataReader, ArchiveError> {
        self.opens.open().await.map(|items| DataReader { items })
    }
}

/// Reads the data of one table strictly: [`ArchiveItem::CopyData`] up to [`ArchiveItem::CopyEnd`].
///
/// Dropping it ends what reads behind it.
#[derive(Debug)]
pub struct DataReader {
    items: Box<dyn DataItems>,
}

impl DataReader {
    /// The next item; `None` only after [`ArchiveItem::CopyEnd`] or an error.
    ///
    /// Cancel safe: an item is either returned or still to come.
    ///
    /// # Errors
    /// What is wrong with this part of the archive. Nothing more comes after it.
    pub async fn next(&mut self) -> Result<Option<ArchiveItem>, ArchiveError> {
        self.items.next().await
    }
}

/// Knows where one table's data lies.
pub(crate) trait OpensData: Debug + Send + Sync {
    fn open(&self) -> BoxFuture<'_, Result<Box<dyn DataItems>, ArchiveError>>;
}

/// The items of one table's data.
pub(crate) trait DataItems: Debug + Send {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<ArchiveItem>, ArchiveError>>;
}
