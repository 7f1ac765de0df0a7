//! The arguments of `pgsre report`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Format;

const REPORT_HELP: &str = "\
Examples:
  pgsre report                                past drills, newest first, and their recovery times
  pgsre report 20261122t03                    one drill, by its id or the beginning of it
  pgsre report 20261122t03 --html drill.html  its evidence page
  pgsre report --from s3://acme-evidence/drills/ --html trend.html
  pgsre report verify                         was one altered, removed or inserted?

Exit status: 0; 2 when there is no such report. `pgsre report verify` has its own.";

/// `pgsre report`.
#[derive(Debug, Args)]
#[command(after_help = REPORT_HELP, args_conflicts_with_subcommands = true)]
pub struct ReportArgs {
    /// Something else than looking at them.
    #[command(subcommand)]
    pub command: Option<ReportCommand>,

    /// A drill's id, or the beginning of one; without it past drills are listed
    pub id: Option<String>,

    /// Write a self-contained page to this file; - for standard output
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Where the reports lie [default: pgsre's own state directory]
    #[arg(long, visible_alias = "report", value_name = "DIR-or-URL")]
    pub from: Option<String>,

    /// List at most this many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub last: usize,

    /// Plot recovery times although standard output is no terminal
    #[arg(long)]
    pub plot: bool,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// `pgsre report …`.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// Look whether a report was altered, removed or inserted, and whether signatures hold
    #[command(after_help = VERIFY_HELP)]
    Verify(VerifyArgs),
}

const VERIFY_HELP: &str = "\
Examples:
  pgsre report verify
  pgsre report verify --report s3://acme-evidence/drills/ --key drills.pub.pem
  pgsre report verify --head 0a1b…        the digest that an earlier run printed is still there

Each report names the one before it and its SHA-256. Only a digest that is kept elsewhere shows that
the newest reports were cut off, and only a key shows that the whole chain was written anew.

  openssl genpkey -algorithm ed25519 -out drills.pem       for `pgsre drill --sign-key`
  openssl pkey -in drills.pem -pubout -out drills.pub.pem  for --key

Exit status: 0 nothing found; 1 something found; 2 usage; 3 it could not be judged.";

/// `pgsre report verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Where the reports lie [default: pgsre's own state directory]
    #[arg(long, visible_alias = "from", value_name = "DIR-or-URL")]
    pub report: Option<String>,

    /// The public key (PEM) that must have signed the reports; several where the key was changed
    #[arg(long, value_name = "FILE")]
    pub key: Vec<PathBuf>,

    /// The SHA-256 of a report that was the last one once
    #[arg(long, value_name = "SHA256")]
    pub head: Option<String>,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}
