//! `pgsre migrate plan`: a schema change as steps that stop nobody.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use pgsre_core::migrate::statement::Statement;
use pgsre_core::migrate::{Linter, Plan, parse};

use super::linter::linter;
use super::{files, unwritten, written};
use crate::args::{PlanArgs, PlanFormat};
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::interrupt::Interrupt;
use crate::render::human;

pub(super) async fn run(args: &PlanArgs, face: &Face) -> Result<u8, CommandError> {
    let text = files::read(&args.file)?;
    let interrupt = Interrupt::watch(face, Arc::new(|| None));
    let linter = match linter(args.pg_version, args.database.as_deref(), &interrupt).await {
        Err(_) if interrupt.happened() => return Ok(exit_code::INTERRUPTED),
        linter => linter?,
    };
    let plan = after(args, linter)?.plan(&args.file.display().to_string(), &text);
    let shown = match args.format {
        PlanFormat::Human => human::migration_plan(&plan, face.palette(), face.width()),
        PlanFormat::Sql => plan.to_sql(),
        PlanFormat::Json => written(&plan)?,
    };
    face.print(&shown).map_err(unwritten)?;
    Ok(status(&plan, &text))
}

/// The same behind what came before the file in the history.
fn after(args: &PlanArgs, mut linter: Linter) -> Result<Linter, CommandError> {
    for path in files::found(&args.history)? {
        if is_same(&path, &args.file) {
            break;
        }
        linter.file(&path.display().to_string(), &files::read(&path)?);
    }
    Ok(linter)
}

fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    real(one).is_some_and(|one| Some(one) == real(other))
}

fn status(plan: &Plan, text: &str) -> u8 {
    let unparsed = |statement: &Statement| matches!(statement, Statement::Unparsed { .. });
    if parse(text).iter().any(|located| unparsed(&located.statement)) {
        return exit_code::INCONCLUSIVE;
    }
    if plan.is_safe() { exit_code::PASSED } else { exit_code::FAILED }
}
