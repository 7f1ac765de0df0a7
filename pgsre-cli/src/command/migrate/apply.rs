//! `pgsre migrate apply`: a plan run on a server in use.

use std::path::Path;
use std::sync::Arc;

use pgsre_core::migrate::{
    ActiveSessions, Apply, ApplyEnding, ApplyError, ApplyErrorKind, ArchiverQueue, Autovacuum,
    BlockedSessions, FlagFile, Linter, OldestXmin, Pace, Patience, Plan, ReplicaLag, Schema,
    UserQuery, WalRate, under_way,
};
use pgsre_core::postgres::Database;

use super::place::Place;
use super::{files, unwritten, written};
use crate::args::{ApplyArgs, Format};
use crate::config::Config;
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::interrupt::Interrupt;
use crate::render::human;
use crate::render::progress::ApplyProgress;
use gate::{Gate, PastDrills};

mod gate;

pub(super) async fn run(
    args: &ApplyArgs,
    config: &Config,
    face: &Face,
    environment: &Environment,
) -> Result<u8, CommandError> {
    let text = files::read(&args.file)?;
    let interrupt = Interrupt::watch(face, Arc::new(|| None));
    let cancel = interrupt.token();
    let place = Place::connect(&args.place, config);
    let Some(place) = cancel.run_until_cancelled(place).await.transpose()? else {
        return Ok(exit_code::INTERRUPTED);
    };
    let plan = plan(&args.file, &text, &place.database, &interrupt).await?;
    let gate = Gate::new(&args.released, drills(args, &place, environment)?);
    let apply = assembled(args, plan, &place).hook(gate);
    if args.dry_run {
        return preview(args, &apply, &place.database, face).await;
    }
    let progress = ApplyProgress::new(face);
    let ended = apply.run(&place.database, &progress, cancel).await;
    progress.finish();
    let report = match ended {
        Ok(report) => report,
        Err(_) if interrupt.happened() => return Ok(exit_code::INTERRUPTED),
        Err(error) => return Err(refused(error)),
    };
    let shown = match args.format {
        Format::Human => human::applied(&report, face.palette(), face.width()),
        Format::Json => written(&report)?,
    };
    face.print(&shown).map_err(unwritten)?;
    Ok(match report.ending {
        ApplyEnding::Done => exit_code::PASSED,
        ApplyEnding::Interrupted => exit_code::INTERRUPTED,
        _ => exit_code::INCONCLUSIVE,
    })
}

/// The plan that was begun, that which the file is, or one of the file upon the schema as it is.
async fn plan(
    path: &Path,
    text: &str,
    database: &Database,
    interrupt: &Interrupt,
) -> Result<Plan, CommandError> {
    if let Some(plan) = files::plan(path, text)? {
        return Ok(plan);
    }
    let source = path.display().to_string();
    if let Some(plan) = under_way(database, &source, text).await.map_err(refused)? {
        return Ok(plan);
    }
    let schema = Schema::read(database, interrupt.token()).await.map_err(|error| {
        CommandError::inconclusive("cannot read the schema")
            .with_hint(error.hint())
            .with_cause(error)
    })?;
    let version = super::linter::version(None, database.version().major())?;
    Ok(Linter::with_schema(version, schema).plan(&source, text))
}

/// The drills that are looked at, where somebody says how old the last one may be.
fn drills(
    args: &ApplyArgs,
    place: &Place<'_>,
    environment: &Environment,
) -> Result<Option<PastDrills>, CommandError> {
    let configured = place.server.and_then(|server| server.drill.max_age);
    let Some(max_age) = args.max_drill_age.or(configured) else { return Ok(None) };
    let backups = place.server.and_then(|server| server.backups.as_ref());
    let source = match (&args.backups, backups) {
        (Some(source), _) => source.clone(),
        (None, Some(backups)) => backups.source.expose().to_owned(),
        (None, None) => {
            return Err(CommandError::usage(
                "--max-drill-age: whose drills are meant is not known",
            )
            .with_hint("say where the backups lie: --backups SOURCE"));
        }
    };
    PastDrills::new(&source, max_age, environment).map(Some)
}

fn assembled(args: &ApplyArgs, plan: Plan, place: &Place<'_>) -> Apply {
    let mut standbys = place.server.map_or_else(Vec::new, |server| server.standbys.clone());
    standbys.extend(args.standby.iter().cloned());
    let batches = &args.batches;
    let lag = ReplicaLag::new(batches.max_lag).expecting(standbys.clone());
    let patience = Patience {
        lock_timeout: args.locks.lock_timeout,
        attempts: args.locks.attempts,
        ..Patience::default()
    };
    let mut apply = Apply::new(plan)
        .patience(patience)
        .pace(Pace { target: batches.batch_time, ..Pace::default() })
        .expecting(standbys)
        .throttle(lag)
        .throttle(BlockedSessions(batches.max_blocked));
    if let Some(most) = batches.max_active {
        apply = apply.throttle(ActiveSessions(most));
    }
    if let Some(most) = batches.max_archive_queue {
        apply = apply.throttle(ArchiverQueue(most));
    }
    if let Some(most) = batches.max_wal_rate {
        apply = apply.throttle(WalRate::new(most));
    }
    if let Some(most) = batches.max_xmin_age {
        apply = apply.throttle(OldestXmin(most));
    }
    if batches.heed_vacuum {
        apply = apply.throttle(Autovacuum);
    }
    if let Some(path) = &batches.pause_file {
        apply = apply.throttle(FlagFile(path.clone()));
    }
    if let Some(query) = &batches.while_true {
        apply = apply.throttle(UserQuery(query.clone()));
    }
    match &args.force {
        Some(reason) => apply.force(reason),
        None => apply,
    }
}

async fn preview(
    args: &ApplyArgs,
    apply: &Apply,
    database: &Database,
    face: &Face,
) -> Result<u8, CommandError> {
    let preview = apply.preview(database).await.map_err(refused)?;
    let shown = match args.format {
        Format::Human => human::apply_preview(&preview, face.palette(), face.width()),
        Format::Json => written(&preview)?,
    };
    face.print(&shown).map_err(unwritten)?;
    Ok(if preview.obstacles.is_empty() { exit_code::PASSED } else { exit_code::INCONCLUSIVE })
}

/// An error of the core's with its status.
pub(super) fn refused(error: ApplyError) -> CommandError {
    let context = "the migration was not applied";
    let by_server = error.sqlstate().is_some();
    let refused = match error.kind() {
        ApplyErrorKind::Changed => CommandError::usage(context),
        ApplyErrorKind::Invalid if !by_server => CommandError::usage(context),
        ApplyErrorKind::Unfit
        | ApplyErrorKind::Running
        | ApplyErrorKind::Pooled
        | ApplyErrorKind::Unreachable => CommandError::inconclusive(context),
        _ => CommandError::failed(context),
    };
    refused.with_hint(error.hint()).with_cause(error)
}
