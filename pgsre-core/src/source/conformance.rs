//! Proof that a [`BackupSource`] keeps its promises: run [`check`] against your own, and
//! [`check_destination`] against a [`BackupDestination`](super::BackupDestination).
//!
//! ```
//! use async_trait::async_trait;
//! use bytes::Bytes;
//! use pgsre_core::source::conformance::{self, Fixture, FixtureError};
//! use pgsre_core::source::ObjectStoreSource;
//!
//! struct Memory(ObjectStoreSource);
//!
//! #[async_trait]
//! impl Fixture for Memory {
//!     type Source = ObjectStoreSource;
//!
//!     fn source(&self) -> &ObjectStoreSource {
//!         &self.0
//!     }
//!
//!     async fn put(&self, key: &str, content: Bytes) -> Result<(), FixtureError> {
//!         Ok(self.0.put(key, content).await?)
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let broken = conformance::check(&Memory(ObjectStoreSource::memory())).await;
//! assert_eq!(broken, []);
//! # }
//! ```

use std::fmt::{Debug, Display};
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures::TryStreamExt;

use super::{BackupSource, BackupSourceExt, SourceError, SourceErrorKind};
use crate::backup::{Backup, BackupPart};

mod destination;

pub use destination::check_destination;

/// Why a fixture could not do what it was asked.
pub type FixtureError = Box<dyn std::error::Error + Send + Sync>;

/// A source that is empty at first, and a way to fill it.
#[async_trait]
pub trait Fixture: Sync {
    /// The source to prove.
    type Source: BackupSource;

    /// The source; the same place at each call.
    fn source(&self) -> &Self::Source;

    /// Writes an object, or replaces it.
    async fn put(&self, key: &str, content: Bytes) -> Result<(), FixtureError>;
}

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The promise.
    pub promise: &'static str,
    /// What happened instead.
    pub instead: String,
}

/// Bytes of the object that is read: more than one chunk of most clients.
const LENGTH: usize = 3 << 20;

/// Runs every check, in order, and names the promises that were broken.
pub async fn check<F: Fixture>(fixture: &F) -> Vec<Violation> {
    let run = Run { fixture };
    let outcomes = [
        ("an empty source lists nothing, and that is no error", run.empty().await),
        ("what was put is listed with its size", run.listing().await),
        ("a part is read whole", run.whole().await),
        ("a range of a part is read exactly", run.ranges().await),
        ("an empty object is listed, and read to its end", run.empty_object().await),
        ("a range outside of the part is refused", run.outside().await),
        ("a part that is not there is NotFound", run.absent().await),
        ("a part that was replaced by a longer one is Changed", run.replaced("longer", 2).await),
        ("a part that was replaced by a shorter one is Changed", run.replaced("shorter", 0).await),
        ("a part that was replaced by one of its size is Changed", run.replaced("equal", 1).await),
    ];
    let broken = outcomes.into_iter().filter_map(|(promise, outcome)| {
        outcome.err().map(|instead| Violation { promise, instead })
    });
    broken.collect()
}

type Outcome = Result<(), String>;

struct Run<'f, F> {
    fixture: &'f F,
}

impl<F: Fixture> Run<'_, F> {
    async fn empty(&self) -> Outcome {
        let listed = self.fixture.source().all().await.map_err(told)?;
        demand(listed.is_empty(), || format!("it lists {listed:?}"))
    }

    async fn listing(&self) -> Outcome {
        self.put("shop/big.sql", content()).await?;
        self.put("shop/small.sql", Bytes::from_static(b"--\n")).await?;
        let mut listed: Vec<_> = self.all().await?.into_iter().map(|b| (b.key, b.size)).collect();
        listed.sort();
        let expected =
            [("shop/big.sql".to_owned(), LENGTH as u64), ("shop/small.sql".to_owned(), 3)];
        demand(listed == expected, || format!("it lists {listed:?}"))
    }

    async fn whole(&self) -> Outcome {
        let part = self.part("shop/big.sql").await?;
        let read = self.read(&part, None).await.map_err(told)?;
        demand(read == content(), || format!("{} of {LENGTH} bytes, or other ones", read.len()))
    }

    async fn ranges(&self) -> Outcome {
        let part = self.part("shop/big.sql").await?;
        let end = LENGTH as u64;
        for range in [0..1, 1..2, 0..end, end - 1..end, 70_000..2_000_001, 5..5, end..end] {
            let read = self.read(&part, Some(range.clone())).await.map_err(told)?;
            let (from, to) = (position(range.start)?, position(range.end)?);
            demand(read == content()[from..to], || format!("{range:?} reads {}", read.len()))?;
        }
        Ok(())
    }

    async fn empty_object(&self) -> Outcome {
        self.put("shop/empty.sql", Bytes::new()).await?;
        let part = self.part("shop/empty.sql").await?;
        let read = self.read(&part, None).await.map_err(told)?;
        demand(part.size == 0 && read.is_empty(), || format!("{} bytes", read.len()))
    }

    async fn outside(&self) -> Outcome {
        let part = self.part("shop/small.sql").await?;
        let outcome = self.read(&part, Some(1..9)).await;
        expect(SourceErrorKind::Invalid, outcome)
    }

    async fn absent(&self) -> Outcome {
        let mut part = self.part("shop/small.sql").await?;
        "shop/absent.sql".clone_into(&mut part.key);
        expect(SourceErrorKind::NotFound, self.read(&part, None).await)
    }

    async fn replaced(&self, name: &str, length: usize) -> Outcome {
        let key = format!("shop/{name}.sql");
        self.put(&key, Bytes::from_static(b"a")).await?;
        let part = self.part(&key).await?;
        self.put(&key, Bytes::from(vec![b'b'; length])).await?;
        expect(SourceErrorKind::Changed, self.read(&part, None).await)
    }

    async fn put(&self, key: &str, content: Bytes) -> Outcome {
        let put = self.fixture.put(key, content).await;
        put.map_err(|error| format!("the fixture cannot write {key}: {error}"))
    }

    async fn all(&self) -> Result<Vec<Backup>, String> {
        self.fixture.source().all().await.map_err(told)
    }

    async fn part(&self, key: &str) -> Result<BackupPart, String> {
        let backup = self.fixture.source().find(key).await.map_err(told)?;
        backup.parts.into_iter().next().ok_or_else(|| format!("{key} has no parts"))
    }

    async fn read(
        &self,
        part: &BackupPart,
        range: Option<Range<u64>>,
    ) -> Result<Vec<u8>, SourceError> {
        let stream = self.fixture.source().open(part, range).await?;
        let read = stream.try_fold(Vec::new(), |mut read, chunk| async move {
            read.extend_from_slice(&chunk);
            Ok(read)
        });
        read.await.map_err(|error| SourceError::from_stream(error, &part.key))
    }
}

/// Bytes that differ from place to place, so that a wrong offset shows.
fn content() -> Bytes {
    (0..LENGTH).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}

fn position(at: u64) -> Result<usize, String> {
    usize::try_from(at).map_err(told)
}

fn told(error: impl Display) -> String {
    error.to_string()
}

fn demand(kept: bool, instead: impl FnOnce() -> String) -> Outcome {
    if kept { Ok(()) } else { Err(instead()) }
}

fn expect<T: Debug + AsRef<[u8]>>(kind: SourceErrorKind, read: Result<T, SourceError>) -> Outcome {
    match read {
        Ok(read) => Err(format!("it reads {} bytes", read.as_ref().len())),
        Err(error) => demand(error.kind() == kind, || format!("{:?}: {error}", error.kind())),
    }
}
