//! The `pgsre` program: everything is in the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A third of the time of linting went to the allocator of the C library.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(pgsre_cli::run(std::env::args_os()))
}
