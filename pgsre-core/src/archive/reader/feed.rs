//! From the source's asynchronous stream to the thread that reads it.

use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Buf, Bytes};
use futures::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use crate::archive::ArchiveError;
use crate::backup::BackupPart;
use crate::source::{BackupSource, ByteStream, SourceError};

/// Chunks in flight. Sources hand out chunks of a few KiB up to a few MiB.
const CHUNKS: usize = 4;

#[derive(Debug)]
pub(super) enum Chunk {
    Data(Bytes),
    Failed(io::Error),
    /// It could not be opened.
    Refused(SourceError),
    End,
}

/// The task that takes chunks from the source; dropping it ends the task.
#[derive(Debug)]
pub(super) struct Feed(AbortHandle);

impl Feed {
    /// Opens the object in the task, for a thread that cannot wait for it itself.
    pub(super) fn open(
        runtime: &Handle,
        source: Arc<dyn BackupSource>,
        part: BackupPart,
        range: Option<Range<u64>>,
        dropped: CancellationToken,
    ) -> (Self, mpsc::Receiver<Chunk>) {
        let (sender, receiver) = mpsc::channel(CHUNKS);
        let task = runtime.spawn(async move {
            let read = async {
                match source.open(&part, range).await {
                    Ok(stream) => forward(stream, sender).await,
                    Err(error) => drop(sender.send(Chunk::Refused(error)).await),
                }
            };
            dropped.run_until_cancelled(read).await;
        });
        (Self(task.abort_handle()), receiver)
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn forward(mut stream: ByteStream, sender: mpsc::Sender<Chunk>) {
    while let Some(item) = stream.next().await {
        let (chunk, last) = match item {
            Ok(data) => (Chunk::Data(data), false),
            Err(error) => (Chunk::Failed(error), true),
        };
        if sender.send(chunk).await.is_err() || last {
            return;
        }
    }
    // The end is said, not implied: a task that was aborted must not look like a short archive.
    drop(sender.send(Chunk::End).await);
}

/// The thread's side: the source's bytes as a [`BufRead`]. Dropping it ends the task.
#[derive(Debug)]
pub(in crate::archive) struct FeedInput {
    chunks: mpsc::Receiver<Chunk>,
    current: Bytes,
    ended: bool,
    bytes_read: Arc<AtomicU64>,
    _feed: Feed,
}

impl FeedInput {
    pub(super) fn new(
        feed: Feed,
        chunks: mpsc::Receiver<Chunk>,
        bytes_read: Arc<AtomicU64>,
    ) -> Self {
        Self { chunks, current: Bytes::new(), ended: false, bytes_read, _feed: feed }
    }
}

impl BufRead for FeedInput {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.current.is_empty() && !self.ended {
            match self.chunks.blocking_recv() {
                Some(Chunk::Data(data)) => self.current = data,
                // Marked as the source's, so that no codec takes it for a fault of the archive.
                Some(Chunk::Failed(error)) => return Err(ArchiveError::from_io(error).into_io()),
                Some(Chunk::Refused(error)) => {
                    return Err(ArchiveError::from_source(error).into_io());
                }
                Some(Chunk::End) => self.ended = true,
                None => {
                    let dropped = io::Error::other("the reader was dropped");
                    return Err(ArchiveError::from_io(dropped).into_io());
                }
            }
        }
        Ok(&self.current)
    }

    fn consume(&mut self, amount: usize) {
        self.current.advance(amount);
        self.bytes_read.fetch_add(amount as u64, Ordering::Relaxed);
    }
}

impl Read for FeedInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let amount = available.len().min(buffer.len());
        buffer[..amount].copy_from_slice(&available[..amount]);
        self.consume(amount);
        Ok(amount)
    }
}
