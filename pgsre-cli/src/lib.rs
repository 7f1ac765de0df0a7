//! The command line of pgsre: ready-made workflows over `pgsre-core`.
//!
//! Everything here uses the core's public API only: what `pgsre` does, a Rust service can do.
//! [`run`] is the whole program; [`exit_code`] says what it tells the shell.

use std::ffi::OsString;

use clap::Parser;
use clap::error::ErrorKind;

pub mod args;
pub mod command;
pub mod config;
pub mod environment;
pub mod error;
pub mod exit_code;
pub mod face;
mod interrupt;
mod logging;
pub mod render;
mod serve;
pub mod units;

use args::Cli;
use environment::Environment;
use error::CommandError;
use face::Face;

/// Runs the program with these arguments, the first of which is its own name, and returns the
/// status to exit with.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let environment = Environment::of_process();
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return explain(&error),
    };
    let face = Face::of_process(cli.global.quiet, &environment);
    logging::start(cli.global.verbose, &face, &environment);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = CommandError::inconclusive("cannot start the runtime").with_cause(error);
            return complain(&face, &error);
        }
    };
    let status = match runtime.block_on(command::dispatch(cli, &face, &environment)) {
        Ok(status) => status,
        Err(error) => complain(&face, &error),
    };
    // A blocking read that hangs, as on a dead network file system, must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    status
}

/// What clap has to say: help and version on standard output, errors on standard error.
fn explain(error: &clap::Error) -> u8 {
    // A closed pipe, as in `pgsre --help | head`, leaves nobody to tell.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => exit_code::PASSED,
        _ => exit_code::USAGE,
    }
}

/// The one place where an error is printed, with its causes, each said once.
fn complain(face: &Face, error: &CommandError) -> u8 {
    face.error(&pgsre_core::finding::chain(error), error.hint());
    error.status()
}
