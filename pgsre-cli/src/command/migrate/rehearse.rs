//! `pgsre migrate rehearse`: a migration tried on a restored backup, or on a copy.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use pgsre_core::drill::{Drill, DrillReport, DrillRequest};
use pgsre_core::history::evidence;
use pgsre_core::migrate::rehearse::{Load, RehearsalError};
use pgsre_core::migrate::{Rehearsal, RehearsalReport, Schema};
use pgsre_core::postgres::{Database, PostgresError};
use pgsre_core::restore::EphemeralCluster;
use pgsre_core::validate::{Validation, ValidationContext, Validator, ValidatorError};

use super::{files, unwritten, written};
use crate::args::{RehearseArgs, RehearseFormat};
use crate::command::drill::assemble::{connection, plan_error, source};
use crate::command::report::write;
use crate::config::Secret;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::interrupt::Interrupt;
use crate::render::progress::Progress;
use crate::render::{self, human};

pub(super) async fn run(args: &RehearseArgs, face: &Face) -> Result<u8, CommandError> {
    let text = files::read(&args.file)?;
    let rehearsal = match files::plan(&args.file, &text)? {
        Some(plan) => Rehearsal::of_plan(plan),
        None => Rehearsal::new(args.file.display().to_string(), text),
    };
    let rehearsal = match &args.load {
        Some(script) => rehearsal.with_load(load(script, args)?),
        None => rehearsal,
    };
    let rehearsal = match &args.production {
        Some(url) => rehearsal.expecting(production(url, face).await?),
        None => rehearsal,
    };
    let report = match (&args.backup, &args.database) {
        (Some(backup), _) => on_backup(rehearsal, backup, args.html.as_deref(), face).await?,
        (None, Some(url)) => on_copy(&rehearsal, url, face).await?,
        (None, None) => {
            return Err(CommandError::usage("a backup or a copy is needed")
                .with_hint("name one: --backup SOURCE or --database URL-OF-A-COPY"));
        }
    };
    let Some(report) = report else { return Ok(exit_code::INTERRUPTED) };
    let shown = match args.format {
        RehearseFormat::Human => human::rehearsal(&report, face.palette(), face.width()),
        RehearseFormat::Json => written(&report)?,
    };
    face.print(&shown).map_err(unwritten)?;
    Ok(if report.is_sound() { exit_code::PASSED } else { exit_code::FAILED })
}

fn load(script: &Path, args: &RehearseArgs) -> Result<Load, CommandError> {
    if !script.is_file() {
        return Err(CommandError::usage(format!("{}: no such script", script.display()))
            .with_hint("--load names a script of pgbench: SQL, with \\set for its variables"));
    }
    Ok(Load::script(script).clients(args.load_clients).per_second(f64::from(args.load_rate)))
}

/// The sizes of the tables that the migration will meet.
async fn production(url: &str, face: &Face) -> Result<Schema, CommandError> {
    let interrupt = Interrupt::watch(face, Arc::new(|| None));
    let unread = |error: PostgresError| {
        CommandError::inconclusive("the sizes of production's tables cannot be read")
            .with_hint(error.hint())
            .with_cause(error)
    };
    let config = connection("--production", &Secret::new(url))?;
    let database = Database::connect(config).await.map_err(unread)?;
    Schema::read(&database, interrupt.token()).await.map_err(unread)
}

async fn on_copy(
    rehearsal: &Rehearsal,
    url: &str,
    face: &Face,
) -> Result<Option<RehearsalReport>, CommandError> {
    let interrupt = Interrupt::watch(face, Arc::new(|| None));
    let database = Database::connect(connection("--database", &Secret::new(url))?).await;
    let database = database.map_err(|error| {
        CommandError::inconclusive("cannot connect to the copy")
            .with_hint(error.hint())
            .with_cause(error)
    })?;
    match rehearsal.run(&database, interrupt.token()).await {
        Err(_) if interrupt.happened() => Ok(None),
        Err(RehearsalError::Plan(why)) => Err(CommandError::usage(why)
            .with_hint("make the plan anew: pgsre migrate plan FILE --format json")),
        Err(RehearsalError::Load(why)) => Err(CommandError::inconclusive(why)
            .with_hint("try it by hand: pgbench --no-vacuum --file=FILE.sql DATABASE")),
        Err(error) => Err(CommandError::inconclusive("the migration could not be rehearsed")
            .with_hint(
                "name a copy that nobody else is connected to, and a role that may create databases",
            )
            .with_cause(error)),
        Ok(report) => Ok(Some(report)),
    }
}

/// A drill whose only check is the rehearsal.
async fn on_backup(
    rehearsal: Rehearsal,
    backup: &str,
    html: Option<&Path>,
    face: &Face,
) -> Result<Option<RehearsalReport>, CommandError> {
    let held = Arc::new(Mutex::new(None));
    let check = RehearsalCheck { rehearsal, held: Arc::clone(&held) };
    let backups = Arc::new(source(&Secret::new(backup))?);
    let drill = Drill::new(backups, Arc::new(EphemeralCluster::new()))
        .with_validators(vec![Box::new(check)]);
    let progress = Arc::new(Progress::new(face, ""));
    let interrupt = Interrupt::watch(face, {
        let progress = Arc::clone(&progress);
        Arc::new(move || progress.place())
    });
    progress.planning();
    let plan = interrupt.token().run_until_cancelled(drill.plan(&DrillRequest::default())).await;
    progress.finish();
    let Some(plan) = plan else { return Ok(None) };
    let report = drill.run(plan.map_err(plan_error)?, progress.as_ref(), interrupt.token()).await;
    progress.finish();
    if interrupt.happened() {
        return Ok(None);
    }
    if let Some(path) = html {
        write(face, path, &page(&report)?)?;
    }
    let held = held.lock().unwrap_or_else(PoisonError::into_inner).take();
    held.map(Some).ok_or_else(|| not_held(&report))
}

/// The evidence of the drill, with the sections of the rehearsal.
fn page(report: &DrillReport) -> Result<String, CommandError> {
    let failed = || CommandError::inconclusive("the evidence cannot be written");
    let json = serde_json::to_vec(report).map_err(|error| failed().with_cause(error))?;
    evidence::page(report, &json, &[]).map_err(|error| failed().with_cause(error))
}

/// What kept the backup from being restored, or the rehearsal from being held.
fn not_held(report: &DrillReport) -> CommandError {
    let why: Vec<String> = report
        .findings
        .iter()
        .map(|finding| format!("{}: {}", finding.subject, finding.message))
        .collect();
    let why = if why.is_empty() { "nothing was restored".to_owned() } else { why.join("; ") };
    CommandError::inconclusive(format!("the migration could not be rehearsed: {why}"))
        .with_hint("pgsre drill says in full whether the backup restores")
}

/// Rehearses on each restored database that the migration is for: the first.
#[derive(Debug)]
struct RehearsalCheck {
    rehearsal: Rehearsal,
    held: Arc<Mutex<Option<RehearsalReport>>>,
}

#[async_trait]
impl Validator for RehearsalCheck {
    fn name(&self) -> &str {
        "rehearsal"
    }

    async fn validate(&self, cx: &ValidationContext<'_>) -> Result<Validation, ValidatorError> {
        let report = self.rehearsal.run(cx.restored, cx.cancel).await.map_err(|error| {
            ValidatorError::new("the migration could not be rehearsed").with_cause(error)
        })?;
        let direct = report.direct.as_ref().map_or(0, |run| run.statements.len());
        let examined = direct + report.planned.statements.len();
        let sections = render::evidence::rehearsal(&report);
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
        let examined = examined.try_into().unwrap_or(u64::MAX).max(1);
        Ok(Validation { sections, ..Validation::sound(examined) })
    }
}
