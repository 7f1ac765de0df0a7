//! Where backups lie: the [`BackupSource`] seam.
//!
//! A source lists backups and opens their parts; everything else is built upon these two by
//! [`BackupSourceExt`]. [`ObjectStoreSource`] reads local files, S3 and its compatibles, Google
//! Cloud Storage, Azure Blob Storage and memory. [`catalogue`] judges what a source lists.

use std::fmt::{Debug, Display};
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use crate::backup::{Backup, BackupPart};

pub mod catalogue;
#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
mod cloud;
pub mod conformance;
mod destination;
mod error;
mod ext;
mod failure;
mod local;
mod naming;
mod object_store;
mod options;
mod place;
#[cfg(feature = "s3")]
mod profile;
mod remote;
mod resume;
mod store;
mod url;

pub use destination::BackupDestination;
pub use error::{SourceError, SourceErrorKind};
pub use ext::BackupSourceExt;
pub(crate) use naming::is_dump_member;
pub use object_store::ObjectStoreSource;
pub use options::{Environment, RetryPolicy, SourceOptions};
pub(crate) use place::Place;

/// A stream of a part's bytes.
pub type ByteStream = BoxStream<'static, std::io::Result<Bytes>>;

/// A place where backups lie.
///
/// Implementations are proved by [`conformance`]. `Display` names the place without secrets.
#[async_trait]
pub trait BackupSource: Display + Debug + Send + Sync + 'static {
    /// Every backup of the source, in no order.
    ///
    /// # Errors
    /// An item is an error where the listing is denied, unreachable or unreadable; the stream ends
    /// after it. An empty listing is no error.
    fn list(&self) -> BoxStream<'static, Result<Backup, SourceError>>;

    /// Opens one part, or the `range` of it in bytes.
    ///
    /// The stream carries a [`SourceError`] inside its [`std::io::Error`]
    /// ([`SourceError::inside`] finds it). Transient faults are retried and resumed by range inside
    /// the stream; it either delivers every byte of the part as it was listed, or ends in an error.
    /// Dropping the future or the stream at any point only closes what was open.
    ///
    /// # Errors
    /// [`SourceErrorKind::Changed`] where the part's entity tag or size is no longer the listed
    /// one, [`SourceErrorKind::Invalid`] for a range that is not within the part.
    async fn open(
        &self,
        part: &BackupPart,
        range: Option<Range<u64>>,
    ) -> Result<ByteStream, SourceError>;
}
