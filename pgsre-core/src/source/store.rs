//! What [`ObjectStoreSource`](super::ObjectStoreSource) needs of a place: local files and object
//! stores have it.

use std::fmt::Debug;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;

use super::{ByteStream, SourceError};
use crate::backup::BackupPart;

/// The bytes of one response, before it is resumed.
pub(super) type Body = BoxStream<'static, Result<Bytes, SourceError>>;

/// A response and the entity tag that it came with.
pub(super) struct Opened {
    pub(super) body: Body,
    pub(super) etag: Option<String>,
}

/// A place with objects. Keys are relative to it.
#[async_trait]
pub(super) trait Store: Debug + Send + Sync {
    /// Every object that is there, noise included.
    async fn list(&self) -> Result<Vec<BackupPart>, SourceError>;

    /// One attempt to read a range; demands that the object is still the listed one.
    async fn read(&self, part: &BackupPart, range: Range<u64>) -> Result<Opened, SourceError>;

    /// Demands, after the last byte, that the object is still the listed one. Needed only where a
    /// response is not a snapshot of the object.
    async fn confirm(&self, _part: &BackupPart) -> Result<(), SourceError> {
        Ok(())
    }

    /// Writes an object.
    async fn write(&self, key: &str, content: Bytes) -> Result<(), SourceError>;

    /// Writes an object that must not be there yet.
    async fn create(&self, key: &str, content: Bytes) -> Result<(), SourceError>;

    /// Writes an object that appears when the stream has ended well, and else not at all.
    async fn write_stream(
        &self,
        key: &str,
        content: ByteStream,
        about: Option<u64>,
    ) -> Result<BackupPart, SourceError>;

    /// Deletes an object; one that is not there is no error.
    async fn delete(&self, key: &str) -> Result<(), SourceError>;
}

/// That what is to be written under `key` ended early.
pub(super) fn broke_off(error: std::io::Error, key: &str) -> SourceError {
    let context = format!("cannot write {key}: its content broke off");
    SourceError::new(super::SourceErrorKind::Unreadable, context).with_cause(error)
}
