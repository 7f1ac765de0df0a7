//! The connections beside the main one, and what runs on them.

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::connection::Connection;
use super::data::{Fed, Shared};
use super::post::Ran;
use crate::restore::{TargetError, TargetErrorKind};

/// A connection that works beside others.
#[derive(Debug)]
pub(super) struct Lane {
    /// From 0.
    pub(super) number: usize,
    pub(super) connection: Connection,
}

/// What came to its end beside the main connection.
#[derive(Debug)]
pub(super) enum Finished {
    /// A share of a table's rows was sent.
    Shared(Box<Shared>),
    /// A table's data was read.
    Fed(Fed),
    /// A statement behind the data ran.
    Ran(Box<Ran>),
}

/// Connections that work at the same time.
#[derive(Debug)]
pub(super) struct Lanes {
    most: usize,
    open: usize,
    idle: Vec<Lane>,
    running: JoinSet<Result<Finished, TargetError>>,
    /// Ends what runs: with the whole run, or where only this load is given up.
    stop: CancellationToken,
}

impl Lanes {
    pub(super) fn new(most: usize, cancel: &CancellationToken) -> Self {
        Self {
            most,
            open: 0,
            idle: Vec::new(),
            running: JoinSet::new(),
            stop: cancel.child_token(),
        }
    }

    /// How many there may be.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// How many could begin something now.
    pub(super) fn free(&self) -> usize {
        self.idle.len() + self.most.saturating_sub(self.open)
    }

    /// Whether at least one is open.
    pub(super) fn are_open(&self) -> bool {
        self.open > 0
    }

    /// Whether something runs.
    pub(super) fn is_busy(&self) -> bool {
        !self.running.is_empty()
    }

    /// A lane with nothing to do, opened where there is none; `None` where the server gives no
    /// more: then there are as many as there are now, from here on.
    pub(super) async fn take(&mut self, main: &Connection) -> Result<Option<Lane>, TargetError> {
        if let Some(lane) = self.idle.pop() {
            return Ok(Some(lane));
        }
        if self.open >= self.most {
            return Ok(None);
        }
        let Some(connection) = main.beside(&self.stop).await? else {
            self.most = self.open;
            return Ok(None);
        };
        let number = self.open;
        self.open += 1;
        Ok(Some(Lane { number, connection }))
    }

    /// A lane has nothing to do any more.
    pub(super) fn give_back(&mut self, lane: Lane) {
        self.idle.push(lane);
        // The first is asked first, so that few are used where few are needed.
        self.idle.sort_by_key(|lane| std::cmp::Reverse(lane.number));
    }

    /// Begins something.
    pub(super) fn begin(
        &mut self,
        work: impl Future<Output = Result<Finished, TargetError>> + Send + 'static,
    ) {
        self.running.spawn(work);
    }

    /// What ends the work that is begun.
    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// The next thing that comes to its end; waits for ever where nothing runs. Cancel safe.
    ///
    /// # Errors
    /// Where the target broke, or the run was cancelled.
    pub(super) async fn finished(&mut self) -> Result<Finished, TargetError> {
        match self.running.join_next().await {
            Some(Ok(finished)) => finished,
            Some(Err(broken)) => Err(TargetError::new(
                TargetErrorKind::Failed,
                "a part of the load that ran beside others broke off",
            )
            .with_hint("this is a fault of pgsre: please report it with the dump's kind")
            .with_cause(broken)),
            None => std::future::pending().await,
        }
    }

    /// Cancels what runs, on the server too, and closes all lanes.
    pub(super) async fn abandon(&mut self) {
        self.stop.cancel();
        while self.running.join_next().await.is_some() {}
        self.close().await;
    }

    /// Closes the lanes, which must have nothing to do; the next to be taken are new.
    pub(super) async fn close(&mut self) {
        self.open -= self.idle.len().min(self.open);
        for lane in self.idle.drain(..) {
            lane.connection.close().await;
        }
    }
}
