//! What happens while a schema change or a backfill runs: the only path from the engine to a face.

use std::fmt;

use serde::Serialize;

use super::backfill::BackfillPlan;

/// What happens while a schema change or a backfill runs.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ApplyEvent {
    /// A step begins.
    StepStarted {
        /// Its number, from 1.
        step: u32,
        /// How many there are.
        steps: u32,
        /// What it does.
        title: String,
    },
    /// A step is done.
    StepFinished {
        /// Its number, from 1.
        step: u32,
        /// How long it took.
        seconds: f64,
        /// How often it was tried.
        attempts: u32,
    },
    /// An attempt failed; it is tried again.
    AttemptFailed {
        /// The number of the attempt, from 1.
        attempt: u32,
        /// What the server said.
        error: String,
        /// Who was in the way.
        blockers: Vec<Blocker>,
        /// How long is waited before the next.
        seconds: f64,
    },
    /// An index is being built.
    IndexBuild {
        /// What the server does, in its words.
        phase: String,
        /// How much of that is done, from 0 to 1; `None` where that is not known.
        done: Option<f64>,
        /// Transactions that it waits for: it stops nobody meanwhile.
        blockers: Vec<Blocker>,
    },
    /// An index that an earlier attempt left behind invalid was dropped.
    InvalidIndexDropped {
        /// Its name.
        index: String,
    },
    /// A backfill begins, or goes on.
    BackfillStarted {
        /// What it does.
        plan: BackfillPlan,
        /// Rows that were changed before: it goes on where it was.
        rows_before: u64,
    },
    /// A batch is done.
    Batch(Batch),
    /// The backfill waits.
    Paused {
        /// Who demands it: a throttle's name, or `operator`.
        by: String,
        /// Why.
        why: String,
    },
    /// It goes on.
    Resumed {
        /// How long it waited.
        seconds: f64,
    },
    /// The connection was lost; another one is made.
    ConnectionLost {
        /// What was seen of it.
        error: String,
    },
    /// There is a connection again.
    Reconnected {
        /// How long it took.
        seconds: f64,
    },
}

/// A batch that is done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Batch {
    /// The table or partition.
    pub table: String,
    /// Rows that it changed.
    pub rows: u64,
    /// How long it took.
    pub seconds: f64,
    /// The size of the next one.
    pub next_size: u32,
    /// Rows that the backfill has changed so far, in earlier runs too.
    pub rows_total: u64,
    /// Rows that it has gone past so far.
    pub passed: u64,
    /// Rows that it will have gone past at its end: an estimate of the planner's.
    pub estimate: u64,
    /// The worst lag of a replica that a throttle saw before this batch, in seconds.
    pub lag_seconds: Option<f64>,
}

/// A backend in whose way we are, or that is in ours.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Blocker {
    /// Its process.
    pub pid: i32,
    /// Who it is: user and application.
    pub who: String,
    /// What it does, as `pg_stat_activity` has it: `active`, `idle in transaction`.
    pub state: String,
    /// The beginning of its query.
    pub query: String,
    /// How old its transaction is.
    pub seconds: f64,
}

/// Who watches. Calls must not block.
pub trait ApplyObserver: fmt::Debug + Send + Sync {
    /// Called for each event, in order.
    fn on_event(&self, event: &ApplyEvent);
}

/// An observer that watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl ApplyObserver for Unwatched {
    fn on_event(&self, _: &ApplyEvent) {}
}
