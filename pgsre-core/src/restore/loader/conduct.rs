//! Who does what when: hands out work to connections that have none, and takes back what they did.

use std::time::Duration;

use super::cancel::cancelled;
use super::lanes::Finished;
use super::{ArchiveItems, Loader};
use crate::archive::{ArchiveError, ArchiveItem};
use crate::restore::{LoadEvent, TargetError};

/// How often progress is looked at while nothing else happens.
const LOOK: Duration = Duration::from_millis(500);

impl Loader<'_> {
    /// The next item; what ends meanwhile is taken back, and what can be begun is.
    pub(super) async fn next_item(
        &mut self,
        items: &mut dyn ArchiveItems,
    ) -> Result<Result<Option<ArchiveItem>, ArchiveError>, TargetError> {
        loop {
            if self.broken {
                return Ok(Ok(None));
            }
            self.begin_work().await?;
            let (wanted, helps) = (self.fills.more_wanted(), self.lanes.free() > 0);
            let finished = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(cancelled()),
                finished = self.lanes.finished() => Some(finished?),
                () = wanted.notified(), if helps => None,
                item = items.next() => {
                    self.tell_read(items.bytes_read());
                    return Ok(item);
                }
                () = tokio::time::sleep(LOOK) => None,
            };
            self.tell_read(items.bytes_read());
            match finished {
                Some(finished) => self.take_back(finished).await,
                None => self.tell_progress(),
            }
        }
    }

    /// Waits for something; what ends meanwhile is taken back, and what can be begun is.
    pub(super) async fn meanwhile<F: Future>(&mut self, work: F) -> Result<F::Output, TargetError> {
        let mut work = std::pin::pin!(work);
        loop {
            let finished = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(cancelled()),
                done = &mut work => return Ok(done),
                finished = self.lanes.finished() => finished?,
            };
            self.take_back(finished).await;
            self.begin_work().await?;
        }
    }

    /// Waits until the data that was handed out is in.
    pub(super) async fn settle_data(&mut self) -> Result<(), TargetError> {
        while self.fills.are_open() && self.step().await? {}
        self.judge_stash(true).await
    }

    /// Waits until everything that was handed out is done.
    pub(super) async fn settle_all(&mut self) -> Result<(), TargetError> {
        while self.step().await? {}
        self.judge_stash(false).await
    }

    /// Ends what belongs to one database: all that it is made of was handed out.
    pub(super) async fn settle_handed_out(&mut self) -> Result<(), TargetError> {
        self.all_is_handed_out();
        self.settle_all().await?;
        self.run_leftovers().await?;
        self.judge_stash(false).await?;
        self.all_is_done();
        self.run_held().await
    }

    /// Goes on until one more thing is done. Whether there was one.
    pub(super) async fn step(&mut self) -> Result<bool, TargetError> {
        self.begin_work().await?;
        if !self.lanes.is_busy() {
            if self.run_again().await? {
                return Ok(true);
            }
            if self.stash.is_full() {
                self.judge_stash(false).await?;
                return Ok(true);
            }
            return Ok(false);
        }
        let (wanted, helps) = (self.fills.more_wanted(), self.lanes.free() > 0);
        let finished = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(cancelled()),
            finished = self.lanes.finished() => Some(finished?),
            () = wanted.notified(), if helps => None,
            () = tokio::time::sleep(LOOK) => None,
        };
        match finished {
            Some(finished) => self.take_back(finished).await,
            None => self.tell_progress(),
        }
        Ok(true)
    }

    /// Whether there is a connection that can work beside the main one.
    pub(super) async fn beside(&mut self) -> Result<bool, TargetError> {
        if self.manner.jobs == 1 {
            return Ok(false);
        }
        if self.lanes.are_open() {
            return Ok(true);
        }
        if let Some(lane) = self.lanes.take(&self.connection).await? {
            self.lanes.give_back(lane);
            return Ok(true);
        }
        self.manner.jobs = 1;
        Ok(false)
    }

    /// Gives up everything that runs beside the main connection.
    pub(super) async fn give_up(&mut self) {
        self.broken = true;
        self.fills.give_up();
        self.post.give_up();
        self.lanes.abandon().await;
    }

    async fn begin_work(&mut self) -> Result<(), TargetError> {
        if !self.lanes.is_busy() {
            while self.run_again().await? {}
        }
        while self.lanes.free() > 0 {
            if !self.begin_data().await? && !self.begin_post().await? {
                break;
            }
        }
        Ok(())
    }

    async fn take_back(&mut self, finished: Finished) {
        match finished {
            Finished::Shared(shared) => self.shared(*shared),
            Finished::Fed(fed) => self.fed(fed).await,
            Finished::Ran(ran) => self.ran(*ran),
        }
    }

    pub(super) fn tell_working(&self, connection: usize, on: Option<String>) {
        self.observer.on_load(&LoadEvent::Working { connection, on });
    }
}
