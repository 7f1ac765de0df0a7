//! The loop: look at the throttles, do a batch, adapt; go on after whatever comes in between.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::batch::{self, Finished, Tried};
use super::pace::Pace;
use super::part::{self, Part};
use super::statement::Change;
use super::{BackfillPlan, BackfillReport, Ending};
use crate::migrate::error::{ApplyError, ApplyErrorKind};
use crate::migrate::event::{ApplyEvent, ApplyObserver, Batch, Blocker};
use crate::migrate::hold::{Hold, jittered, rest};
use crate::migrate::state::{self, BackfillStatus, Wanted};
use crate::migrate::throttle::{Signal, Throttles};
use crate::migrate::watched::Watched;

/// How often is looked whether a wait is over.
const LOOK: Duration = Duration::from_millis(500);

/// The longest wait for another attempt.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Connections in succession that may be lost without a batch in between: a batch that takes the server
/// down is not to do so for ever.
const LOSSES: u32 = 10;

/// How often the smallest batch may take too long.
const TOO_LONG: u32 = 5;

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub(in crate::migrate) struct Job<'a> {
    pub(in crate::migrate) change: &'a Change,
    pub(in crate::migrate) key: Option<&'a [String]>,
    pub(in crate::migrate) pace: &'a Pace,
}

/// A backfill under way.
#[derive(Debug)]
pub(in crate::migrate) struct Engine<'a> {
    job: Job<'a>,
    throttles: &'a mut Throttles,
    hold: &'a mut Hold,
    observer: &'a dyn ApplyObserver,
    cancel: &'a CancellationToken,
    watched: Watched,
    /// What it does, until it is told.
    plan: Option<BackfillPlan>,
    relations: Vec<u32>,
    far: Option<BackfillStatus>,
    report: BackfillReport,
    /// Attempts at the present batch that failed.
    failures: u32,
    losses: u32,
    /// Whether an operator wants something else than that it goes on.
    is_held: bool,
    lag: Option<f64>,
}

impl<'a> Engine<'a> {
    pub(in crate::migrate) fn new(
        job: Job<'a>,
        throttles: &'a mut Throttles,
        hold: &'a mut Hold,
        observer: &'a dyn ApplyObserver,
        cancel: &'a CancellationToken,
    ) -> Self {
        let watched = Watched::new(hold.database());
        let report = BackfillReport {
            ending: Ending::Interrupted,
            rows: 0,
            batches: 0,
            seconds: 0.0,
            waited_seconds: 0.0,
            retries: 0,
            reconnects: 0,
            worst_lag_seconds: None,
        };
        Self {
            job,
            throttles,
            hold,
            observer,
            cancel,
            watched,
            plan: None,
            relations: Vec::new(),
            far: None,
            report,
            failures: 0,
            losses: 0,
            is_held: true,
            lag: None,
        }
    }

    /// Does all of it that is left, whatever happens to the connection.
    pub(in crate::migrate) async fn run(
        mut self,
        plan: BackfillPlan,
    ) -> Result<BackfillReport, ApplyError> {
        let begin = Instant::now();
        self.plan = Some(plan);
        let ending = loop {
            match self.work().await {
                Ok(ending) => break ending,
                Err(error) if error.is_lost() && self.losses < LOSSES => {
                    if self.cancel.is_cancelled() || !self.reconnect(error).await? {
                        break Ending::Interrupted;
                    }
                }
                Err(error) => return Err(error),
            }
        };
        self.report.ending = ending;
        self.report.seconds = begin.elapsed().as_secs_f64();
        self.report.rows = self.far.map_or(0, |far| far.rows);
        Ok(self.report)
    }

    /// Whether there is a connection again; not where the caller asks to stop.
    async fn reconnect(&mut self, lost: ApplyError) -> Result<bool, ApplyError> {
        self.losses += 1;
        self.report.reconnects += 1;
        let patience = self.job.pace.reconnect_for;
        let restored = self.hold.restore(lost, patience, self.observer, self.cancel).await;
        if self.cancel.is_cancelled() {
            return Ok(false);
        }
        restored.map(|()| true)
    }

    /// Everything that is known comes from the database, each time that there is a new connection.
    async fn work(&mut self) -> Result<Ending, ApplyError> {
        part::prepare(self.hold.session(), self.hold.run(), &self.job).await?;
        self.relations = part::relations(self.hold.session(), self.hold.run()).await?;
        let far = state::standing(self.hold).await?.backfill;
        if let Some(plan) = self.plan.take() {
            let rows_before = far.as_ref().map_or(0, |far| far.rows);
            self.observer.on_event(&ApplyEvent::BackfillStarted { plan, rows_before });
        }
        self.far = far;
        while let Some(mut part) = self.next_part().await? {
            loop {
                if self.cancel.is_cancelled() || !self.may_go_on().await? {
                    return Ok(Ending::Interrupted);
                }
                if self.batch(&mut part).await? {
                    break;
                }
                rest(self.job.pace.rest, self.cancel).await;
            }
        }
        Ok(Ending::Done)
    }

    async fn next_part(&self) -> Result<Option<Part>, ApplyError> {
        part::next(self.hold.session(), self.hold.run(), &self.job).await
    }

    /// Waits for leave to go on; without it where the caller asks to stop.
    async fn may_go_on(&mut self) -> Result<bool, ApplyError> {
        let begin = Instant::now();
        let mut waits_for = None;
        loop {
            let Some((by, why)) = self.hindrance().await? else { break };
            if waits_for.as_ref() != Some(&by) {
                self.observer.on_event(&ApplyEvent::Paused { by: by.clone(), why });
                waits_for = Some(by);
            }
            rest(LOOK, self.cancel).await;
            if self.cancel.is_cancelled() {
                return Ok(false);
            }
            self.is_held = true;
        }
        if waits_for.is_some() {
            let seconds = begin.elapsed().as_secs_f64();
            self.report.waited_seconds += seconds;
            self.observer.on_event(&ApplyEvent::Resumed { seconds });
        }
        Ok(true)
    }

    /// Who demands a wait, and why.
    async fn hindrance(&mut self) -> Result<Option<(String, String)>, ApplyError> {
        // Each batch sees for itself whether it is wanted.
        if self.is_held && state::heed(self.hold).await? == Wanted::Pause {
            let why = "pgsre migrate resume lets it go on".to_owned();
            return Ok(Some(("operator".to_owned(), why)));
        }
        self.is_held = false;
        let looked = self.throttles.look(self.hold.database(), &self.relations).await;
        self.lag = looked.lag;
        let worst = self.report.worst_lag_seconds.into_iter().chain(looked.lag).reduce(f64::max);
        self.report.worst_lag_seconds = worst;
        match looked.signal {
            Signal::Go => Ok(None),
            Signal::Pause(why) => Ok(Some((looked.by, why))),
            Signal::Abort(why) => {
                let context = format!("{} demands an end: {why}", looked.by);
                Err(ApplyError::new(ApplyErrorKind::Throttled, context))
            }
        }
    }

    /// Tries the next batch. Whether the part is done.
    async fn batch(&mut self, part: &mut Part) -> Result<bool, ApplyError> {
        let interval = self.job.pace.lock_timeout / 2;
        let pid = self.hold.pid();
        let work = batch::run(self.hold, self.job.change, part, self.job.pace);
        let (tried, blockers) = self.watched.run(pid, interval, work, |_| {}).await;
        match tried {
            Ok(Tried::Done(finished)) => {
                self.note(part, finished);
                Ok(part.last.as_ref() == Some(&part.ends))
            }
            // The next look at the operator's wish says what to do.
            Ok(Tried::Held) => {
                self.is_held = true;
                Ok(false)
            }
            Err(error) => self.failed(part, error, blockers).await.map(|()| false),
        }
    }

    fn note(&mut self, part: &mut Part, finished: Finished) {
        (self.failures, self.losses) = (0, 0);
        self.report.batches += 1;
        if finished.is_full {
            part.size = self.job.pace.next_size(part.size, finished.took);
        }
        part.last = Some(finished.last);
        let Some(far) = &mut self.far else { return };
        far.rows += finished.rows;
        far.passed += finished.passed;
        far.batches += 1;
        self.observer.on_event(&ApplyEvent::Batch(Batch {
            table: part.target.relation.clone(),
            rows: finished.rows,
            seconds: finished.took.as_secs_f64(),
            next_size: part.size,
            rows_total: far.rows,
            passed: far.passed,
            estimate: far.estimate,
            lag_seconds: self.lag,
        }));
    }

    /// Waits for another attempt, with a smaller batch where it took too long; else gives up.
    async fn failed(
        &mut self,
        part: &mut Part,
        error: ApplyError,
        blockers: Vec<Blocker>,
    ) -> Result<(), ApplyError> {
        self.failures += 1;
        let pace = self.job.pace;
        let smaller = pace.halved(part.size);
        let again = match error.kind() {
            ApplyErrorKind::TimedOut => smaller < part.size || self.failures < TOO_LONG,
            _ => error.is_race() && self.failures < pace.attempts,
        };
        if !again || error.is_lost() {
            return Err(self.given_up(part, error, &blockers));
        }
        if error.kind() == ApplyErrorKind::TimedOut {
            part.size = smaller;
        }
        self.report.retries += 1;
        let wait = LOOK / 5 * 2_u32.saturating_pow(self.failures.min(10) - 1);
        let wait = jittered(wait.min(LONGEST_WAIT));
        self.observer.on_event(&ApplyEvent::AttemptFailed {
            attempt: self.failures,
            error: error.to_string(),
            blockers,
            seconds: wait.as_secs_f64(),
        });
        rest(wait, self.cancel).await;
        Ok(())
    }

    fn given_up(&self, part: &Part, error: ApplyError, blockers: &[Blocker]) -> ApplyError {
        if error.is_lost()
            || matches!(error.kind(), ApplyErrorKind::Aborted | ApplyErrorKind::Running)
        {
            return error;
        }
        let after = match &part.last {
            Some(last) => format!(" after key ({})", last.join(", ")),
            None => String::new(),
        };
        let times = self.failures;
        let by = blockers.first().map_or_else(String::new, |by| {
            format!(", blocked by process {} ({}): {}", by.pid, by.who, by.query)
        });
        let table = &part.target.relation;
        error.about(format!("a batch of {table}{after} failed {times} times{by}"))
    }
}
