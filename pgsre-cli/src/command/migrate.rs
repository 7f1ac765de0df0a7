//! `pgsre migrate`: what a schema change really does.

use pgsre_core::migrate::Wanted;
use serde::Serialize;

use crate::args::MigrateCommand;
use crate::config::{Config, ConfigError};
use crate::environment::Environment;
use crate::error::CommandError;
use crate::face::Face;
use crate::render::json;

mod apply;
mod explain;
mod files;
mod lint;
mod linter;
mod place;
mod plan;
mod rehearse;
mod runs;

pub(crate) async fn run(
    command: &MigrateCommand,
    config: impl Fn() -> Result<Config, ConfigError>,
    face: &Face,
    environment: &Environment,
) -> Result<u8, CommandError> {
    match command {
        MigrateCommand::Lint(args) => lint::run(args, config(), face).await,
        MigrateCommand::Plan(args) => plan::run(args, face).await,
        MigrateCommand::Rehearse(args) => rehearse::run(args, face).await,
        MigrateCommand::Apply(args) => apply::run(args, &config()?, face, environment).await,
        MigrateCommand::Status(args) => runs::status(args, &config()?, face).await,
        MigrateCommand::Pause(args) => runs::ask(args, Wanted::Pause, &config()?, face).await,
        MigrateCommand::Resume(args) => runs::ask(args, Wanted::Run, &config()?, face).await,
        MigrateCommand::Abort(args) => runs::ask(args, Wanted::Abort, &config()?, face).await,
        MigrateCommand::Explain(args) => explain::run(args, face),
    }
}

fn written(value: &impl Serialize) -> Result<String, CommandError> {
    json::object(value).map_err(unwritten)
}

fn unwritten(error: std::io::Error) -> CommandError {
    CommandError::inconclusive("the result cannot be written").with_cause(error)
}
