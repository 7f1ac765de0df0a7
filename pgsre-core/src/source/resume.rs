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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::collections::VecDeque;
    use std::sync::Mutex;
    use std::time::Duration;

    use async_trait::async_trait;
    use futures::TryStreamExt;
    use jiff::Timestamp;

    use super::*;

    /// One answer: how many bytes come, and then an error or just the end.
    #[derive(Debug)]
    enum Answer {
        Breaks(u64),
        Ends(u64),
        Refuses(SourceErrorKind),
        /// All that was asked for, and that many more.
        Extra(u64),
    }

    /// A store that answers as told, then wholly; it keeps the ranges that it was asked for.
    #[derive(Debug)]
    struct Scripted {
        answers: Mutex<VecDeque<Answer>>,
        asked: Mutex<Vec<Range<u64>>>,
    }

    fn read_only(key: &str) -> SourceError {
        SourceError::new(SourceErrorKind::Denied, format!("{key} is only read"))
    }

    #[async_trait]
    impl Store for Scripted {
        async fn list(&self) -> Result<Vec<BackupPart>, SourceError> {
            Ok(Vec::new())
        }

        async fn read(&self, _: &BackupPart, range: Range<u64>) -> Result<Opened, SourceError> {
            self.asked.lock().unwrap().push(range.clone());
            let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Answer::Extra(0));
            let left = range.end - range.start;
            let broken = || Err(SourceError::new(SourceErrorKind::Unreachable, "reset"));
            let mut items = match answer {
                Answer::Refuses(kind) => return Err(SourceError::new(kind, "refused")),
                Answer::Breaks(bytes) => vec![Ok(bytes.min(left)), broken()],
                Answer::Ends(bytes) => vec![Ok(bytes.min(left))],
                Answer::Extra(bytes) => vec![Ok(left + bytes)],
            };
            let body = items.drain(..).map(|item| {
                item.map(|length| Bytes::from(vec![b'x'; usize::try_from(length).unwrap()]))
            });
            let body = futures::stream::iter(body.collect::<Vec<_>>()).boxed();
            Ok(Opened { body, etag: None })
        }

        async fn write(&self, key: &str, _: Bytes) -> Result<(), SourceError> {
            Err(read_only(key))
        }

        async fn create(&self, key: &str, _: Bytes) -> Result<(), SourceError> {
            Err(read_only(key))
        }

        async fn write_stream(
            &self,
            key: &str,
            _: ByteStream,
            _: Option<u64>,
        ) -> Result<BackupPart, SourceError> {
            Err(read_only(key))
        }

        async fn delete(&self, key: &str) -> Result<(), SourceError> {
            Err(read_only(key))
        }
    }

    struct Reading {
        outcome: Result<usize, SourceError>,
        asked: Vec<Range<u64>>,
    }

    async fn read(size: u64, answers: impl IntoIterator<Item = Answer>) -> Reading {
        let store = Arc::new(Scripted {
            answers: Mutex::new(answers.into_iter().collect()),
            asked: Mutex::default(),
        });
        let part = BackupPart {
            key: "shop.sql".to_owned(),
            size,
            modified: Timestamp::UNIX_EPOCH,
            etag: None,
        };
        let policy =
            RetryPolicy { first_backoff: Duration::from_millis(1), ..RetryPolicy::default() };
        let outcome = match open(Arc::clone(&store) as Arc<dyn Store>, &part, 0..size, policy).await
        {
            Ok(stream) => stream
                .try_fold(0, |read, chunk| async move { Ok(read + chunk.len()) })
                .await
                .map_err(|error| SourceError::from_stream(error, "shop.sql")),
            Err(error) => Err(error),
        };
        let asked = store.asked.lock().unwrap().clone();
        Reading { outcome, asked }
    }

    #[tokio::test]
    async fn a_broken_read_goes_on_from_the_byte_it_reached() {
        let reading = read(100, [Answer::Breaks(30), Answer::Breaks(30)]).await;
        assert_eq!(reading.outcome.unwrap(), 100);
        assert_eq!(reading.asked, [0..100, 30..100, 60..100]);
    }

    #[tokio::test]
    async fn each_byte_gained_earns_new_attempts() {
        let reading = read(100, (0..50).map(|_| Answer::Breaks(1))).await;
        assert_eq!(reading.outcome.unwrap(), 100);
    }

    #[tokio::test]
    async fn a_read_without_progress_gives_up() {
        let reading = read(100, (0..50).map(|_| Answer::Breaks(0))).await;
        assert_eq!(reading.outcome.unwrap_err().kind(), SourceErrorKind::Unreachable);
        assert_eq!(reading.asked.len(), 6);
    }

    #[tokio::test]
    async fn a_body_that_ends_early_is_resumed() {
        let reading = read(100, [Answer::Ends(30)]).await;
        assert_eq!(reading.outcome.unwrap(), 100);
        assert_eq!(reading.asked, [0..100, 30..100]);
    }

    #[tokio::test]
    async fn a_body_that_stays_short_is_an_error() {
        let answers = std::iter::once(Answer::Ends(60)).chain((0..50).map(|_| Answer::Ends(0)));
        let reading = read(100, answers).await;
        assert_eq!(reading.outcome.unwrap_err().kind(), SourceErrorKind::Unreadable);
    }

    #[tokio::test]
    async fn a_body_that_is_too_long_is_an_error() {
        let reading = read(100, [Answer::Extra(1)]).await;
        assert_eq!(reading.outcome.unwrap_err().kind(), SourceErrorKind::Changed);
    }

    #[tokio::test]
    async fn an_object_that_changes_before_the_resumption_is_an_error_at_once() {
        let answers = [Answer::Breaks(30), Answer::Refuses(SourceErrorKind::Changed)];
        let reading = read(100, answers).await;
        assert_eq!(reading.outcome.unwrap_err().kind(), SourceErrorKind::Changed);
        assert_eq!(reading.asked.len(), 2);
    }

    #[tokio::test]
    async fn an_empty_part_is_read_without_a_byte() {
        assert_eq!(read(0, []).await.outcome.unwrap(), 0);
    }
}
