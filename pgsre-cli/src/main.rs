//! The `pgsre` program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(pgsre_cli::run(std::env::args_os()))
}
