//! Proof that a [`BackupDestination`] keeps its promises.

use std::io;

use bytes::Bytes;
use futures::StreamExt;

use super::{Outcome, Violation, demand, expect, told};
use crate::backup::BackupPart;
use crate::source::{BackupDestination, BackupSourceExt, ByteStream, SourceErrorKind};

/// More than one part of most stores, and no multiple of any.
const LENGTH: usize = (20 << 20) + 12_345;

/// Bytes of one piece of a stream.
const PIECE: usize = 300_000;

/// Runs every check of a destination that is empty at first, in order, and names the promises that
/// were broken.
///
/// ```
/// use pgsre_core::source::{ObjectStoreSource, conformance};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let broken = conformance::check_destination(&ObjectStoreSource::memory()).await;
/// assert_eq!(broken, []);
/// # }
/// ```
pub async fn check_destination<D: BackupDestination>(place: &D) -> Vec<Violation> {
    let run = Run { place };
    let outcomes = [
        ("what was written is read again", run.written("a/whole.sql", LENGTH).await),
        ("an empty stream is an empty object", run.written("a/empty.sql", 0).await),
        ("a small stream is an object", run.written("small.sql", 5).await),
        ("a stream that breaks off leaves nothing", run.broken_off(LENGTH).await),
        ("a short stream that breaks off leaves nothing", run.broken_off(9).await),
        ("a stream that breaks off leaves what was there before", run.kept().await),
        ("a write that is dropped leaves nothing", run.dropped().await),
        ("a small object is written and replaced", run.put().await),
        ("an object is created once", run.created().await),
        ("an object is deleted, and deleting it again is no error", run.deleted().await),
        ("a key that leaves the place is Invalid", run.outside().await),
    ];
    let broken = outcomes.into_iter().filter_map(|(promise, outcome)| {
        outcome.err().map(|instead| Violation { promise, instead })
    });
    broken.collect()
}

struct Run<'d, D> {
    place: &'d D,
}

impl<D: BackupDestination> Run<'_, D> {
    async fn written(&self, key: &str, length: usize) -> Outcome {
        let about = Some(length as u64);
        let part = self.place.write(key, stream(length, false), about).await.map_err(told)?;
        demand(part.key == key && part.size == length as u64, || format!("it is {part:?}"))?;
        self.reads(&part, length).await?;
        let listed = self.place.find(key).await.map_err(told)?;
        demand(listed.size == part.size, || format!("it is listed as {listed:?}"))?;
        self.reads(&listed.parts[0], length).await
    }

    async fn reads(&self, part: &BackupPart, length: usize) -> Outcome {
        let read = self.place.peek(part, u64::MAX).await.map_err(told)?;
        demand(read == content(length), || format!("{} of {length} bytes, or others", read.len()))
    }

    async fn broken_off(&self, length: usize) -> Outcome {
        let written = self.place.write("broken.sql", stream(length, true), None).await;
        demand(written.is_err(), || "it is written".to_owned())?;
        self.absent("broken.sql").await
    }

    async fn kept(&self) -> Outcome {
        self.written("kept.sql", 77).await?;
        let written = self.place.write("kept.sql", stream(LENGTH, true), None).await;
        demand(written.is_err(), || "it is written".to_owned())?;
        let listed = self.place.find("kept.sql").await.map_err(told)?;
        self.reads(&listed.parts[0], 77).await
    }

    async fn dropped(&self) -> Outcome {
        let never = stream(LENGTH, false).chain(futures::stream::pending()).boxed();
        let mut writing = self.place.write("dropped.sql", never, None);
        let patience = std::time::Duration::from_millis(200);
        let ended = tokio::time::timeout(patience, &mut writing).await;
        drop(writing);
        demand(ended.is_err(), || "it ended before its stream".to_owned())?;
        self.absent("dropped.sql").await
    }

    async fn put(&self) -> Outcome {
        for length in [12, 3] {
            self.place.put("b/put.sql", content(length)).await.map_err(told)?;
            let listed = self.place.find("b/put.sql").await.map_err(told)?;
            self.reads(&listed.parts[0], length).await?;
        }
        Ok(())
    }

    async fn created(&self) -> Outcome {
        self.place.create("b/new.sql", content(4)).await.map_err(told)?;
        let again = self.place.create("b/new.sql", content(5)).await;
        expect(SourceErrorKind::Exists, again.map(|()| []))?;
        let listed = self.place.find("b/new.sql").await.map_err(told)?;
        self.reads(&listed.parts[0], 4).await
    }

    async fn deleted(&self) -> Outcome {
        self.place.delete("b/put.sql").await.map_err(told)?;
        self.absent("b/put.sql").await?;
        self.place.delete("b/put.sql").await.map_err(told)?;
        self.place.find("b/new.sql").await.map(drop).map_err(told)
    }

    async fn outside(&self) -> Outcome {
        let put = self.place.put("../x.sql", content(1)).await;
        expect(SourceErrorKind::Invalid, put.map(|()| []))?;
        let written = self.place.write("../x.sql", stream(1, false), None).await;
        expect(SourceErrorKind::Invalid, written.map(|_| []))
    }

    async fn absent(&self, key: &str) -> Outcome {
        match self.place.find(key).await {
            Err(error) if error.kind() == SourceErrorKind::NotFound => Ok(()),
            Err(error) => Err(told(error)),
            Ok(backup) => Err(format!("it is listed: {backup:?}")),
        }
    }
}

fn stream(length: usize, breaks: bool) -> ByteStream {
    let whole = content(length);
    let pieces: Vec<io::Result<Bytes>> =
        whole.chunks(PIECE).map(|piece| Ok(whole.slice_ref(piece))).collect();
    let end = breaks.then(|| Err(io::Error::other("the end of a broken stream")));
    futures::stream::iter(pieces.into_iter().chain(end)).boxed()
}

fn content(length: usize) -> Bytes {
    (0..length).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}
