//! The arguments of `pgsre drill`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{BackupArgs, ResultFormat};
use crate::units;

const DRILL_HELP: &str = "\
Examples:
  pgsre drill /var/backups/shop/
  pgsre drill s3://acme-backups/shop/ --max-age 26h --rto 2h
  pgsre drill s3://acme-backups/shop/ --compare-to postgres://pgsre@db1/shop --max-missing-rows 100
  pgsre drill s3://acme-backups/shop/ --target postgres://drill@staging/postgres --format json
  pgsre drill                                 every server of pgsre.toml

SOURCE: a prefix means its newest backup, an object that one backup. Its settings are those of
--server NAME, else of the configured server whose `source` it is, else of the only server of the
file that --config names, else the defaults. Alerters are the configuration's in any case.

--format json prints one object: the report of one drill with SOURCE or --server; without both
{\"schema\":1,\"verdict\":…,\"drills\":[…]}, however many servers are configured.
--format junit prints a test suite for each drill: a test for each check and each finding.

Exit status: 0 passed; 1 failed; 2 usage or configuration; 3 inconclusive: it could not be judged;
130 interrupted, after the clean-up.";

/// `pgsre drill`.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = DRILL_HELP)]
pub struct DrillArgs {
    /// A path or URL (file:///dir/, s3://bucket/prefix/, gs://…, az://…); without it the
    /// configuration's servers
    pub source: Option<String>,

    /// Only this server of the configuration
    #[arg(long, value_name = "NAME")]
    pub server: Option<String>,

    /// Which backup, and what it must look like.
    #[command(flatten)]
    pub backup: BackupArgs,

    /// How it is restored.
    #[command(flatten)]
    pub restore: RestoreArgs,

    /// What the restored database must hold.
    #[command(flatten)]
    pub proof: ProofArgs,

    /// What becomes of the result.
    #[command(flatten)]
    pub result: ResultArgs,
}

/// How a backup is restored.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "The restore")]
pub struct RestoreArgs {
    /// Where to restore: ephemeral (a throw-away server on this machine) or postgres://… (a
    /// scratch database there) [default: ephemeral]
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,

    /// Connections that load at the same time [default: the number of processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,

    /// The longest that the restore and the checks may take together
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration)]
    pub timeout: Option<Duration>,

    /// Leave the restored database where it is, and say how to reach it
    #[arg(long)]
    pub keep: bool,

    /// Show what would be done, and do nothing; the exit status tells what is already known
    #[arg(long)]
    pub dry_run: bool,
}

/// What the restored database must hold.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "The proof")]
pub struct ProofArgs {
    /// Compare with this live database; "none" switches off what the configuration says
    #[arg(long, value_name = "URL")]
    pub compare_to: Option<String>,

    /// Rows that a table may lack, compared with the live database
    #[arg(long, value_name = "N")]
    pub max_missing_rows: Option<u64>,

    /// Share of rows that a table may lack, for example 0.5% or 0.005
    #[arg(long, value_name = "PERCENT", value_parser = units::parse_ratio)]
    pub max_missing_ratio: Option<f64>,

    /// The least number of tables [default: 1]
    #[arg(long, value_name = "N")]
    pub min_tables: Option<u64>,

    /// The least number of rows in all tables [default: 1]
    #[arg(long, value_name = "N")]
    pub min_rows: Option<u64>,

    /// Tables that are dumped without their rows on purpose; may be given several times
    #[arg(long, value_name = "TABLE", value_delimiter = ',')]
    pub expect_empty: Vec<String>,

    /// The recovery time objective: the restore may take this long
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration)]
    pub rto: Option<Duration>,

    /// The recovery point objective: the backup may be this old
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration)]
    pub rpo: Option<Duration>,
}

/// What becomes of the result.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "The result")]
pub struct ResultArgs {
    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: ResultFormat,

    /// Keep the report (JSON and HTML) in this directory or below this URL [default: pgsre's own
    /// state directory]
    #[arg(long, value_name = "DIR-or-URL")]
    pub report: Option<String>,

    /// Sign the report with this Ed25519 key (PEM, as `openssl genpkey -algorithm ed25519` writes it)
    #[arg(long, value_name = "FILE")]
    pub sign_key: Option<PathBuf>,

    /// Send no alerts
    #[arg(long)]
    pub no_notify: bool,
}
