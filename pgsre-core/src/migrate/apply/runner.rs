//! The loop over the steps: where it stands comes from the database, whatever happened before.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::{APPLY_SCHEMA, AppliedStep, Apply, ApplyEnding, ApplyReport, alone, transaction};
use crate::migrate::backfill::{self, Change, Ending, Engine, Job};
use crate::migrate::error::{ApplyError, ApplyErrorKind};
use crate::migrate::event::{ApplyEvent, ApplyObserver, Blocker};
use crate::migrate::hold::{Hold, jittered, rest};
use crate::migrate::plan::{Step, Work};
use crate::migrate::state::{self, RunStatus, Wanted};
use crate::migrate::throttle::Throttles;
use crate::migrate::watched::Watched;

/// How often is looked whether an operator lets it go on.
const LOOK: Duration = Duration::from_millis(500);

/// Connections that may be lost in one step: a statement that takes the server down is not to do so for
/// ever.
const LOSSES: u32 = 10;

/// A run under way.
#[derive(Debug)]
pub(super) struct Runner<'a> {
    apply: &'a Apply,
    throttles: Throttles,
    pub(super) hold: &'a mut Hold,
    pub(super) observer: &'a dyn ApplyObserver,
    pub(super) cancel: &'a CancellationToken,
    pub(super) watched: Watched,
    report: ApplyReport,
    /// The settings of the steps up to this one are made on the present connection.
    settled: u32,
}

/// How a step went.
enum Went {
    Done(AppliedStep),
    Interrupted,
}

impl<'a> Runner<'a> {
    pub(super) fn new(
        apply: &'a Apply,
        throttles: Throttles,
        hold: &'a mut Hold,
        observer: &'a dyn ApplyObserver,
        cancel: &'a CancellationToken,
    ) -> Self {
        let report = ApplyReport {
            schema: APPLY_SCHEMA,
            run: apply.name.clone(),
            plan: apply.plan.id.clone(),
            ending: ApplyEnding::Interrupted,
            waits_for: None,
            next_step: 1,
            steps: u32::try_from(apply.plan.steps.len()).unwrap_or(u32::MAX),
            done: Vec::new(),
            seconds: 0.0,
            reconnects: 0,
            forced: None,
        };
        let watched = Watched::new(hold.database());
        Self { apply, throttles, hold, observer, cancel, watched, report, settled: 0 }
    }

    /// Runs all steps that are left.
    pub(super) async fn run(mut self) -> Result<ApplyReport, ApplyError> {
        let mut losses = (0, 0);
        loop {
            match self.next().await {
                Ok(Some(ending)) => {
                    self.report.ending = ending;
                    return Ok(self.report);
                }
                Ok(None) => {}
                Err(error) if error.is_lost() && !self.cancel.is_cancelled() => {
                    let step = self.report.next_step;
                    losses = if losses.0 == step { (step, losses.1 + 1) } else { (step, 1) };
                    if losses.1 > LOSSES {
                        return Err(error);
                    }
                    self.reconnect(error).await?;
                }
                Err(error) => return Err(self.given_up(error).await),
            }
        }
    }

    async fn reconnect(&mut self, lost: ApplyError) -> Result<(), ApplyError> {
        self.report.reconnects += 1;
        let patience = self.apply.patience.reconnect_for;
        let restored = self.hold.restore(lost, patience, self.observer, self.cancel).await;
        if self.cancel.is_cancelled() {
            return Ok(());
        }
        restored
    }

    /// A run that has done nothing yet leaves nothing behind.
    async fn given_up(&mut self, error: ApplyError) -> ApplyError {
        let nothing = |run: &RunStatus| run.step == 1 && !run.begun && run.backfill.is_none();
        let kept = [ApplyErrorKind::Aborted, ApplyErrorKind::Running, ApplyErrorKind::Unreachable];
        if !kept.contains(&error.kind())
            && let Ok(run) = state::standing(self.hold).await
            && nothing(&run)
            && let Err(left) = state::forget(self.hold).await
        {
            tracing::warn!(error = %left, "the state of a run that did nothing is left");
        }
        error
    }

    /// Does the step that is next; the ending, where there is one.
    async fn next(&mut self) -> Result<Option<ApplyEnding>, ApplyError> {
        if self.cancel.is_cancelled() || !self.may_go_on().await? {
            return Ok(Some(ApplyEnding::Interrupted));
        }
        let standing = state::standing(self.hold).await?;
        self.report.next_step = standing.step;
        let at = usize::try_from(standing.step).ok().and_then(|step| step.checked_sub(1));
        let Some(step) = at.and_then(|at| self.apply.plan.steps.get(at)) else {
            state::forget(self.hold).await?;
            return Ok(Some(ApplyEnding::Done));
        };
        self.settle(step.number).await?;
        if let Work::Deploy { what } = &step.work
            && !self.is_released(step).await
        {
            self.report.waits_for = Some(what.clone());
            return Ok(Some(ApplyEnding::Waiting));
        }
        for hook in &self.apply.hooks {
            hook.before(step).await.map_err(|error| refused_by_hook(step, error))?;
        }
        self.observer.on_event(&ApplyEvent::StepStarted {
            step: step.number,
            steps: self.report.steps,
            title: step.title.clone(),
        });
        match self.step(step, &standing).await? {
            Went::Interrupted => Ok(Some(ApplyEnding::Interrupted)),
            Went::Done(done) => self.finish(step, done).await.map(|()| None),
        }
    }

    async fn finish(&mut self, step: &Step, done: AppliedStep) -> Result<(), ApplyError> {
        self.observer.on_event(&ApplyEvent::StepFinished {
            step: step.number,
            seconds: done.seconds,
            attempts: done.attempts,
        });
        self.report.next_step = step.number + 1;
        self.report.done.push(done);
        self.settled = step.number;
        self.hold.keep(settings(step).map(str::to_owned));
        for hook in &self.apply.hooks {
            hook.after(step).await.map_err(|error| refused_by_hook(step, error))?;
        }
        Ok(())
    }

    /// Makes the settings of earlier steps, which another connection made.
    async fn settle(&mut self, next: u32) -> Result<(), ApplyError> {
        if self.settled + 1 >= next {
            return Ok(());
        }
        let earlier = self.apply.plan.steps.iter();
        let earlier = earlier.filter(|step| step.number > self.settled && step.number < next);
        self.hold.keep(earlier.flat_map(settings).map(str::to_owned));
        self.hold.settle().await?;
        self.settled = next - 1;
        Ok(())
    }

    async fn is_released(&self, step: &Step) -> bool {
        for hook in &self.apply.hooks {
            if hook.is_released(step).await {
                return true;
            }
        }
        false
    }

    /// Waits as long as an operator wants it to; without leave where the caller asks to stop.
    async fn may_go_on(&self) -> Result<bool, ApplyError> {
        let begin = Instant::now();
        let mut waited = false;
        loop {
            if state::heed(self.hold).await? == Wanted::Run {
                break;
            }
            if !waited {
                let (by, why) = ("operator".into(), "pgsre migrate resume lets it go on".into());
                self.observer.on_event(&ApplyEvent::Paused { by, why });
                waited = true;
            }
            rest(LOOK, self.cancel).await;
            if self.cancel.is_cancelled() {
                return Ok(false);
            }
        }
        if waited {
            let seconds = begin.elapsed().as_secs_f64();
            self.observer.on_event(&ApplyEvent::Resumed { seconds });
        }
        Ok(true)
    }

    async fn step(&mut self, step: &Step, standing: &RunStatus) -> Result<Went, ApplyError> {
        let begin = Instant::now();
        let mut done = AppliedStep {
            number: step.number,
            title: step.title.clone(),
            ..AppliedStep::default()
        };
        if let Work::Backfill { table, set, condition } = &step.work {
            let change = Change::of_step(table, set, condition.as_deref());
            if !self.backfill(&change, &mut done).await? {
                return Ok(Went::Interrupted);
            }
        } else {
            let mut began = standing.begun;
            loop {
                done.attempts += 1;
                let attempt = Instant::now();
                let (tried, blockers) = match &step.work {
                    Work::Transaction { statements } => self.transaction(step, statements).await,
                    Work::Alone { statement, index } => {
                        let tried = self.alone(step, statement, index.as_deref(), began).await;
                        began = true;
                        tried
                    }
                    Work::Deploy { .. } | Work::Backfill { .. } => (Ok(()), Vec::new()),
                };
                done.work_seconds = attempt.elapsed().as_secs_f64();
                match tried {
                    Ok(()) => break,
                    Err(_) if self.cancel.is_cancelled() => return Ok(Went::Interrupted),
                    Err(error) => self.failed(step, done.attempts, error, blockers).await?,
                }
                if self.cancel.is_cancelled() || !self.may_go_on().await? {
                    return Ok(Went::Interrupted);
                }
            }
        }
        // What is a transaction has noted that it is done in that transaction.
        if !matches!(step.work, Work::Transaction { .. }) {
            state::advance(self.hold, step.number, self.title_after(step)).await?;
        }
        done.seconds = begin.elapsed().as_secs_f64();
        Ok(Went::Done(done))
    }

    async fn transaction(
        &mut self,
        step: &Step,
        statements: &[String],
    ) -> (Result<(), ApplyError>, Vec<Blocker>) {
        let limits = transaction::Limits::of(step, &self.apply.patience);
        let next = self.title_after(step).to_owned();
        let (hold, cancel) = (&*self.hold, self.cancel);
        let work = transaction::run(hold, step.number, statements, &limits, &next, cancel);
        let interval = limits.lock_timeout / 3;
        self.watched.run(hold.pid(), interval, work, |_| {}).await
    }

    async fn alone(
        &mut self,
        step: &Step,
        statement: &str,
        index: Option<&str>,
        began: bool,
    ) -> (Result<(), ApplyError>, Vec<Blocker>) {
        let patience = &self.apply.patience;
        let limit = transaction::Limits::of(step, patience).lock_timeout;
        alone::run(self, &alone::Solo { statement, index, began, limit, locks: &step.locks }).await
    }

    /// Fills in batches. Whether it is done.
    async fn backfill(
        &mut self,
        change: &Change,
        done: &mut AppliedStep,
    ) -> Result<bool, ApplyError> {
        let plan = backfill::make(self.hold.session(), change, None, &self.apply.pace).await?;
        let job = Job { change, key: None, pace: &self.apply.pace };
        let engine = Engine::new(job, &mut self.throttles, self.hold, self.observer, self.cancel);
        let report = engine.run(plan).await?;
        self.report.reconnects += report.reconnects;
        done.attempts = 1;
        done.rows = report.rows;
        done.worst_lag_seconds = report.worst_lag_seconds;
        done.work_seconds = (report.seconds - report.waited_seconds).max(0.0);
        Ok(report.ending == Ending::Done)
    }

    /// Waits for another attempt, or gives up.
    async fn failed(
        &self,
        step: &Step,
        attempt: u32,
        error: ApplyError,
        blockers: Vec<Blocker>,
    ) -> Result<(), ApplyError> {
        let patience = &self.apply.patience;
        if error.is_lost() || error.kind() == ApplyErrorKind::Aborted {
            return Err(error);
        }
        if !error.is_race() || attempt >= patience.attempts {
            let by = blockers.first().map_or_else(String::new, |by| {
                format!(", blocked by process {} ({}): {}", by.pid, by.who, by.query)
            });
            let times = if attempt > 1 { format!(" {attempt} times") } else { String::new() };
            let context = format!(
                "step {} of {} ({}) failed{times}{by}",
                step.number, self.apply.name, step.title
            );
            return Err(error.about(context));
        }
        let wait = patience.first_wait.saturating_mul(2_u32.saturating_pow(attempt.min(16) - 1));
        let wait = jittered(wait.min(patience.longest_wait));
        self.observer.on_event(&ApplyEvent::AttemptFailed {
            attempt,
            error: error.to_string(),
            blockers,
            seconds: wait.as_secs_f64(),
        });
        rest(wait, self.cancel).await;
        Ok(())
    }

    fn title_after(&self, step: &Step) -> &str {
        self.apply.plan.steps.get(step.number as usize).map_or("", |next| &next.title)
    }
}

/// The statements of a step that set something for the whole session.
fn settings(step: &Step) -> impl Iterator<Item = &str> {
    let statements = match &step.work {
        Work::Transaction { statements } => statements.as_slice(),
        _ => &[],
    };
    statements.iter().map(String::as_str).filter(|sql| is_setting(sql))
}

fn is_setting(sql: &str) -> bool {
    let mut words = sql.split_whitespace().map(str::to_lowercase);
    match words.next().as_deref() {
        Some("set") => {
            !matches!(words.next().as_deref(), Some("local" | "constraints" | "transaction"))
        }
        Some("reset") => true,
        Some("select") => sql.to_lowercase().contains("set_config("),
        _ => false,
    }
}

fn refused_by_hook(step: &Step, error: Box<dyn std::error::Error + Send + Sync>) -> ApplyError {
    let context = format!("a hook ended the run at step {} ({})", step.number, step.title);
    ApplyError::new(ApplyErrorKind::Throttled, context).with_cause(error)
}

#[cfg(test)]
mod tests {
    use super::is_setting;

    #[test]
    fn what_holds_for_the_session_is_made_again_on_another_connection_and_what_does_not_is_not() {
        for sql in ["SET search_path TO shop", "set role app", "reset role"] {
            assert!(is_setting(sql), "{sql}");
        }
        assert!(is_setting("SELECT pg_catalog.set_config('search_path', '', false)"));
        for sql in ["SET LOCAL role app", "set constraints all deferred", "select 1", ""] {
            assert!(!is_setting(sql), "{sql}");
        }
    }
}
