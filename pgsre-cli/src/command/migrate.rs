//! `pgsre migrate`: what a schema change really does.

use serde::Serialize;

use crate::args::MigrateCommand;
use crate::error::CommandError;
use crate::face::Face;
use crate::render::json;

mod explain;
mod files;
mod lint;
mod linter;
mod plan;
mod rehearse;

pub(crate) async fn run(command: &MigrateCommand, face: &Face) -> Result<u8, CommandError> {
    match command {
        MigrateCommand::Lint(args) => lint::run(args, face).await,
        MigrateCommand::Plan(args) => plan::run(args, face).await,
        MigrateCommand::Rehearse(args) => rehearse::run(args, face).await,
        MigrateCommand::Explain(args) => explain::run(args, face),
    }
}

fn written(value: &impl Serialize) -> Result<String, CommandError> {
    json::object(value).map_err(unwritten)
}

fn unwritten(error: std::io::Error) -> CommandError {
    CommandError::inconclusive("the result cannot be written").with_cause(error)
}
