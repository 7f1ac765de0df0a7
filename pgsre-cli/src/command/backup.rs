//! `pgsre backup`: take one.

use pgsre_core::dump::{BackupOutcome, BackupReport, DumpError, DumpErrorKind};
use pgsre_core::postgres::PostgresErrorKind;
use pgsre_core::source::SourceErrorKind;

use crate::args::{Format, TakeArgs};
use crate::config::Config;
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::interrupt::Interrupt;
use crate::render::backup_progress::BackupProgress;
use crate::render::{human, json};

mod preview;
mod proved;
mod settings;

pub use preview::Preview;

use settings::Settings;

pub(crate) async fn run(
    args: &TakeArgs,
    config: &Config,
    face: &Face,
    environment: &Environment,
) -> Result<u8, CommandError> {
    let mut settings = settings::of(args, config)?;
    let doubt = settings.spare_what_may_be_proved(args, face, environment).await;
    let job = settings.job()?;
    let interrupt = Interrupt::watch(face, std::sync::Arc::new(|| None));
    let cancel = interrupt.token();
    let plan = match job.plan(cancel).await {
        Ok(plan) => plan,
        Err(error) if is_usage(&error) => return Err(usage(error)),
        Err(error) => return shown(args, face, &job.refused(&error)),
    };
    if args.dry_run {
        face.print(&match args.format {
            Format::Human => human::backup_plan(face, &Preview::of(&settings, &plan)),
            Format::Json => json::object(&Preview::of(&settings, &plan))?,
        })?;
        return Ok(if doubt { exit_code::INCONCLUSIVE } else { exit_code::PASSED });
    }
    let progress = BackupProgress::new(face, plan.database_bytes);
    let mut report = job.run(plan, &progress, cancel).await;
    progress.finish();
    if doubt && report.outcome == BackupOutcome::Done {
        report.outcome = BackupOutcome::Incomplete;
        report.warnings.push("no older backup was removed: what is proved is not known".to_owned());
    }
    shown(args, face, &report)
}

fn shown(args: &TakeArgs, face: &Face, report: &BackupReport) -> Result<u8, CommandError> {
    face.print(&match args.format {
        Format::Human => human::backup_report(face, report),
        Format::Json => json::object(report)?,
    })?;
    Ok(match report.outcome {
        BackupOutcome::Done => exit_code::PASSED,
        BackupOutcome::Incomplete => exit_code::INCONCLUSIVE,
        BackupOutcome::Cancelled => exit_code::INTERRUPTED,
        _ => exit_code::FAILED,
    })
}

/// What only the user can mend.
fn is_usage(error: &DumpError) -> bool {
    matches!(
        error.kind(),
        DumpErrorKind::Unsupported
            | DumpErrorKind::Postgres(PostgresErrorKind::Invalid)
            | DumpErrorKind::Destination(SourceErrorKind::Invalid)
    )
}

fn usage(error: DumpError) -> CommandError {
    let hint = error.hint();
    CommandError::usage("the backup cannot be taken like this").with_hint(hint).with_cause(error)
}
