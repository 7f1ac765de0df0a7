//! [`Backfill`]: rows of a table in use, changed in batches.
//!
//! Each batch is a transaction of its own, which also writes how far the backfill is: after a crash of
//! the runner or of the server, and after a failover, it goes on there, with no row done twice or left
//! out. The batches go by a unique key, each to an upper bound that is found first, up to the greatest
//! key at the beginning: rows that are inserted later should get their value by a default or a trigger.
//!
//! A row whose key is changed meanwhile from one that is still to come to one that is past is left out;
//! so is one that moves from a partition to come to one that is done.

use tokio_util::sync::CancellationToken;

use super::error::{ApplyError, ApplyErrorKind};
use super::event::ApplyObserver;
use super::hold::Hold;
use super::state::{self, Contents};
use super::throttle::{Throttle, Throttles};
use crate::postgres::{Database, quote_identifier};

mod batch;
mod engine;
mod key;
mod pace;
mod part;
mod plan;
mod statement;

pub(super) use engine::{Engine, Job};
pub use pace::Pace;
pub use plan::{BackfillPlan, PlannedPart};
pub(super) use plan::{make, survey};
pub(super) use statement::Change;

/// Rows of a table, changed in batches.
///
/// ```no_run
/// # async fn fill() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// use pgsre_core::Database;
/// use pgsre_core::migrate::{Backfill, ReplicaLag, Unwatched};
/// use pgsre_core::postgres::ConnectConfig;
/// use tokio_util::sync::CancellationToken;
///
/// let database = Database::connect(ConnectConfig::parse("postgres://app@db1/shop")?).await?;
/// let report = Backfill::new("orders")
///     .set("tracking_id", "'T' || id")
///     .only_where("tracking_id IS NULL")
///     .throttle(ReplicaLag::new(Duration::from_secs(5)).expecting(["db2", "db3"]))
///     .run(&database, &Unwatched, &CancellationToken::new())
///     .await?;
/// println!("{} rows in {} batches", report.rows, report.batches);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Backfill {
    change: Change,
    name: Option<String>,
    key: Option<Vec<String>>,
    pace: Pace,
    throttles: Throttles,
}

/// How a backfill ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Everything is done, and nothing of ours is left in the database.
    Done,
    /// The caller asked to stop; it can be gone on with.
    Interrupted,
}

/// What a backfill did.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct BackfillReport {
    /// How it ended.
    pub ending: Ending,
    /// Rows that it changed, in earlier runs too.
    pub rows: u64,
    /// Batches that this run did.
    pub batches: u64,
    /// How long this run took, in seconds.
    pub seconds: f64,
    /// How long of that it was throttled or paused.
    pub waited_seconds: f64,
    /// Batches that were tried again: deadlocks, locks that were not to be had, time-outs.
    pub retries: u64,
    /// Connections that were lost.
    pub reconnects: u64,
    /// The worst lag of a replica before a batch, in seconds, where a throttle looked at it.
    pub worst_lag_seconds: Option<f64>,
}

impl Backfill {
    /// Of a table, named as in SQL: `orders`, `shop.orders`, `"Orders"`. Its partitions are done one
    /// after the other.
    #[must_use]
    pub fn new(table: impl Into<String>) -> Self {
        Self::of(Change::of(table))
    }

    /// Of what a step of a plan changes.
    pub(super) fn of(change: Change) -> Self {
        Self {
            change,
            name: None,
            key: None,
            pace: Pace::default(),
            throttles: Throttles::default(),
        }
    }

    /// Sets a column, by its name, to an SQL expression over the row.
    #[must_use]
    pub fn set(mut self, column: &str, expression: impl Into<String>) -> Self {
        self.change.set.push((quote_identifier(column), expression.into()));
        self
    }

    /// Only of rows for which this SQL expression is true: `tracking_id IS NULL`. Where a row that is
    /// done no longer fits it, rows that the application filled meanwhile stay as they are.
    #[must_use]
    pub fn only_where(mut self, condition: impl Into<String>) -> Self {
        self.change.condition = Some(condition.into());
        self
    }

    /// Goes by these columns in place of the primary key. A unique index on exactly them is needed.
    #[must_use]
    pub fn by_key<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.key = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Calls it so: under this name one runner at a time is at it, and it is gone on with. The default is
    /// `backfill of` and the table.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// With batches, time-outs and retries of one's own.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Asks this before each batch. Several are asked in their order.
    #[must_use]
    pub fn throttle(mut self, throttle: impl Throttle) -> Self {
        self.throttles.push(throttle);
        self
    }

    /// What it would do: a dry run. Reads the catalogues, and has the server plan the first statement.
    ///
    /// # Errors
    /// Where it cannot be done so: no such table, no key. Cancel safe.
    pub async fn plan(&self, database: &Database) -> Result<BackfillPlan, ApplyError> {
        let session = database.session().await?;
        let plan = plan::make(&session, &self.change, self.key.as_deref(), &self.pace).await;
        session.close().await;
        plan
    }

    /// Does it, or goes on with it where an earlier run stopped. With `cancel` it stops after the batch.
    ///
    /// # Errors
    /// Where it could not be begun or did not get on. What is done stays done, and a later run goes on
    /// there. A dropped future stops at once: the batch that was under way is as if it had never been.
    pub async fn run(
        self,
        database: &Database,
        observer: &dyn ApplyObserver,
        cancel: &CancellationToken,
    ) -> Result<BackfillReport, ApplyError> {
        let Self { change, name, key, pace, mut throttles } = self;
        if change.set.is_empty() {
            let context = format!("the backfill of {} sets no column", change.table);
            return Err(ApplyError::new(ApplyErrorKind::Invalid, context));
        }
        let name = name.unwrap_or_else(|| format!("backfill of {}", change.table));
        let mut hold = Hold::take(database, &name).await?;
        let job = Job { change: &change, key: key.as_deref(), pace: &pace };
        let report = held(job, &mut throttles, &mut hold, observer, cancel).await;
        // However it went, nobody is to wait for our lock to go.
        hold.close().await;
        report
    }
}

async fn held(
    job: Job<'_>,
    throttles: &mut Throttles,
    hold: &mut Hold,
    observer: &dyn ApplyObserver,
    cancel: &CancellationToken,
) -> Result<BackfillReport, ApplyError> {
    // What cannot be done leaves no state behind.
    let plan = plan::make(hold.session(), job.change, job.key, job.pace).await?;
    let (hash, title) = (job.change.hash(job.key), job.change.title());
    let contents = Contents { hash: &hash, steps: 1, title: &title, forced: None, plan: None };
    state::begin(hold, &contents).await?;
    let report = Engine::new(job, throttles, hold, observer, cancel).run(plan).await?;
    if report.ending == Ending::Done {
        state::forget(hold).await?;
    }
    Ok(report)
}
