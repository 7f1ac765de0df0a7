//! Uploading an object in parts.

use std::collections::VecDeque;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{
    MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, PutResult, UploadPart,
};

use super::super::store::broke_off;
use super::super::{ByteStream, SourceError};
use super::cannot_write;
use crate::backup::BackupPart;

/// The least bytes of a part. All but the last are of one size: some stores demand it.
const PART: u64 = 8 << 20;

/// Parts that an object may have with a margin: stores take 10,000.
const PARTS: u64 = 9_000;

/// Parts that are sent at the same time; each is in memory, as is the one that is filled.
const AT_ONCE: usize = 3;

/// Uploads what the stream holds. Memory is bounded by a few parts, whose size `about`, the bytes to
/// expect, decides: 8 MiB up to 70 GiB.
pub(super) async fn upload(
    store: &dyn ObjectStore,
    location: &Path,
    key: &str,
    content: ByteStream,
    about: Option<u64>,
) -> Result<BackupPart, SourceError> {
    let mut pieces = Pieces::of(content, part_size(about));
    let first = pieces.next(key).await?;
    let result = if pieces.ended {
        store.put(location, payload(first)).await.map_err(|error| cannot_write(&error, key))?
    } else {
        in_parts(store, location, key, first, &mut pieces).await?
    };
    Ok(BackupPart {
        key: key.to_owned(),
        size: pieces.read,
        modified: Timestamp::now(),
        etag: result.e_tag,
    })
}

fn part_size(about: Option<u64>) -> u64 {
    about.map_or(PART, |bytes| bytes.div_ceil(PARTS).next_multiple_of(1 << 20).max(PART))
}

async fn in_parts(
    store: &dyn ObjectStore,
    location: &Path,
    key: &str,
    first: Vec<Bytes>,
    pieces: &mut Pieces,
) -> Result<PutResult, SourceError> {
    let begun = store.put_multipart(location).await.map_err(|error| cannot_write(&error, key))?;
    let mut upload = Upload { parts: FuturesUnordered::new(), multipart: Some(begun) };
    match upload.send(key, first, pieces).await {
        Ok(result) => Ok(result),
        Err(error) => {
            upload.abort(key).await;
            Err(error)
        }
    }
}

/// An upload under way. Dropped before its end it is aborted, so that no parts stay behind that
/// nobody sees and somebody pays for.
struct Upload {
    parts: FuturesUnordered<UploadPart>,
    multipart: Option<Box<dyn MultipartUpload>>,
}

impl Upload {
    async fn send(
        &mut self,
        key: &str,
        first: Vec<Bytes>,
        pieces: &mut Pieces,
    ) -> Result<PutResult, SourceError> {
        let mut next = Some(first);
        while let Some(piece) = next {
            let Some(multipart) = &mut self.multipart else { break };
            self.parts.push(multipart.put_part(payload(piece)));
            next = self.fill(key, pieces).await?;
        }
        self.settle(key, 0).await?;
        let Some(mut multipart) = self.multipart.take() else {
            return Err(broke_off(std::io::Error::other("the upload was aborted"), key));
        };
        match multipart.complete().await {
            Ok(result) => Ok(result),
            Err(error) => {
                self.multipart = Some(multipart);
                Err(cannot_write(&error, key))
            }
        }
    }

    /// The next part to send; what is under way goes on while it is filled.
    async fn fill(
        &mut self,
        key: &str,
        pieces: &mut Pieces,
    ) -> Result<Option<Vec<Bytes>>, SourceError> {
        if pieces.ended {
            return Ok(None);
        }
        let piece = {
            let mut filling = std::pin::pin!(pieces.next(key));
            loop {
                tokio::select! {
                    piece = &mut filling => break piece?,
                    Some(sent) = self.parts.next() => sent.map_err(|error| cannot_write(&error, key))?,
                }
            }
        };
        self.settle(key, AT_ONCE - 1).await?;
        Ok((!piece.is_empty()).then_some(piece))
    }

    /// Waits until no more than `left` parts are under way.
    async fn settle(&mut self, key: &str, left: usize) -> Result<(), SourceError> {
        while self.parts.len() > left {
            if let Some(sent) = self.parts.next().await {
                sent.map_err(|error| cannot_write(&error, key))?;
            }
        }
        Ok(())
    }

    /// What cannot be aborted is the store's to remove: its rules for unfinished uploads do.
    async fn abort(&mut self, key: &str) {
        self.parts.clear();
        if let Some(mut multipart) = self.multipart.take()
            && let Err(error) = multipart.abort().await
        {
            tracing::warn!(key, %error, "an unfinished upload could not be aborted");
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(mut multipart) = self.multipart.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { drop(multipart.abort().await) });
        }
    }
}

/// The stream in pieces of one size; only the last is smaller.
struct Pieces {
    content: ByteStream,
    size: u64,
    /// Bytes that came.
    read: u64,
    waiting: VecDeque<Bytes>,
    ended: bool,
}

impl Pieces {
    fn of(content: ByteStream, size: u64) -> Self {
        Self { content, size, read: 0, waiting: VecDeque::new(), ended: false }
    }

    /// The next piece; empty, or smaller than the others, at the end.
    async fn next(&mut self, key: &str) -> Result<Vec<Bytes>, SourceError> {
        let mut piece = Vec::new();
        let mut room = self.size;
        while room > 0 {
            let Some(mut chunk) = self.chunk(key).await? else { break };
            if chunk.len() as u64 > room {
                // Within a chunk, so it fits into a usize.
                let rest = chunk.split_off(room as usize);
                self.waiting.push_front(rest);
            }
            room -= chunk.len() as u64;
            piece.push(chunk);
        }
        Ok(piece)
    }

    async fn chunk(&mut self, key: &str) -> Result<Option<Bytes>, SourceError> {
        if let Some(chunk) = self.waiting.pop_front() {
            return Ok(Some(chunk));
        }
        match self.content.next().await {
            Some(Ok(chunk)) => {
                self.read += chunk.len() as u64;
                Ok(Some(chunk))
            }
            Some(Err(error)) => Err(broke_off(error, key)),
            None => {
                self.ended = true;
                Ok(None)
            }
        }
    }
}

fn payload(piece: Vec<Bytes>) -> PutPayload {
    piece.into_iter().collect()
}
