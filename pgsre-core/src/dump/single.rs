//! A program's output, streamed into one object.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::digest::Digest;
use super::steps::{Part, cancelled};
use super::{BackupEvent, BackupObserver, DumpError, DumpErrorKind};
use crate::postgres::{Ended, Running};
use crate::source::{BackupDestination, ByteStream, SourceError};

/// Pieces that wait for the store, besides those that it holds itself.
const WAITING: usize = 4;

/// How long a store may take to put away what broke off.
const GRACE: Duration = Duration::from_secs(30);

/// What a program writes, and where it goes.
pub(super) struct Output<'a> {
    pub(super) running: Running,
    /// The program's name, for errors.
    pub(super) program: &'a str,
    pub(super) destination: &'a dyn BackupDestination,
    pub(super) key: &'a str,
    /// Bytes to expect at most.
    pub(super) about: Option<u64>,
    pub(super) observer: &'a dyn BackupObserver,
}

impl Output<'_> {
    /// Streams it. The object appears only where the program ended well.
    pub(super) async fn write(self, stop: &CancellationToken) -> Result<Part, DumpError> {
        let (pieces, content) = pipe();
        let writing = self.destination.write(self.key, content, self.about);
        let feeding = feed(self.running, self.program, pieces, self.observer, stop);
        let (mut writing, mut feeding) = (std::pin::pin!(writing), std::pin::pin!(feeding));
        let (fed, written) = tokio::select! {
            fed = &mut feeding => {
                let written = match &fed {
                    Ok(_) => finished(writing, stop).await,
                    Err(_) => tokio::time::timeout(GRACE, writing).await.ok(),
                };
                (fed, written)
            }
            written = &mut writing => (feeding.await, Some(written)),
        };
        match (fed, written) {
            (Ok(digest), Some(Ok(listed))) => Ok(Part { listed, sha256: digest.sha256() }),
            (Err(Broken::Program(error)), _) => Err(error),
            (_, Some(Err(error))) => Err(error.into()),
            (_, None | Some(Ok(_))) => Err(cancelled()),
        }
    }
}

/// Waits for the store; a little longer when told to stop, so that what it finishes at this moment
/// does not appear after it was removed.
async fn finished<F: Future>(writing: Pin<&mut F>, stop: &CancellationToken) -> Option<F::Output> {
    let mut writing = writing;
    tokio::select! {
        written = &mut writing => return Some(written),
        () = stop.cancelled() => {}
    }
    drop(tokio::time::timeout(GRACE, writing).await);
    None
}

/// Why feeding ended early.
enum Broken {
    /// The program failed, or was told to stop.
    Program(DumpError),
    /// The store takes no more: it says why.
    Store,
}

async fn feed(
    mut running: Running,
    program: &str,
    pieces: mpsc::Sender<Piece>,
    observer: &dyn BackupObserver,
    stop: &CancellationToken,
) -> Result<Digest, Broken> {
    let mut digest = Digest::default();
    let relaying = relay(&mut running, &pieces, &mut digest, observer);
    let relayed = stop.run_until_cancelled(relaying).await;
    match relayed {
        None => {
            running.stop().await;
            return Err(Broken::Program(cancelled()));
        }
        Some(Err(broken)) => {
            running.stop().await;
            return Err(broken);
        }
        Some(Ok(())) => {}
    }
    judge(program, running.ended().await, digest.bytes()).map_err(Broken::Program)?;
    pieces.send(Piece::End).await.map_err(|_| Broken::Store)?;
    Ok(digest)
}

async fn relay(
    running: &mut Running,
    pieces: &mpsc::Sender<Piece>,
    digest: &mut Digest,
    observer: &dyn BackupObserver,
) -> Result<(), Broken> {
    loop {
        let read = running.next().await.map_err(|error| {
            let context = "cannot read what the program writes";
            Broken::Program(DumpError::new(DumpErrorKind::Io, context).with_cause(error))
        })?;
        let Some(chunk) = read else { return Ok(()) };
        digest.update(&chunk);
        observer.on_event(&BackupEvent::Bytes { bytes: chunk.len() as u64 });
        pieces.send(Piece::Chunk(chunk)).await.map_err(|_| Broken::Store)?;
    }
}

/// A program that ends well and says nothing has not done its work either.
pub(super) fn judge(program: &str, ended: Ended, bytes: u64) -> Result<(), DumpError> {
    if !ended.succeeded {
        let cause = io::Error::other(ended.said);
        let context = format!("{program} failed");
        return Err(DumpError::new(DumpErrorKind::Dump, context).with_cause(cause));
    }
    if bytes == 0 {
        let context = format!("{program} ended well and wrote nothing");
        return Err(DumpError::new(DumpErrorKind::Dump, context));
    }
    Ok(())
}

enum Piece {
    Chunk(Bytes),
    End,
}

/// A stream that ends well only when it was told so: a sender that is gone is an error.
fn pipe() -> (mpsc::Sender<Piece>, ByteStream) {
    let (pieces, received) = mpsc::channel(WAITING);
    let content = futures::stream::unfold(Some(received), |received| async move {
        let mut received = received?;
        match received.recv().await {
            Some(Piece::Chunk(chunk)) => Some((Ok(chunk), Some(received))),
            Some(Piece::End) => None,
            None => Some((Err(io::Error::other("the dump broke off")), None)),
        }
    });
    (pieces, content.boxed())
}

/// Reads an object to its end.
pub(super) async fn digest_of(
    mut content: ByteStream,
    key: &str,
    observer: &dyn BackupObserver,
) -> Result<Digest, DumpError> {
    let mut digest = Digest::default();
    while let Some(chunk) = content.next().await {
        let chunk = chunk.map_err(|error| unreadable(key, SourceError::from_stream(error, key)))?;
        digest.update(&chunk);
        observer.on_event(&BackupEvent::Bytes { bytes: chunk.len() as u64 });
    }
    Ok(digest)
}

pub(super) fn unreadable(key: &str, error: SourceError) -> DumpError {
    let kind = DumpErrorKind::Destination(error.kind());
    DumpError::new(kind, format!("{key} cannot be read back")).with_cause(error)
}
