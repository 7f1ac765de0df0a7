//! The verbs, one a file.

pub mod backups;
pub mod doctor;
mod init;

use crate::args::{Cli, Command};
use crate::environment::Environment;
use crate::error::CommandError;
use crate::face::Face;

/// Does what the command line says. Returns the status to exit with.
pub(crate) async fn dispatch(
    cli: Cli,
    face: &Face,
    environment: &Environment,
) -> Result<u8, CommandError> {
    let config = cli.global.config.as_deref();
    match cli.command {
        Command::Init(args) => init::run(&args, face),
        _ => Ok(0),
    }
}
