//! The arguments of `pgsre backups`.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::{Format, ResultFormat};
use crate::units;

/// `pgsre backups …`.
#[derive(Debug, Subcommand)]
pub enum BackupsCommand {
    /// List the backups of a source: format, size, age, trend
    #[command(after_help = LIST_HELP)]
    List(ListArgs),
    /// Check freshness and size, and read a backup strictly to its end, without a restore
    #[command(after_help = CHECK_HELP)]
    Check(CheckArgs),
}

const LIST_HELP: &str = "\
Examples:
  pgsre backups list /var/backups/shop/
  pgsre backups list s3://acme-backups/shop/ --format json

Exit status: 0 listed; 1 there are none, or the source cannot be read; 2 usage.";

/// `pgsre backups list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// A path or URL (file:///dir/, s3://bucket/prefix/, gs://…, az://…); without it the
    /// configuration's servers
    pub source: Option<String>,

    /// Only this server of the configuration
    #[arg(long, value_name = "NAME")]
    pub server: Option<String>,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

const CHECK_HELP: &str = "\
Examples:
  pgsre backups check s3://acme-backups/shop/ --max-age 26h --max-shrink 30%
  pgsre backups check /var/backups/shop/shop-2026-11-22.sql.gz
  pgsre backups check /var/backups/shop/ --max-drill-age 8d    and a drill passed lately

Reads every byte: the end marks of the compression and of the dump, and every statement.
That a backup can be read does not prove that it restores: that is what `pgsre drill` is for.

Exit status: 0 nothing found; 1 something found; 2 usage; 3 it could not be judged.";

/// `pgsre backups check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A path or URL (file:///dir/, s3://bucket/prefix/, gs://…, az://…); without it the
    /// configuration's servers
    pub source: Option<String>,

    /// Only this server of the configuration
    #[arg(long, value_name = "NAME")]
    pub server: Option<String>,

    /// Which backup, and what it must look like.
    #[command(flatten)]
    pub backup: BackupArgs,

    /// What drills must have shown.
    #[command(flatten)]
    pub drill: DrillAgeArgs,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: ResultFormat,
}

/// What past drills must have shown.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "The drill")]
pub struct DrillAgeArgs {
    /// A drill of this source must have passed within this time, for example 8d
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration)]
    pub max_drill_age: Option<Duration>,

    /// Where the reports of drills lie [default: pgsre's own state directory]
    #[arg(long, value_name = "DIR-or-URL")]
    pub report: Option<String>,
}

/// Which backup, and what it must look like before it is restored.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "The backup")]
pub struct BackupArgs {
    /// This backup of the source [default: the newest]
    #[arg(long, value_name = "KEY")]
    pub backup: Option<String>,

    /// The newest backup may be this old, for example 26h
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration)]
    pub max_age: Option<Duration>,

    /// A backup must be this large, for example 100MiB
    #[arg(long, value_name = "SIZE", value_parser = units::parse_size)]
    pub min_size: Option<u64>,

    /// A backup may be this much smaller than its predecessors, for example 30% or 0.3
    #[arg(long, value_name = "PERCENT", value_parser = units::parse_ratio)]
    pub max_shrink: Option<f64>,

    /// Accept SQL without pg_dump's header and trailer; the report says what is not proved
    #[arg(long)]
    pub allow_untrailed: bool,
}
