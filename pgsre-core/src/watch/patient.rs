//! A history that may take its time, and whose watcher may not.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::history::samples::{SampleStore, SampleStoreError, Series, SeriesQuery};
use crate::monitor::Reading;

/// How long a history may take for one thing. Those that we bring give up before.
const PATIENCE: Duration = Duration::from_secs(10);

/// What it may have to do at the same time: each may hold a thread.
const AT_ONCE: usize = 32;

/// Bounds a [`SampleStore`] in time. While something of it hangs, nothing more is asked of it.
#[derive(Debug)]
pub(super) struct Patient {
    store: Arc<dyn SampleStore>,
    places: Arc<Semaphore>,
    /// What was given up and still is at work.
    hanging: Arc<AtomicUsize>,
    patience: Duration,
}

impl Patient {
    pub(super) fn new(store: Arc<dyn SampleStore>) -> Self {
        let (places, hanging) = (Arc::new(Semaphore::new(AT_ONCE)), Arc::default());
        Self { store, places, hanging, patience: PATIENCE }
    }

    async fn within<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, SampleStoreError>> + Send + 'static,
    ) -> Result<T, SampleStoreError> {
        if self.hanging.load(Ordering::Acquire) > 0 {
            return Err(SampleStoreError::new("the history still does not answer"));
        }
        let slow = |_| {
            let seconds = self.patience.as_secs();
            SampleStoreError::new(format!("the history gave no answer within {seconds} s"))
        };
        let broken = |error: tokio::task::JoinError| {
            SampleStoreError::new("the work on the history was broken off").with_cause(error)
        };
        // What waits for its place is not at work yet, and does not hang.
        let waiting = Arc::clone(&self.places).acquire_owned();
        let place = tokio::time::timeout(self.patience, waiting).await.map_err(slow)?;
        let mut task = tokio::spawn(async move {
            let done = work.await;
            drop(place);
            done
        });
        match tokio::time::timeout(self.patience, &mut task).await {
            Ok(done) => done.map_err(broken)?,
            Err(elapsed) => {
                self.hanging.fetch_add(1, Ordering::AcqRel);
                let hanging = Arc::clone(&self.hanging);
                tokio::spawn(async move {
                    drop(task.await);
                    hanging.fetch_sub(1, Ordering::AcqRel);
                });
                Err(slow(elapsed))
            }
        }
    }
}

#[async_trait]
impl SampleStore for Patient {
    async fn record(&self, reading: &Reading) -> Result<(), SampleStoreError> {
        let (store, reading) = (Arc::clone(&self.store), reading.clone());
        self.within(async move { store.record(&reading).await }).await
    }

    async fn series(&self, query: &SeriesQuery) -> Result<Vec<Series>, SampleStoreError> {
        let (store, query) = (Arc::clone(&self.store), query.clone());
        self.within(async move { store.series(&query).await }).await
    }

    async fn prune(&self, now: Timestamp) -> Result<(), SampleStoreError> {
        let store = Arc::clone(&self.store);
        self.within(async move { store.prune(now).await }).await
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use tokio::sync::Notify;

    use super::*;

    /// Answers when it is told to.
    #[derive(Debug, Default)]
    struct Hangs {
        go: Notify,
        asked: AtomicUsize,
    }

    #[async_trait]
    impl SampleStore for Hangs {
        async fn record(&self, _: &Reading) -> Result<(), SampleStoreError> {
            Ok(())
        }

        async fn series(&self, _: &SeriesQuery) -> Result<Vec<Series>, SampleStoreError> {
            Ok(Vec::new())
        }

        async fn prune(&self, _: Timestamp) -> Result<(), SampleStoreError> {
            self.asked.fetch_add(1, Ordering::AcqRel);
            self.go.notified().await;
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_history_that_hangs_is_given_up_asked_no_more_and_used_again_when_it_answers() {
        let hangs = Arc::new(Hangs::default());
        let store = Arc::clone(&hangs) as Arc<dyn SampleStore>;
        let patient = Patient { patience: Duration::from_millis(50), ..Patient::new(store) };
        let now = Timestamp::UNIX_EPOCH;
        let given_up = patient.prune(now).await.unwrap_err();
        assert!(given_up.to_string().contains("no answer"), "{given_up}");
        let refused = patient.prune(now).await.unwrap_err();
        assert!(refused.to_string().contains("still"), "{refused}");
        assert_eq!(hangs.asked.load(Ordering::Acquire), 1, "the second was not asked for");
        hangs.go.notify_one();
        while patient.hanging.load(Ordering::Acquire) > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        hangs.go.notify_one();
        patient.prune(now).await.unwrap();
    }
}
