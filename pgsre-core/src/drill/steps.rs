//! The three steps between a plan and a judgement: prepare, restore, validate.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use crate::archive::{ArchiveReader, ArchiveSummary, DumpScope, ReadOptions};
use crate::backup::Backup;
use crate::drill::report::{Stage, StageOutcome, ValidationReport};
use crate::drill::run::Run;
use crate::drill::{Event, Observer, judge, proof};
use crate::finding::{Finding, Verdict};
use crate::postgres::Database;
use crate::restore::{
    DatabaseLoad, LoadEvent, LoadObserver, LoadReport, RestoreInput, RestoreSession, SessionGuard,
    TargetError, TargetErrorKind,
};
use crate::validate::{Validation, ValidationContext, Validator, ValidatorError};

/// The name of the check that the archive was read to its end and kept all its promises.
const ARCHIVE: &str = "archive";

/// The name under which it is reported that the live source could not be reached.
const LIVE: &str = "live source";

/// Why the steps ended early.
#[derive(Debug)]
pub(super) enum Broken {
    /// The target could not be had, or broke.
    Target(TargetError),
    /// The archive is damaged: findings say how, and there is nothing to judge.
    Archive,
    /// Told to stop.
    Cancelled,
}

impl From<TargetError> for Broken {
    fn from(error: TargetError) -> Self {
        match error.kind() {
            TargetErrorKind::Cancelled => Self::Cancelled,
            _ => Self::Target(error),
        }
    }
}

impl Run<'_> {
    pub(super) async fn steps(
        &mut self,
        guard: &mut SessionGuard,
        stop: &CancellationToken,
    ) -> Result<(), Broken> {
        self.prepare(guard).await?;
        go_on(stop)?;
        let load = self.restore(guard, stop).await?;
        go_on(stop)?;
        let validated = self.validate(guard, &load, stop).await;
        self.report.load = Some(load);
        validated
    }

    async fn prepare(&mut self, guard: &mut SessionGuard) -> Result<(), Broken> {
        self.stage_started(Stage::Prepare, session(guard)?.describe());
        let begin = Instant::now();
        let prepared = session(guard)?.prepare().await;
        self.stage_ended(Stage::Prepare, begin, ended(prepared.as_ref().err()));
        Ok(prepared?)
    }

    async fn restore(
        &mut self,
        guard: &mut SessionGuard,
        stop: &CancellationToken,
    ) -> Result<LoadReport, Broken> {
        let Some(backup) = self.report.backup.clone() else { return Err(Broken::Archive) };
        self.stage_started(Stage::Restore, backup.key.clone());
        let begin = Instant::now();
        let loaded = self.load(guard, &backup, stop).await;
        let outcome = match &loaded {
            Ok(_) => StageOutcome::Done,
            Err(Broken::Cancelled) => StageOutcome::Cancelled,
            Err(_) => StageOutcome::Failed,
        };
        self.stage_ended(Stage::Restore, begin, outcome);
        let loaded = loaded?;
        self.report.rto_seconds = Some(self.report.stages.iter().map(|stage| stage.seconds).sum());
        Ok(loaded)
    }

    /// Reads and loads the archive. An archive that was not read to its end is not judged further:
    /// what it lacks would only repeat itself in every check.
    async fn load(
        &mut self,
        guard: &mut SessionGuard,
        backup: &Backup,
        stop: &CancellationToken,
    ) -> Result<LoadReport, Broken> {
        let source = self.drill.source.clone();
        let read = ReadOptions { data_apart: self.jobs > 1, ..self.drill.read.clone() };
        let opened = match proof::guarded(read, backup, self.manifest.as_ref()) {
            Ok(read) => ArchiveReader::open(source, backup, read).await,
            Err(error) => Err(error),
        };
        let archive = match opened {
            Ok(archive) => archive,
            Err(error) => {
                self.found(error.to_finding(&backup.key));
                return Err(Broken::Archive);
            }
        };
        let observer = Loading(self.observer);
        let input = RestoreInput { archive, observer: &observer, cancel: stop };
        let load = session(guard)?.restore(input).await?;
        load.findings.iter().cloned().for_each(|finding| self.found(finding));
        match &load.archive {
            Some(summary) => {
                self.validated(read_whole(summary));
                Ok(load)
            }
            None => {
                self.report.load = Some(load);
                Err(Broken::Archive)
            }
        }
    }

    async fn validate(
        &mut self,
        guard: &mut SessionGuard,
        load: &LoadReport,
        stop: &CancellationToken,
    ) -> Result<(), Broken> {
        self.stage_started(Stage::Validate, String::new());
        let begin = Instant::now();
        let result = self.validate_all(guard, load, stop).await;
        let outcome = match &result {
            Ok(()) => StageOutcome::Done,
            Err(Broken::Cancelled) => StageOutcome::Cancelled,
            Err(_) => StageOutcome::Failed,
        };
        self.stage_ended(Stage::Validate, begin, outcome);
        result
    }

    async fn validate_all(
        &mut self,
        guard: &mut SessionGuard,
        load: &LoadReport,
        stop: &CancellationToken,
    ) -> Result<(), Broken> {
        let places = self.places(guard, load).await?;
        let some_live = places.iter().any(|place| place.live.is_some());
        for validator in &self.drill.validators {
            if validator.needs_manifest() && self.manifest.is_none() {
                continue;
            }
            let mut merged: Option<ValidationReport> = None;
            for place in &places {
                if validator.needs_live() && some_live && place.live.is_none() {
                    continue;
                }
                let mut result = self
                    .check(validator.as_ref(), place, load, stop)
                    .await
                    .ok_or(Broken::Cancelled)?;
                self.keep_comparison(&mut result);
                let (report, findings) = judge::judge(validator.name(), result);
                let several = places.len() > 1;
                for finding in findings {
                    self.found(if several { within(place.load, finding) } else { finding });
                }
                match &mut merged {
                    Some(merged) => judge::merge(merged, report),
                    None => merged = Some(report),
                }
            }
            let report = merged.unwrap_or_else(|| {
                judge::not_run(validator.name(), "no database was restored".to_owned())
            });
            self.validated(report);
        }
        Ok(())
    }

    /// The restored databases that are judged, with the live one beside the one that it matches.
    async fn places<'l>(
        &mut self,
        guard: &mut SessionGuard,
        load: &'l LoadReport,
    ) -> Result<Vec<Place<'l>>, Broken> {
        let judged = judged(load, self.scope());
        let mut places = Vec::with_capacity(judged.len());
        for database in &judged {
            let restored = session(guard)?.connect(&database.name).await?;
            self.report.provenance.restored_on = Some(restored.version().to_string());
            let live = self.live(&database.name, judged.len()).await;
            places.push(Place { load: database, restored, live });
        }
        Ok(places)
    }

    fn scope(&self) -> Option<DumpScope> {
        self.report.archive.as_ref().map(|archive| archive.scope)
    }

    async fn live(&mut self, database: &str, judged: usize) -> Option<Database> {
        let config = self.drill.live.as_ref()?;
        if judged > 1 && config.database() != database {
            return None;
        }
        match Database::connect(config.clone()).await {
            Ok(live) => Some(live),
            Err(error) => {
                let why = format!("cannot connect: {}", crate::finding::chain(&error));
                self.validated(judge::not_run(LIVE, why));
                None
            }
        }
    }

    /// The backup in the format that its content has, whatever its name says.
    fn backup_as_read(&self) -> Option<Backup> {
        let mut backup = self.report.backup.clone()?;
        if let Some(archive) = &self.report.archive {
            backup.format = archive.format;
        }
        Some(backup)
    }

    /// Runs one check; `None` where it was told to stop.
    async fn check(
        &self,
        validator: &dyn Validator,
        place: &Place<'_>,
        load: &LoadReport,
        stop: &CancellationToken,
    ) -> Option<Result<Validation, ValidatorError>> {
        let backup = self.backup_as_read()?;
        let now = (self.drill.clock)();
        let mut cx = ValidationContext::new(&place.restored, place.load, load, &backup, now, stop);
        cx.live = place.live.as_ref();
        cx.manifest = self.manifest.as_ref();
        cx.jobs = self.jobs.max(1);
        let checking = AssertUnwindSafe(validator.validate(&cx)).catch_unwind();
        let ran = tokio::select! {
            ran = checking => ran,
            () = stop.cancelled() => return None,
        };
        Some(ran.unwrap_or_else(|_| Err(ValidatorError::new("the validator panicked"))))
    }

    /// The differences are data of the report, too.
    fn keep_comparison(&mut self, result: &mut Result<Validation, ValidatorError>) {
        let comparison = result.as_mut().ok().and_then(|validation| validation.comparison.take());
        if let (Some(proof), Some(comparison)) = (&mut self.report.manifest, comparison) {
            proof.add(comparison);
        }
    }
}

/// The report of the strict read: what an archive without header and trailer cannot prove is said,
/// and accepted, because the user asked for it.
fn read_whole(summary: &ArchiveSummary) -> ValidationReport {
    ValidationReport {
        name: ARCHIVE.to_owned(),
        examined: summary.statements + summary.copies,
        outcome: Verdict::Passed,
        unproved: summary.unproved.clone(),
        sections: Vec::new(),
    }
}

/// A restored database with what was loaded into it.
struct Place<'l> {
    load: &'l DatabaseLoad,
    restored: Database,
    live: Option<Database>,
}

/// `pg_dumpall` also dumps the maintenance databases, which are usually empty: they are judged only
/// where they hold something.
fn judged(load: &LoadReport, scope: Option<DumpScope>) -> Vec<&DatabaseLoad> {
    let all = load.databases.iter();
    if scope != Some(DumpScope::Cluster) {
        return all.collect();
    }
    let maintenance = ["postgres", "template1"];
    let used = all.filter(|database| {
        !maintenance.contains(&database.name.as_str())
            || !database.tables.is_empty()
            || !database.declared.is_empty()
    });
    used.collect()
}

fn within(database: &DatabaseLoad, mut finding: Finding) -> Finding {
    finding.subject = format!("{}: {}", database.name, finding.subject);
    finding
}

fn session(guard: &mut SessionGuard) -> Result<&mut Box<dyn RestoreSession>, Broken> {
    let gone = || TargetError::new(TargetErrorKind::Failed, "the place is already removed");
    guard.session_mut().ok_or_else(|| Broken::Target(gone()))
}

fn go_on(stop: &CancellationToken) -> Result<(), Broken> {
    if stop.is_cancelled() { Err(Broken::Cancelled) } else { Ok(()) }
}

fn ended(error: Option<&TargetError>) -> StageOutcome {
    match error {
        None => StageOutcome::Done,
        Some(error) if error.kind() == TargetErrorKind::Cancelled => StageOutcome::Cancelled,
        Some(_) => StageOutcome::Failed,
    }
}

/// Hands the events of a load on to whoever watches the drill.
#[derive(Debug)]
struct Loading<'a>(&'a dyn Observer);

impl LoadObserver for Loading<'_> {
    fn on_load(&self, event: &LoadEvent) {
        self.0.on_event(&Event::Load(event.clone()));
    }
}
