//! Logging to standard error.

use tracing_subscriber::EnvFilter;

use crate::environment::Environment;
use crate::face::Face;

/// What is logged without being asked for: warnings, and what the alerter of kind "log" says.
const USUAL: &str = "warn,pgsre_core::alert=info";

/// Starts logging: `PGSRE_LOG`, else `RUST_LOG`, else as many `-v` say.
pub(crate) fn start(verbose: u8, face: &Face, environment: &Environment) {
    let asked = environment.set("PGSRE_LOG").or_else(|| environment.set("RUST_LOG"));
    let directives = match (asked, verbose) {
        (Some(asked), _) => asked,
        (None, 0) => USUAL,
        (None, 1) => "warn,pgsre_core=info,pgsre_cli=info",
        (None, _) => "info,pgsre_core=debug,pgsre_cli=debug",
    };
    let filter = EnvFilter::try_new(directives).unwrap_or_else(|_| EnvFilter::new(USUAL));
    let log = face.log();
    // Fails only where an embedding program has set its own subscriber: then that one is right.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || log.clone())
        .with_target(false)
        .with_ansi(face.colours_messages())
        .try_init();
}
