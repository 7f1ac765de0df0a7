//! The arguments of `pgsre alert`.

use clap::{Args, Subcommand};

use super::Format;

/// `pgsre alert …`.
#[derive(Debug, Subcommand)]
pub enum AlertCommand {
    /// Send a test alert and its end to every configured alerter
    #[command(after_help = TEST_HELP)]
    Test(AlertTestArgs),
}

const TEST_HELP: &str = "\
Each alerter of pgsre.toml is told that `pgsre.test` fires, as a warning, and that it is over. Both
say that they are a test. What an alerter wants otherwise (rules, labels, severity) does not count.

Examples:
  pgsre alert test
  pgsre alert test --name pager

Exit status: 0 all were told; 1 one was not; 2 there is none.";

/// `pgsre alert test`.
#[derive(Debug, Args)]
pub struct AlertTestArgs {
    /// Only the alerter of this name, which is its kind where it has none; several times for several
    #[arg(long, value_name = "NAME")]
    pub name: Vec<String>,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}
