//! Carrying a plan out: every way through it ends in a report.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::steps::format;
use super::{
    BackupEvent, BackupJob, BackupObserver, BackupOutcome, BackupPlan, BackupReport, BackupStep,
    DumpError, DumpErrorKind, clean, removal,
};

impl BackupJob {
    /// Takes the backup, and then removes older ones where there are rules for that.
    ///
    /// Always returns a report. Where the backup fails, and where `cancel` is cancelled, what was
    /// written is removed before this returns, and nothing older is touched. Dropping the future
    /// ends the programs; what was written so far stays, and is not listed.
    pub async fn run(
        &self,
        plan: BackupPlan,
        observer: &dyn BackupObserver,
        cancel: &CancellationToken,
    ) -> BackupReport {
        let begin = Instant::now();
        let mut run = Run::of(self, plan, observer);
        match run.bounded(cancel).await {
            Ok(()) => run.complete().await,
            Err(error) => run.failed(&error).await,
        }
        run.report.seconds = begin.elapsed().as_secs_f64();
        run.report
    }
}

impl BackupJob {
    /// The report of a backup that could not even be planned.
    #[must_use]
    pub fn refused(&self, error: &DumpError) -> BackupReport {
        let mut report = self.report();
        report.fail(error);
        report
    }

    fn report(&self) -> BackupReport {
        BackupReport {
            schema: 1,
            outcome: BackupOutcome::Done,
            database: self.config.to_string(),
            destination: self.destination.to_string(),
            key: None,
            manifest: None,
            format: format(self.format),
            bytes: 0,
            parts: 0,
            sha256: None,
            started_at: (self.clock)(),
            seconds: 0.0,
            dumped_by: None,
            standby: false,
            fingerprint: None,
            globals: None,
            verified: false,
            removed: Vec::new(),
            retention: Vec::new(),
            warnings: Vec::new(),
            error: None,
            hint: None,
        }
    }
}

/// A run under way: the report as far as it is known.
pub(super) struct Run<'a> {
    pub(super) job: &'a BackupJob,
    pub(super) plan: BackupPlan,
    pub(super) observer: &'a dyn BackupObserver,
    pub(super) report: BackupReport,
    pub(super) key: String,
    /// Whether the mark of this key is ours.
    pub(super) claimed: bool,
    /// Keys of what was written, or may have been.
    pub(super) written: Vec<String>,
}

impl<'a> Run<'a> {
    fn of(job: &'a BackupJob, plan: BackupPlan, observer: &'a dyn BackupObserver) -> Self {
        let report = BackupReport {
            standby: plan.standby,
            database: plan.config.to_string(),
            ..job.report()
        };
        let key = plan.key.clone();
        let mut run =
            Self { job, plan, observer, report, key, claimed: false, written: Vec::new() };
        for warning in run.plan.warnings.clone() {
            run.warn(&warning);
        }
        run
    }

    /// All steps, under the time-out and until cancelled.
    async fn bounded(&mut self, cancel: &CancellationToken) -> Result<(), DumpError> {
        let stop = cancel.child_token();
        let timeout = self.job.timeout;
        let ended = {
            let mut steps = std::pin::pin!(self.steps(&stop));
            tokio::select! {
                ended = &mut steps => return ended,
                () = elapsed(timeout) => {}
            }
            stop.cancel();
            steps.await
        };
        match (ended, timeout) {
            (Err(_), Some(timeout)) if !cancel.is_cancelled() => Err(DumpError::new(
                DumpErrorKind::TimedOut,
                format!("the backup was not complete after {timeout:?}"),
            )),
            (ended, _) => ended,
        }
    }

    async fn complete(&mut self) {
        if let Err(error) = clean::end(&*self.job.destination, &self.key).await {
            // The manifest is there, so the mark hides nothing any more.
            let why = crate::finding::chain(&error);
            self.warn(&format!("the mark of the unfinished backup is left: {why}"));
        }
        if !self.job.retention.keeps_all() {
            self.retain().await;
        }
    }

    async fn retain(&mut self) {
        self.started(BackupStep::Retention, self.report.destination.clone());
        let mut warnings = Vec::new();
        let listed = match self.job.listed(&mut warnings).await {
            Ok(listed) => listed,
            Err(error) => {
                let why = crate::finding::chain(&error);
                self.lacks(format!("older backups were not removed: {why}"));
                return;
            }
        };
        self.report.retention = self.job.decisions(&self.plan.name, &listed);
        self.report.removed = removal::remove(self.job, &self.report.retention, &listed).await;
        let failed = self.report.removed.iter().filter(|removed| removed.error.is_some()).count();
        if failed > 0 {
            self.lacks(format!("{failed} older backups could not be removed"));
        }
    }

    /// Removes what was written, and says why there is no backup.
    async fn failed(&mut self, error: &DumpError) {
        self.report.fail(error);
        self.report.globals = None;
        self.report.verified = false;
        self.report.fingerprint = None;
        if !self.claimed {
            return;
        }
        self.started(BackupStep::Cleanup, self.key.clone());
        // The manifest first, if it should be there: what is left is then not listed.
        self.written.reverse();
        let removed = clean::remove(&*self.job.destination, &self.key, &self.written).await;
        if let Err(error) = removed {
            let why = crate::finding::chain(&error);
            self.warn(&format!("parts of {} are left, and are not listed: {why}", self.key));
        }
    }

    pub(super) fn started(&self, step: BackupStep, detail: String) {
        self.observer.on_event(&BackupEvent::Started { step, detail });
    }

    /// Something that was asked for is missing, and the backup is a backup all the same.
    pub(super) fn lacks(&mut self, what: String) {
        self.report.outcome = BackupOutcome::Incomplete;
        self.warn(&what);
    }

    pub(super) fn warn(&mut self, what: &str) {
        self.observer.on_event(&BackupEvent::Warning(what.to_owned()));
        self.report.warnings.push(what.to_owned());
    }
}

async fn elapsed(timeout: Option<Duration>) {
    match timeout {
        Some(timeout) => tokio::time::sleep(timeout).await,
        None => std::future::pending().await,
    }
}
