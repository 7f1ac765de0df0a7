//! `pgsre migrate status`, `pause`, `resume` and `abort`: runs that are under way, and what is wanted of them.

use pgsre_core::migrate::{RunStatus, Step, Wanted, runs, steer};
use serde::Serialize;

use super::apply::refused;
use super::place::Place;
use super::{unwritten, written};
use crate::args::{Format, RunsArgs, SteerArgs};
use crate::config::Config;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::render::human;

/// The JSON of `pgsre migrate status`.
#[derive(Debug, Serialize)]
struct Runs {
    /// The version of this shape: 1.
    schema: u32,
    runs: Vec<RunStatus>,
}

pub(super) async fn status(
    args: &RunsArgs,
    config: &Config,
    face: &Face,
) -> Result<u8, CommandError> {
    let place = Place::connect(&args.place, config).await?;
    let runs = Runs { schema: 1, runs: runs(&place.database).await.map_err(refused)? };
    let shown = match args.format {
        Format::Human => human::migration_runs(&runs.runs, face.palette()),
        Format::Json => written(&runs)?,
    };
    face.print(&shown).map_err(unwritten)?;
    Ok(exit_code::PASSED)
}

/// Asks a run to pause, to go on or to end.
pub(super) async fn ask(
    args: &SteerArgs,
    wanted: Wanted,
    config: &Config,
    face: &Face,
) -> Result<u8, CommandError> {
    let place = Place::connect(&args.place, config).await?;
    let all = runs(&place.database).await.map_err(refused)?;
    let run = chosen(args.run.as_deref(), &all)?;
    if !steer(&place.database, &run.name, wanted).await.map_err(refused)? {
        return Err(CommandError::failed(format!("{} came to its end meanwhile", run.name)));
    }
    face.print(&said(run, wanted)).map_err(unwritten)?;
    Ok(exit_code::PASSED)
}

fn chosen<'a>(name: Option<&str>, runs: &'a [RunStatus]) -> Result<&'a RunStatus, CommandError> {
    let names: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
    let hint = format!("under way: {}", names.join(", "));
    match (name, runs) {
        (_, []) => Err(CommandError::usage("no migration is under way in this database")),
        (None, [only]) => Ok(only),
        (None, _) => Err(CommandError::usage("several migrations are under way").with_hint(hint)),
        (Some(name), _) => runs.iter().find(|run| run.name == name).ok_or_else(|| {
            CommandError::usage(format!("no migration {name:?} is under way")).with_hint(hint)
        }),
    }
}

fn said(run: &RunStatus, wanted: Wanted) -> String {
    let name = &run.name;
    match (wanted, run.runner) {
        (Wanted::Pause, Some(_)) => format!("{name} pauses before its next batch or step\n"),
        (Wanted::Pause, None) => {
            format!("nobody is at {name}; when somebody goes on with it, it will pause\n")
        }
        (Wanted::Run, Some(_)) => format!("{name} goes on\n"),
        (Wanted::Run, None) => {
            format!("{name} may go on, but nobody is at it: pgsre migrate apply goes on with it\n")
        }
        (Wanted::Abort, runner) => {
            let ends = match runner {
                Some(_) => "ends before its next batch or step",
                None => "is given up",
            };
            format!("{name} {ends}; what is done stays done\n{}", way_back(run))
        }
    }
}

/// The statements that take back what is done, from the last step.
fn way_back(run: &RunStatus) -> String {
    let Some(plan) = &run.plan else { return String::new() };
    let done: Vec<&Step> = plan.steps.iter().filter(|step| step.number < run.step).collect();
    let mut text = String::new();
    for step in done.iter().rev() {
        match &step.undo {
            Some(undo) => undo.iter().for_each(|sql| text.push_str(&format!("  {sql};\n"))),
            None => {
                text.push_str(&format!(
                    "  -- no way back from step {}: {}\n",
                    step.number, step.title
                ));
                break;
            }
        }
    }
    match text.is_empty() {
        true => text,
        false => format!("The steps that are done are taken back by\n{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_steered_where_nothing_runs() {
        assert_eq!(chosen(None, &[]).map(drop).map_err(|error| error.status()), Err(2));
        assert_eq!(chosen(Some("a"), &[]).map(drop).map_err(|error| error.status()), Err(2));
    }
}
