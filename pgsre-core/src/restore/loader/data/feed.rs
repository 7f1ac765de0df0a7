//! Reading the data of one table by itself.

use std::sync::Arc;

use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use super::budget;
use super::chunk::{Chunk, Chunker};
use super::queue::Queue;
use crate::archive::{ArchiveError, ArchiveItem, CopyEnd, TableData};
use crate::restore::TargetError;
use crate::restore::loader::cancel::until_cancelled;
use crate::restore::loader::lanes::Finished;

/// Reads a table's data into its queue.
#[derive(Debug)]
pub(in crate::restore::loader) struct Feeder {
    pub(in crate::restore::loader) fill: usize,
    pub(in crate::restore::loader) data: TableData,
    pub(in crate::restore::loader) chunker: Chunker,
    pub(in crate::restore::loader) queue: Arc<Queue>,
    pub(in crate::restore::loader) budget: Arc<Semaphore>,
    /// Told when more waits than its senders take.
    pub(in crate::restore::loader) backed_up: Arc<Notify>,
    pub(in crate::restore::loader) stop: CancellationToken,
}

/// A table's data was read, or is broken.
#[derive(Debug)]
pub(in crate::restore::loader) struct Fed {
    pub(in crate::restore::loader) fill: usize,
    /// How it ended; `None` where it ended without its end mark.
    pub(in crate::restore::loader) end: Result<Option<CopyEnd>, ArchiveError>,
}

impl Feeder {
    /// Reads to the end, also where nobody needs the rows any more: what nobody looked at is not
    /// proved.
    pub(in crate::restore::loader) async fn read(mut self) -> Result<Finished, TargetError> {
        let end = self.read_all().await?;
        match &end {
            Ok(Some(_)) => self.queue.finish(),
            _ => self.queue.give_up(),
        }
        Ok(Finished::Fed(Fed { fill: self.fill, end }))
    }

    async fn read_all(&mut self) -> Result<Result<Option<CopyEnd>, ArchiveError>, TargetError> {
        let mut reader = match until_cancelled(&self.stop, self.data.open()).await? {
            Ok(reader) => reader,
            Err(error) => return Ok(Err(error)),
        };
        let mut end = None;
        loop {
            let item = match until_cancelled(&self.stop, reader.next()).await? {
                Ok(item) => item,
                Err(error) => return Ok(Err(error)),
            };
            match item {
                Some(ArchiveItem::CopyData(piece)) => {
                    if let Some(chunk) = self.chunker.add(piece) {
                        self.put(chunk).await?;
                    }
                }
                Some(ArchiveItem::CopyEnd(seen)) => end = Some(seen),
                Some(_) => return Ok(Ok(None)),
                None => break,
            }
        }
        if let Some(chunk) = self.chunker.finish() {
            self.put(chunk).await?;
        }
        Ok(Ok(end))
    }

    async fn put(&mut self, mut chunk: Chunk) -> Result<(), TargetError> {
        chunk.share = until_cancelled(&self.stop, budget::take(&self.budget, &chunk)).await?;
        self.queue.put(chunk);
        if self.queue.is_backed_up() {
            self.backed_up.notify_one();
        }
        Ok(())
    }
}
