//! The verbs, one a file.

pub(crate) mod alert;
pub mod backup;
pub mod backups;
pub mod dashboard;
mod demo;
pub mod doctor;
pub(crate) mod drill;
mod export;
mod fingerprint;
mod init;
mod migrate;
pub mod pool;
pub mod queries;
pub mod report;
pub mod status;
mod top;
mod watch;

use crate::args::{BackupsCommand, Cli, Command};
use crate::config::Config;
use crate::environment::Environment;
use crate::error::CommandError;
use crate::face::Face;

/// Does what the command line says. Returns the status to exit with.
pub(crate) async fn dispatch(
    cli: Cli,
    face: &Face,
    environment: &Environment,
) -> Result<u8, CommandError> {
    let config = || Config::load(cli.global.config.as_deref(), environment);
    match cli.command {
        Command::Demo(args) => demo::run(&args, face).await,
        Command::Init(args) => init::run(&args, face),
        Command::Doctor(args) => doctor::run(&args, &config()?, face, environment).await,
        Command::Alert(command) => alert::run(&command, &config()?, face).await,
        Command::Backup(args) => backup::run(&args, &config()?, face, environment).await,
        Command::Backups(BackupsCommand::List(args)) => {
            backups::list::run(&args, &config()?, face).await
        }
        Command::Backups(BackupsCommand::Check(args)) => {
            backups::check::run(&args, &config()?, face, environment).await
        }
        Command::Drill(args) => drill::run(&args, &config()?, face, environment).await,
        Command::Export(command) => export::run(&command, &config()?, face),
        Command::Fingerprint(args) => fingerprint::run(&args, face).await,
        Command::Report(args) => report::run(&args, config(), face, environment).await,
        Command::Watch(args) => watch::run(&args, config, face, environment).await,
        Command::Pool(command) => pool::run(&command, config, face).await,
        Command::Status(args) => status::run(&args, &config()?, face, environment).await,
        Command::Top(args) => top::run(&args, &config()?, environment).await,
        Command::Dashboard(args) => dashboard::run(&args, &config()?, face, environment).await,
        Command::Migrate(command) => migrate::run(&command, config, face, environment).await,
        Command::Queries(args) => queries::run(&args, &config()?, face, environment).await,
    }
}
