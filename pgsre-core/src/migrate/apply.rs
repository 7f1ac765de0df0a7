//! [`Apply`]: the steps of a plan, run on a server in use.
//!
//! A step that is a transaction also writes, in that transaction, that it is done; a backfill does so
//! with each batch; a statement that runs outside of transactions is noted before it begins, and what it
//! left is looked at before it is run again. A runner that was killed, a server that was restarted and a
//! standby that was promoted are gone on with where they were: the state is in the schema
//! `pgsre_migrate` of the database itself, and is removed at the end.
//!
//! No step waits for a lock for longer than its `lock_timeout`: those who come later wait behind it as
//! long, and no longer. Where it is not to be had, the step is tried again.

use std::time::{Duration, Instant};

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::backfill::{self, BackfillPlan, Change, Pace};
use super::error::{ApplyError, ApplyErrorKind};
use super::event::ApplyObserver;
use super::hold::Hold;
use super::plan::{PLAN_SCHEMA, Plan, Work};
use super::state::{self, Contents};
use super::throttle::{Throttle, Throttles};
use crate::postgres::Database;
pub use fitness::Obstacle;
pub use hook::Hook;
use runner::Runner;

mod alone;
mod fitness;
mod hook;
mod runner;
mod transaction;

/// The shape of a report's JSON.
pub const APPLY_SCHEMA: u32 = 1;

/// A plan to run.
///
/// ```no_run
/// # async fn apply() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// use pgsre_core::Database;
/// use pgsre_core::migrate::{Apply, Linter, ReplicaLag, Schema, Unwatched};
/// use pgsre_core::postgres::ConnectConfig;
/// use tokio_util::sync::CancellationToken;
///
/// let cancel = CancellationToken::new();
/// let database = Database::connect(ConnectConfig::parse("postgres://app@db1/shop")?).await?;
/// let schema = Schema::read(&database, &cancel).await?;
/// let plan = Linter::with_schema(database.version().major(), schema)
///     .plan("42.sql", "create index on orders (tracking_id);");
/// let report = Apply::new(plan)
///     .expecting(["db2", "db3"])
///     .throttle(ReplicaLag::new(Duration::from_secs(5)).expecting(["db2", "db3"]))
///     .run(&database, &Unwatched, &cancel)
///     .await?;
/// println!("{:?} after {} s", report.ending, report.seconds);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Apply {
    plan: Plan,
    name: String,
    patience: Patience,
    pace: Pace,
    throttles: Throttles,
    hooks: Vec<Box<dyn Hook>>,
    expected: Vec<String>,
    forced: Option<String>,
}

/// How long locks are waited for, and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct Patience {
    /// How long a step may wait for its locks, in place of what the plan says.
    pub lock_timeout: Option<Duration>,
    /// How often a step is tried whose locks are not to be had.
    pub attempts: u32,
    /// Between the first two attempts; twice as long from one to the next, half of it to one and a half.
    pub first_wait: Duration,
    /// Between two attempts at most.
    pub longest_wait: Duration,
    /// How long a connection that was lost is tried to be made again.
    pub reconnect_for: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            lock_timeout: None,
            attempts: 60,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(30),
            reconnect_for: Duration::from_secs(600),
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplyEnding {
    /// Every step is done, and nothing of ours is left in the database.
    Done,
    /// The next step is a release of the applications; it goes on when that is out.
    Waiting,
    /// The caller asked to stop; it can be gone on with.
    Interrupted,
}

/// What a run did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ApplyReport {
    /// [`APPLY_SCHEMA`].
    pub schema: u32,
    /// The run's name.
    pub run: String,
    /// The plan's number.
    pub plan: String,
    /// How it ended.
    pub ending: ApplyEnding,
    /// What it waits for, where it does.
    pub waits_for: Option<String>,
    /// The step that is next, from 1; one more than there are where all are done.
    pub next_step: u32,
    /// How many there are.
    pub steps: u32,
    /// What this run did, in order; what earlier runs did is not in it.
    pub done: Vec<AppliedStep>,
    /// How long this run took, in seconds.
    pub seconds: f64,
    /// Connections that were lost.
    pub reconnects: u64,
    /// Why it was begun on a server that is not fit for it.
    pub forced: Option<String>,
}

/// A step that is done.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AppliedStep {
    /// Its number, from 1.
    pub number: u32,
    /// What it did.
    pub title: String,
    /// How long it took, in seconds, the waits between its attempts included.
    pub seconds: f64,
    /// How long the attempt that succeeded took, in seconds.
    pub work_seconds: f64,
    /// How often it was tried.
    pub attempts: u32,
    /// Rows that its backfill changed, in earlier runs too; 0 where it is none.
    pub rows: u64,
    /// The worst lag of a replica before a batch, in seconds, where a throttle looked at it.
    pub worst_lag_seconds: Option<f64>,
}

/// What a run would do: a dry run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ApplyPreview {
    /// [`APPLY_SCHEMA`].
    pub schema: u32,
    /// The run's name.
    pub run: String,
    /// The step that it would begin with, from 1: later ones where it goes on.
    pub next_step: u32,
    /// The plan.
    pub plan: Plan,
    /// What its backfills would do, each with the number of its step; of a column that an earlier step
    /// makes the statement is not checked.
    pub backfills: Vec<(u32, BackfillPlan)>,
    /// Why it would not be begun.
    pub obstacles: Vec<Obstacle>,
    /// What could not be looked at.
    pub unseen: Vec<String>,
}

impl Apply {
    /// Of a plan. The run is called as the file that the plan was made from.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self {
            name: run_of(&plan.source),
            plan,
            patience: Patience::default(),
            pace: Pace::default(),
            throttles: Throttles::default(),
            hooks: Vec::new(),
            expected: Vec::new(),
            forced: None,
        }
    }

    /// Calls the run so: under this name one runner at a time is at it, and it is gone on with.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// With time-outs and retries of one's own.
    #[must_use]
    pub fn patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// With batches of one's own.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Asks this before each batch of a backfill. Several are asked in their order.
    #[must_use]
    pub fn throttle(mut self, throttle: impl Throttle) -> Self {
        self.throttles.push(throttle);
        self
    }

    /// Calls this before and after each step.
    #[must_use]
    pub fn hook(mut self, hook: impl Hook) -> Self {
        self.hooks.push(Box::new(hook));
        self
    }

    /// Replicas that must be there when it begins, by application name, slot or address. Those with a
    /// physical slot must be there in any case.
    #[must_use]
    pub fn expecting<S: Into<String>>(mut self, replicas: impl IntoIterator<Item = S>) -> Self {
        self.expected.extend(replicas.into_iter().map(Into::into));
        self
    }

    /// Begins though the server is not fit for it, or though a step of the plan has no form that stops
    /// nobody. The reason is kept with the run.
    #[must_use]
    pub fn force(mut self, reason: impl Into<String>) -> Self {
        self.forced = Some(reason.into());
        self
    }

    /// What it would do. Reads only.
    ///
    /// # Errors
    /// Where the server cannot be looked at, or a backfill cannot be done. Cancel safe.
    pub async fn preview(&self, database: &Database) -> Result<ApplyPreview, ApplyError> {
        self.check(database)?;
        let standing = state::runs(database).await?;
        let standing = standing.into_iter().find(|run| run.name == self.name);
        let next_step = match &standing {
            Some(run) => run.step,
            None => 1,
        };
        let looked = fitness::look(self, database).await?;
        Ok(ApplyPreview {
            schema: APPLY_SCHEMA,
            run: self.name.clone(),
            next_step,
            backfills: self.backfills(database, next_step).await?,
            plan: self.plan.clone(),
            obstacles: looked.obstacles,
            unseen: looked.unseen,
        })
    }

    /// Runs the steps, or goes on with them where an earlier run stopped. With `cancel` it stops after
    /// the batch, or breaks off the statement that is under way, which is then as if it had never been.
    ///
    /// # Errors
    /// Where it could not be begun or did not get on. What is done stays done, and a later run goes on
    /// there. A dropped future stops at once; an index that was being built is then dropped by the next
    /// run.
    pub async fn run(
        mut self,
        database: &Database,
        observer: &dyn ApplyObserver,
        cancel: &CancellationToken,
    ) -> Result<ApplyReport, ApplyError> {
        let begin = Instant::now();
        self.check(database)?;
        let throttles = std::mem::take(&mut self.throttles);
        let mut hold = Hold::take(database, &self.name).await?;
        let report = self.held(throttles, &mut hold, observer, cancel).await;
        // However it went, nobody is to wait for our lock to go.
        hold.close().await;
        let mut report = report?;
        report.seconds = begin.elapsed().as_secs_f64();
        Ok(report)
    }

    async fn held(
        &self,
        throttles: Throttles,
        hold: &mut Hold,
        observer: &dyn ApplyObserver,
        cancel: &CancellationToken,
    ) -> Result<ApplyReport, ApplyError> {
        if !state::is_under_way(hold).await? {
            self.refuse_unfit(hold.database()).await?;
            self.backfills(hold.database(), 1).await?;
        }
        let text = serde_json::to_string(&self.plan).unwrap_or_default();
        let contents = Contents {
            hash: &self.plan.id,
            steps: u32::try_from(self.plan.steps.len()).unwrap_or(u32::MAX),
            title: self.plan.steps.first().map_or("", |step| &step.title),
            forced: self.forced.as_deref(),
            plan: Some(&text),
        };
        let standing = state::begin(hold, &contents).await?;
        let mut report = Runner::new(self, throttles, hold, observer, cancel).run().await?;
        report.forced = standing.forced;
        Ok(report)
    }

    /// What can be said without the server's catalogue.
    fn check(&self, database: &Database) -> Result<(), ApplyError> {
        let invalid = |context: String| Err(ApplyError::new(ApplyErrorKind::Invalid, context));
        if self.plan.schema != PLAN_SCHEMA {
            let shape = self.plan.schema;
            return invalid(format!("the plan has the shape {shape}; {PLAN_SCHEMA} is understood"));
        }
        if !self.plan.is_intact() {
            return Err(ApplyError::new(
                ApplyErrorKind::Changed,
                format!("the plan of {} was changed after it was made", self.plan.source),
            ));
        }
        if !self.plan.steps.iter().map(|step| step.number).eq((1..).take(self.plan.steps.len())) {
            return invalid(format!("the steps of {} are not numbered from 1", self.plan.source));
        }
        let (planned, server) = (self.plan.server_version, database.version().major());
        if planned != server {
            return invalid(format!(
                "the plan is for PostgreSQL {planned}, and the server is {server}: plan it again"
            ));
        }
        Ok(())
    }

    async fn refuse_unfit(&self, database: &Database) -> Result<(), ApplyError> {
        if self.forced.is_some() {
            return Ok(());
        }
        let obstacles = fitness::look(self, database).await?.obstacles;
        if obstacles.is_empty() {
            return Ok(());
        }
        let all: Vec<String> = obstacles.iter().map(|one| one.what.clone()).collect();
        let context = format!("{} is not begun: {}", self.name, all.join("; "));
        Err(ApplyError::new(ApplyErrorKind::Unfit, context))
    }

    /// What the backfills from this step on would do. A table without a key is refused here, before
    /// anything is changed; one that an earlier step makes is looked at when it is there.
    async fn backfills(
        &self,
        database: &Database,
        from: u32,
    ) -> Result<Vec<(u32, BackfillPlan)>, ApplyError> {
        let session = database.session().await?;
        let mut plans = Vec::new();
        for step in self.plan.steps.iter().filter(|step| step.number >= from) {
            let Work::Backfill { table, set, condition } = &step.work else { continue };
            let change = Change::of_step(table, set, condition.as_deref());
            match backfill::survey(&session, &change, &self.pace).await {
                Ok(plan) => plans.push((step.number, plan)),
                Err(error) if error.kind() == ApplyErrorKind::Invalid => {}
                Err(error) => return Err(error),
            }
        }
        session.close().await;
        Ok(plans)
    }
}

/// The plan that a file was begun with and that is not done yet; none where there is none.
///
/// A plan is made upon the schema as it is: one that is made anew in the middle of a run is another one.
///
/// # Errors
/// Where the file was begun and held something else then. Cancel safe.
pub async fn under_way(
    database: &Database,
    source: &str,
    text: &str,
) -> Result<Option<Plan>, ApplyError> {
    let name = run_of(source);
    let standing = state::runs(database).await?.into_iter().find(|run| run.name == name);
    let Some(plan) = standing.and_then(|run| run.plan) else { return Ok(None) };
    if plan.is_of(text) {
        return Ok(Some(plan));
    }
    let context = format!("{name} was begun with other contents, and is not done");
    Err(ApplyError::new(ApplyErrorKind::Changed, context))
}

/// What the run of a file is called: by its name, and where all have the same name by its directory's.
fn run_of(source: &str) -> String {
    let parts: Vec<&str> = source.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [.., directory, name @ ("up.sql" | "migration.sql")] => format!("{directory}/{name}"),
        [.., name] => (*name).to_owned(),
        [] => "migration".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_called_by_its_file_whatever_directory_one_is_in() {
        assert_eq!(run_of("migrations/42_add.sql"), "42_add.sql");
        assert_eq!(run_of("42_add.sql"), "42_add.sql");
        assert_eq!(run_of("migrations/2024-01-01_add/up.sql"), "2024-01-01_add/up.sql");
        assert_eq!(run_of(""), "migration");
    }
}
