//! What a drill will do, worked out without touching anything: what a dry run shows.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::archive::{self, Preamble};
use crate::backup::Backup;
use crate::drill::report::{Stage, StageOutcome, StageReport, ValidationReport};
use crate::drill::{Drill, DrillRequest, judge, proof};
use crate::finding::{Finding, FindingCode};
use crate::manifest::Manifest;
use crate::restore::{RestoreRequest, RestoreSession, RunId, TargetError, TargetErrorKind};
use crate::source::catalogue::{self, CatalogueCheck};
use crate::source::{BackupSourceExt, SourceError, SourceErrorKind};
use crate::validate::{Validation, ValidatorError};

/// What a drill will do. Made by [`Drill::plan`], carried out by [`Drill::run`].
#[derive(Debug)]
pub struct DrillPlan {
    pub(super) run: RunId,
    pub(super) request: DrillRequest,
    pub(super) backup: Option<Backup>,
    pub(super) archive: Option<Preamble>,
    pub(super) manifest: Option<Manifest>,
    pub(super) findings: Vec<Finding>,
    pub(super) validations: Vec<ValidationReport>,
    pub(super) session: Option<Box<dyn RestoreSession>>,
    pub(super) find: StageReport,
    source: String,
    target: String,
    checks: Vec<String>,
}

impl DrillPlan {
    /// The run's name.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.run
    }

    /// Where the backup comes from, without secrets.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The kind of place that it is restored to, without secrets.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The backup to restore; `None` where there is none.
    #[must_use]
    pub fn backup(&self) -> Option<&Backup> {
        self.backup.as_ref()
    }

    /// What the archive's beginning says; `None` where it could not be read.
    #[must_use]
    pub fn archive(&self) -> Option<&Preamble> {
        self.archive.as_ref()
    }

    /// What the backup must restore to, where a manifest lies beside it.
    #[must_use]
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// The very place that will be made; `None` where the run cannot come that far.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        self.session.as_ref().map(|session| session.describe())
    }

    /// What is already known to be wrong.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What the checks made while planning came to: that of the catalogue, and why the run cannot
    /// come further if it cannot.
    #[must_use]
    pub fn validations(&self) -> &[ValidationReport] {
        &self.validations
    }

    /// The names of the validators that will judge the restored database.
    #[must_use]
    pub fn checks(&self) -> &[String] {
        &self.checks
    }
}

/// Why a drill cannot be planned: the request itself is wrong. What is wrong with a backup is a
/// finding of the plan instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The source, or the backup's key, does not name one backup.
    #[error("the backup to drill cannot be told")]
    Source(#[source] SourceError),
    /// The backup cannot be restored to a target of this kind.
    #[error("the backup cannot be restored to this target")]
    Target(#[source] TargetError),
}

/// The name of the check of age, size and trend.
const CATALOGUE: &str = "catalogue";
/// The name under which it is reported that a restore could not be tried or completed.
pub(super) const RESTORE: &str = "restore";

impl Drill {
    /// Works out what a run would do: picks the backup, checks it against the catalogue, reads the
    /// beginning of the archive, and names the place to restore into. Makes nothing.
    ///
    /// # Errors
    /// Where the request itself is wrong. What is wrong with the backup is in the plan, and in the
    /// report of its run.
    ///
    /// Cancel safe: dropping the future leaves nothing behind.
    pub async fn plan(&self, request: &DrillRequest) -> Result<DrillPlan, PlanError> {
        let begin = Instant::now();
        let now = (self.clock)();
        let mut plan = self.blank(request, now);
        if self.find(&mut plan, now).await? {
            self.read_manifest(&mut plan).await;
            self.look_inside(&mut plan, now).await?;
        }
        plan.find.seconds = begin.elapsed().as_secs_f64();
        Ok(plan)
    }

    fn blank(&self, request: &DrillRequest, now: Timestamp) -> DrillPlan {
        DrillPlan {
            run: RunId::new(now),
            request: request.clone(),
            backup: None,
            archive: None,
            manifest: None,
            findings: Vec::new(),
            validations: Vec::new(),
            session: None,
            find: StageReport { name: Stage::Find, seconds: 0.0, outcome: StageOutcome::Done },
            source: self.source.to_string(),
            target: self.target.to_string(),
            checks: self.validators.iter().map(|check| check.name().to_owned()).collect(),
        }
    }

    /// Picks the backup and checks it against the catalogue. Whether there is one.
    async fn find(&self, plan: &mut DrillPlan, now: Timestamp) -> Result<bool, PlanError> {
        let picked = match self.pick(plan.request.backup.as_deref()).await {
            Ok(picked) => picked,
            Err(error) if error.kind() == SourceErrorKind::Invalid => {
                return Err(PlanError::Source(error));
            }
            Err(error) => {
                plan.find.outcome = StageOutcome::Failed;
                plan.findings.push(error.to_finding(&plan.source));
                return Ok(false);
            }
        };
        let check = self.look_around(&picked, now).await;
        plan.findings.extend(self.beyond_rpo(picked.backup.as_ref(), now));
        let (report, findings) = judge::judge(CATALOGUE, check);
        plan.validations.push(report);
        plan.findings.extend(findings);
        plan.backup = picked.backup;
        Ok(plan.backup.is_some())
    }

    /// Judges the backup among the others of its source.
    async fn look_around(
        &self,
        picked: &Picked,
        now: Timestamp,
    ) -> Result<Validation, ValidatorError> {
        let Some(backup) = &picked.backup else {
            return Ok(validation(
                &picked.all,
                catalogue::check_newest(&picked.all, &self.rules, now),
            ));
        };
        let mut check = catalogue::check(backup, &picked.all, &self.rules, now);
        let copy = catalogue::copy_of(self.source.as_ref(), backup, &picked.all).await;
        check.extend(copy.map_err(|error| {
            ValidatorError::new("compare the backup with the one before").with_cause(error)
        })?);
        Ok(validation(&picked.all, check))
    }

    async fn pick(&self, key: Option<&str>) -> Result<Picked, SourceError> {
        let all = self.source.all().await?;
        let backup = match key {
            Some(key) => Some(self.source.find(key).await?),
            None => all.first().cloned(),
        };
        Ok(Picked { all, backup })
    }

    fn beyond_rpo(&self, backup: Option<&Backup>, now: Timestamp) -> Option<Finding> {
        let (backup, rpo) = (backup?, self.objectives.rpo?);
        let age = Duration::try_from(now.duration_since(backup.modified)).unwrap_or_default();
        (age > rpo).then(|| {
            Finding::critical(
                FindingCode::RpoExceeded,
                &backup.key,
                format!(
                    "the backup is {} old, the recovery point objective is {}",
                    rounded(age),
                    rounded(rpo)
                ),
            )
            .with_hint("run the backup job more often, or find out why the last one did not upload")
        })
    }

    /// Reads the manifest beside the backup. One that cannot be read proves nothing, and is a
    /// finding.
    async fn read_manifest(&self, plan: &mut DrillPlan) {
        let Some(backup) = &plan.backup else { return };
        match Manifest::read(self.source.as_ref(), backup).await {
            Ok(manifest) => plan.manifest = manifest,
            Err(error) => plan.findings.push(error.to_finding()),
        }
        if plan.manifest.is_none() {
            let run = self.validators.iter().filter(|check| !check.needs_manifest());
            plan.checks = run.map(|check| check.name().to_owned()).collect();
        }
    }

    /// Reads the archive's beginning and names the place to restore into.
    async fn look_inside(&self, plan: &mut DrillPlan, now: Timestamp) -> Result<(), PlanError> {
        let Some(backup) = &plan.backup else { return Ok(()) };
        let read = proof::guarded(self.read.clone(), backup, plan.manifest.as_ref());
        let peeked = match read {
            Ok(read) => archive::peek(self.source.clone(), backup, read).await,
            Err(error) => Err(error),
        };
        let preamble = match peeked {
            Ok(preamble) => preamble,
            Err(error) => {
                plan.findings.push(error.to_finding(&backup.key));
                return Ok(());
            }
        };
        let begun = preamble.started_by();
        let stale = begun.and_then(|at| catalogue::check_inside(backup, at, &self.rules, now));
        plan.findings.extend(stale);
        plan.archive = Some(preamble.clone());
        let request = RestoreRequest { run: plan.run, preamble, jobs: plan.request.jobs.max(1) };
        match self.target.session(&request) {
            Ok(session) => plan.session = Some(session),
            Err(error) if error.kind() == TargetErrorKind::Invalid => {
                return Err(PlanError::Target(error));
            }
            Err(error) => {
                let (report, finding) = no_place(&error, &plan.target);
                plan.validations.push(report);
                plan.findings.extend(finding);
            }
        }
        Ok(())
    }
}

fn validation(all: &[Backup], check: CatalogueCheck) -> Validation {
    let mut validation = Validation::sound(all.len() as u64);
    validation.findings = check.findings;
    validation.unproved = check.unproved;
    validation
}

struct Picked {
    all: Vec<Backup>,
    backup: Option<Backup>,
}

/// A target that could not be had or broke: never the backup's fault, so never a failure.
pub(super) fn no_place(error: &TargetError, target: &str) -> (ValidationReport, Option<Finding>) {
    let why = crate::finding::chain(error);
    let code = match error.kind() {
        TargetErrorKind::ServerTooOld => Some(FindingCode::EnvironmentServerTooOld),
        TargetErrorKind::NotEmpty => Some(FindingCode::RestoreTargetNotEmpty),
        _ => None,
    };
    let finding =
        code.map(|code| Finding::critical(code, target, why.clone()).with_hint(error.hint()));
    let hint = error.hint();
    let said = if hint.is_empty() { why } else { format!("{why}; {hint}") };
    (judge::not_run(RESTORE, said), finding)
}

/// A duration without its fraction of a second: `26h`, `1h 2m 3s`.
pub(super) fn rounded(duration: Duration) -> String {
    let whole =
        jiff::SignedDuration::from_secs(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX));
    format!("{whole:#}")
}
