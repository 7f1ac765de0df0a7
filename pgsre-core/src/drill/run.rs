//! Carrying a plan out: every way through it ends in a report.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::drill::plan::RESTORE;
use crate::drill::report::{
    CleanupOutcome, CleanupReport, DrillReport, Stage, StageOutcome, StageReport, ValidationReport,
};
use crate::drill::steps::Broken;
use crate::drill::{Drill, DrillPlan, Event, ManifestProof, Observer, Provenance, judge, plan};
use crate::finding::{Finding, FindingCode, Verdict};
use crate::manifest::Manifest;
use crate::restore::{RestoreSession, SessionGuard};

/// How long a cancelled step may take to stop by itself before it is dropped.
const GRACE: Duration = Duration::from_secs(10);

impl Drill {
    /// Carries a plan out: prepares the place, restores, judges, cleans up and tells the alerters.
    ///
    /// Always returns a report. Cancelling `cancel` stops the run between two items of work, cleans
    /// up and still returns. Dropping the future instead hands the clean-up to a thread of its own.
    pub async fn run(
        &self,
        mut plan: DrillPlan,
        observer: &dyn Observer,
        cancel: &CancellationToken,
    ) -> DrillReport {
        let session = plan.session.take();
        let timeout = plan.request.timeout;
        let keep = plan.request.keep;
        let mut run = Run::of(self, plan, observer);
        if let Some(session) = session {
            run.sweep().await;
            let mut guard = SessionGuard::new(session, self.cleanup_timeout);
            run.work(&mut guard, timeout, cancel).await;
            run.clean_up(guard, keep).await;
        }
        run.finish(cancel.is_cancelled()).await
    }
}

/// A run under way: the report as far as it is known.
pub(super) struct Run<'a> {
    pub(super) drill: &'a Drill,
    pub(super) observer: &'a dyn Observer,
    pub(super) report: DrillReport,
    /// Whether every step was carried out.
    completed: bool,
    /// What the backup must restore to.
    pub(super) manifest: Option<Manifest>,
    /// Connections that may load at the same time.
    pub(super) jobs: usize,
}

impl<'a> Run<'a> {
    fn of(drill: &'a Drill, mut plan: DrillPlan, observer: &'a dyn Observer) -> Self {
        let nothing = CleanupReport {
            outcome: CleanupOutcome::Nothing,
            place: None,
            access: None,
            error: None,
        };
        let proof = plan.backup.as_ref().zip(plan.manifest.as_ref());
        let proof = proof.map(|(backup, manifest)| ManifestProof::begin(backup, manifest));
        let mut run = Self {
            drill,
            observer,
            completed: false,
            jobs: plan.request.jobs,
            manifest: plan.manifest.take(),
            report: DrillReport {
                schema: 1,
                id: plan.run,
                verdict: Verdict::Inconclusive,
                cancelled: false,
                started_at: plan.run.started(),
                finished_at: plan.run.started(),
                pgsre_version: env!("CARGO_PKG_VERSION").to_owned(),
                source: plan.source().to_owned(),
                target: plan.target().to_owned(),
                backup: plan.backup,
                archive: plan.archive,
                stages: Vec::new(),
                validations: Vec::new(),
                findings: Vec::new(),
                rto_seconds: None,
                objectives: drill.objectives.into(),
                load: None,
                manifest: proof,
                swept: Vec::new(),
                cleanup: nothing,
                alerts: Vec::new(),
                provenance: Provenance::here(),
            },
        };
        run.take_over(plan.find, plan.validations, plan.findings);
        run
    }

    fn take_over(
        &mut self,
        find: StageReport,
        validations: Vec<ValidationReport>,
        findings: Vec<Finding>,
    ) {
        self.stage_started(Stage::Find, self.report.source.clone());
        if let Some(backup) = self.report.backup.clone() {
            self.observer.on_event(&Event::BackupFound { backup });
        }
        self.stage_finished(find);
        findings.into_iter().for_each(|finding| self.found(finding));
        validations.into_iter().for_each(|report| self.validated(report));
    }

    /// Removes what killed runs left at the same target. What their owners still hold is left alone,
    /// so no age is demanded. A sweep that fails never keeps a drill from running.
    async fn sweep(&mut self) {
        match self.drill.target.sweep(Duration::ZERO).await {
            Ok(swept) => self.report.swept = swept,
            Err(error) => {
                let error = crate::finding::chain(&error);
                tracing::warn!(error, "leftovers of killed runs could not be swept");
            }
        }
    }

    /// Prepare, restore and validate, under the time-out and until cancelled.
    async fn work(
        &mut self,
        guard: &mut SessionGuard,
        timeout: Option<Duration>,
        cancel: &CancellationToken,
    ) {
        let stop = cancel.child_token();
        let ended = {
            let steps = self.steps(guard, &stop);
            bounded(steps, timeout, &stop).await
        };
        match ended {
            Ended::Done(Ok(())) => self.completed = true,
            Ended::Done(Err(broken)) => self.broken(broken),
            Ended::Stopped if cancel.is_cancelled() => {}
            Ended::Stopped => self.timed_out(timeout.unwrap_or_default()),
        }
    }

    fn broken(&mut self, broken: Broken) {
        if let Broken::Target(error) = broken {
            let (report, finding) = plan::no_place(&error, &self.report.target);
            self.validated(report);
            finding.into_iter().for_each(|finding| self.found(finding));
        }
    }

    fn timed_out(&mut self, timeout: Duration) {
        let said = format!("stopped after the time-out of {}", plan::rounded(timeout));
        self.validated(judge::not_run(RESTORE, said));
    }

    async fn clean_up(&mut self, mut guard: SessionGuard, keep: bool) {
        let Some(place) = guard.session().map(RestoreSession::describe) else { return };
        self.stage_started(Stage::Cleanup, place.clone());
        let begin = Instant::now();
        let ended = if keep {
            guard.keep().await.map(|access| (CleanupOutcome::Kept, Some(access)))
        } else {
            guard.cleanup().await.map(|()| (CleanupOutcome::Done, None))
        };
        let (outcome, access, error) = match ended {
            Ok((outcome, access)) => (outcome, access, None),
            Err(error) => (CleanupOutcome::Failed, None, Some(crate::finding::chain(&error))),
        };
        let ended = if error.is_none() { StageOutcome::Done } else { StageOutcome::Failed };
        self.report.cleanup = CleanupReport { outcome, place: Some(place), access, error };
        self.stage_ended(Stage::Cleanup, begin, ended);
    }

    async fn finish(mut self, cancelled: bool) -> DrillReport {
        self.report.cancelled = cancelled;
        self.hold_against_rto();
        let report = &mut self.report;
        report.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        report.verdict = judge::verdict(&report.findings, &report.validations, self.completed);
        self.notify().await;
        self.report.finished_at = (self.drill.clock)();
        self.report
    }

    fn hold_against_rto(&mut self) {
        let (Some(seconds), Some(rto)) = (self.report.rto_seconds, self.drill.objectives.rto)
        else {
            return;
        };
        if seconds > rto.as_secs_f64() {
            let message = format!(
                "the restore took {seconds:.1} s, the recovery time objective is {}",
                plan::rounded(rto)
            );
            let subject = self.report.backup.as_ref().map(|backup| backup.key.clone());
            self.found(
                Finding::critical(FindingCode::RtoExceeded, subject.unwrap_or_default(), message)
                    .with_hint(
                        "the report's slowest tables and statements show where the time went",
                    ),
            );
        }
    }

    async fn notify(&mut self) {
        let Some(dispatcher) = &self.drill.dispatcher else { return };
        self.stage_started(Stage::Notify, String::new());
        let begin = Instant::now();
        self.report.finished_at = (self.drill.clock)();
        self.report.alerts = dispatcher.dispatch(&self.report.to_alert()).await;
        for delivery in self.report.alerts.clone() {
            self.observer.on_event(&Event::Delivered { delivery });
        }
        self.stage_ended(Stage::Notify, begin, StageOutcome::Done);
    }

    pub(super) fn found(&mut self, finding: Finding) {
        self.observer.on_event(&Event::Found { finding: finding.clone() });
        self.report.findings.push(finding);
    }

    pub(super) fn validated(&mut self, report: ValidationReport) {
        self.observer.on_event(&Event::Validated { report: report.clone() });
        self.report.validations.push(report);
    }

    pub(super) fn stage_started(&self, stage: Stage, detail: String) {
        self.observer.on_event(&Event::StageStarted { stage, detail });
    }

    pub(super) fn stage_ended(&mut self, name: Stage, begin: Instant, outcome: StageOutcome) {
        let seconds = begin.elapsed().as_secs_f64();
        self.stage_finished(StageReport { name, seconds, outcome });
    }

    fn stage_finished(&mut self, report: StageReport) {
        self.observer.on_event(&Event::StageFinished { report: report.clone() });
        self.report.stages.push(report);
    }
}

enum Ended<T> {
    Done(T),
    Stopped,
}

/// Waits for `work`, at most for `timeout` and until `stop`; then tells it to stop, and drops it
/// where it does not within [`GRACE`].
async fn bounded<T>(
    work: impl Future<Output = T>,
    timeout: Option<Duration>,
    stop: &CancellationToken,
) -> Ended<T> {
    tokio::pin!(work);
    let expired = async {
        match timeout {
            Some(timeout) => tokio::time::sleep(timeout).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        done = &mut work => return Ended::Done(done),
        () = stop.cancelled() => {}
        () = expired => stop.cancel(),
    }
    let _stopped_or_not = tokio::time::timeout(GRACE, &mut work).await;
    Ended::Stopped
}
