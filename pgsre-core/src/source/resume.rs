//! A read that survives broken connections: it goes on by range from the byte it reached.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt};

use super::store::{Body, Opened, Store};
use super::{ByteStream, RetryPolicy, SourceError, SourceErrorKind};
use crate::backup::BackupPart;

/// Opens `range` of `part` and keeps it open until its last byte.
pub(super) async fn open(
    store: Arc<dyn Store>,
    part: &BackupPart,
    range: Range<u64>,
    policy: RetryPolicy,
) -> Result<ByteStream, SourceError> {
    let opened = store.read(part, range.clone()).await?;
    let mut read = Read {
        store,
        part: part.clone(),
        at: range.start,
        end: range.end,
        policy,
        body: None,
        fruitless: 0,
        finished: false,
    };
    read.begin(opened);
    let stream = futures::stream::try_unfold(read, |mut read| async move {
        let chunk = read.next().await?;
        Ok::<_, SourceError>(chunk.map(|chunk| (chunk, read)))
    });
    Ok(stream.map_err(std::io::Error::other).boxed())
}

struct Read {
    store: Arc<dyn Store>,
    part: BackupPart,
    at: u64,
    end: u64,
    policy: RetryPolicy,
    body: Option<Body>,
    /// Attempts since the last byte.
    fruitless: u32,
    finished: bool,
}

impl Read {
    /// A store that lists no entity tags is held to the one of its first response.
    fn begin(&mut self, opened: Opened) {
        self.body = Some(opened.body);
        self.part.etag = self.part.etag.take().or(opened.etag);
    }

    async fn next(&mut self) -> Result<Option<Bytes>, SourceError> {
        while self.at < self.end {
            let Some(body) = &mut self.body else {
                self.reopen().await?;
                continue;
            };
            match body.next().await {
                Some(Ok(chunk)) if chunk.is_empty() => {}
                Some(Ok(chunk)) => return self.gained(chunk).map(Some),
                Some(Err(error)) => self.lost(error).await?,
                None => self.lost(self.short()).await?,
            }
        }
        self.finish().await.map(|()| None)
    }

    fn gained(&mut self, chunk: Bytes) -> Result<Bytes, SourceError> {
        self.fruitless = 0;
        self.at += chunk.len() as u64;
        if self.at > self.end { Err(self.longer()) } else { Ok(chunk) }
    }

    async fn reopen(&mut self) -> Result<(), SourceError> {
        tracing::info!(key = %self.part.key, offset = self.at, "the read broke off and is resumed");
        match self.store.read(&self.part, self.at..self.end).await {
            Ok(opened) => {
                self.begin(opened);
                Ok(())
            }
            Err(error) => self.lost(error).await,
        }
    }

    /// Waits before the next attempt, or gives up.
    async fn lost(&mut self, error: SourceError) -> Result<(), SourceError> {
        let short = error.kind() == SourceErrorKind::Unreadable && self.body.is_some();
        self.body = None;
        self.fruitless += 1;
        if !(error.is_transient() || short) || self.fruitless > self.policy.resumes {
            return Err(error);
        }
        tokio::time::sleep(self.policy.backoff(self.fruitless)).await;
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), SourceError> {
        if std::mem::replace(&mut self.finished, true) {
            return Ok(());
        }
        if let Some(Some(Some(Ok(more)))) =
            self.body.as_mut().map(|body| body.next().now_or_never())
            && !more.is_empty()
        {
            return Err(self.longer());
        }
        self.body = None;
        self.store.confirm(&self.part).await
    }

    fn short(&self) -> SourceError {
        SourceError::new(
            SourceErrorKind::Unreadable,
            format!(
                "{} ends after {} of its {} bytes: the store cuts it short",
                self.part.key, self.at, self.end
            ),
        )
    }

    fn longer(&self) -> SourceError {
        SourceError::new(
            SourceErrorKind::Changed,
            format!(
                "{} has more bytes than the {} that were listed",
                self.part.key, self.part.size
            ),
        )
    }
}
