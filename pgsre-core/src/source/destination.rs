//! Where backups are written: the [`BackupDestination`] seam, beside [`BackupSource`].

use async_trait::async_trait;
use bytes::Bytes;

use super::{BackupSource, ByteStream, ObjectStoreSource, SourceError};
use crate::backup::BackupPart;

/// A place where backups are written, and read again.
///
/// Implementations are proved by [`conformance::check_destination`](super::conformance). Keys are
/// relative to the place, as those of its parts are.
#[async_trait]
pub trait BackupDestination: BackupSource {
    /// Writes an object from a stream, in bounded memory, and returns what a listing would say of
    /// it. `about` is the number of bytes to expect, where it is known: a store that takes an object
    /// in a limited number of pieces chooses their size by it.
    ///
    /// The object appears at once and whole, or not at all: where the stream ends in an error, where
    /// the store fails, and where the future is dropped, nothing is listed and an object that had
    /// the key before is unharmed.
    ///
    /// # Errors
    /// Where the store does not take it; [`SourceErrorKind`](super::SourceErrorKind) says why. The
    /// error of a stream that broke off is the cause of the one returned.
    async fn write(
        &self,
        key: &str,
        content: ByteStream,
        about: Option<u64>,
    ) -> Result<BackupPart, SourceError>;

    /// Writes a small object, or replaces it.
    ///
    /// # Errors
    /// Where the store does not take it.
    async fn put(&self, key: &str, content: Bytes) -> Result<(), SourceError>;

    /// Writes a small object that must not be there yet.
    ///
    /// # Errors
    /// [`SourceErrorKind::Exists`](super::SourceErrorKind::Exists) where it is there, and where the
    /// store does not take it.
    async fn create(&self, key: &str, content: Bytes) -> Result<(), SourceError>;

    /// Deletes an object. One that is not there is no error.
    ///
    /// # Errors
    /// Where the store does not let it go.
    async fn delete(&self, key: &str) -> Result<(), SourceError>;
}

#[async_trait]
impl BackupDestination for ObjectStoreSource {
    async fn write(
        &self,
        key: &str,
        content: ByteStream,
        about: Option<u64>,
    ) -> Result<BackupPart, SourceError> {
        self.store().write_stream(key, content, about).await
    }

    async fn put(&self, key: &str, content: Bytes) -> Result<(), SourceError> {
        self.store().write(key, content).await
    }

    async fn create(&self, key: &str, content: Bytes) -> Result<(), SourceError> {
        self.store().create(key, content).await
    }

    async fn delete(&self, key: &str) -> Result<(), SourceError> {
        self.store().delete(key).await
    }
}
