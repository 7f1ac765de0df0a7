//! The arguments of `pgsre migrate apply` and of what steers it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::args::Format;
use crate::units;

const APPLY_HELP: &str = "\
Runs a plan step by step on the server that serves. Each step waits a moment for its locks and no longer,
so that nobody stands in a queue behind it, and is tried again; rows are changed in batches, which wait
for late replicas; an index that a failed build left is dropped. Steps and batches note that they are
done in the database itself (schema pgsre_migrate, removed at the end): after kill -9, a restart or a
failover the same command goes on where it was. One runner at a time.

A FILE is planned upon the database's schema; a PLAN is the JSON of `pgsre migrate plan`. At a step that
asks for a release of the applications the run ends with 3; the same command with --released and the
step's number goes on.

It is not begun where a replica is missing, a step of the plan stops others, the disk is too small, a
vacuum against wraparound holds a table, or a drill is overdue: --force REASON begins it all the same, and
keeps the reason with the run.

Examples:
  pgsre migrate apply 42_add.sql --database postgres://dba@db1/shop --dry-run
  pgsre migrate apply 42_add.sql --database postgres://dba@db1/shop --standby db2 --max-lag 5s
  pgsre migrate apply plan.json --server shop --max-drill-age 8d
  pgsre migrate status --server shop
  pgsre migrate pause --server shop          and resume, abort

Exit status: 0 every step is done; 1 a step failed, or it was aborted; 2 usage, or the plan was changed; 3
it was not begun, waits for a release, or the server is out of reach; 130 interrupted: the same command
goes on.";

/// Where a migration runs.
#[derive(Clone, Debug, Default, Args)]
pub struct RunPlaceArgs {
    /// The database, as libpq reads it; without it the configuration's server
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,

    /// This server of the configuration
    #[arg(long, value_name = "NAME", conflicts_with = "database")]
    pub server: Option<String>,
}

/// `pgsre migrate apply`.
#[derive(Clone, Debug, Args)]
#[command(after_help = APPLY_HELP)]
pub struct ApplyArgs {
    /// The migration, or a plan of one (JSON)
    #[arg(value_name = "FILE|PLAN")]
    pub file: PathBuf,

    /// Where.
    #[command(flatten)]
    pub place: RunPlaceArgs,

    /// The release that this step asks for is out; or `all`
    #[arg(long, value_name = "STEP", value_parser = released)]
    pub released: Vec<Released>,

    /// Show what would be run, its batches, and what speaks against it
    #[arg(long)]
    pub dry_run: bool,

    /// Begin though the server is not fit for it, for this reason
    #[arg(long, value_name = "REASON")]
    pub force: Option<String>,

    /// A replica that must be there; those of the configuration and those with a slot must be in any case
    #[arg(long, value_name = "NAME")]
    pub standby: Vec<String>,

    /// A drill must have passed within this time, for example 8d [default: the configuration's]
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration)]
    pub max_drill_age: Option<Duration>,

    /// Of backups that lie there [default: the configuration's]
    #[arg(long, value_name = "SOURCE", requires = "max_drill_age")]
    pub backups: Option<String>,

    /// How a step waits for its locks.
    #[command(flatten)]
    pub locks: LockArgs,

    /// What batches wait for.
    #[command(flatten)]
    pub batches: BatchArgs,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// How a step waits for its locks.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Locks")]
pub struct LockArgs {
    /// A step waits so long for its locks; who comes later waits behind it [default: the plan's, 2s]
    #[arg(long, value_name = "DURATION", value_parser = lock_timeout)]
    pub lock_timeout: Option<Duration>,

    /// A step is tried so often
    #[arg(long, value_name = "N", default_value = "60")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub attempts: u32,
}

/// What batches wait for.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Batches of rows")]
pub struct BatchArgs {
    /// A batch should take so long; its size is adapted
    #[arg(long, value_name = "DURATION", default_value = "250ms", value_parser = batch_time)]
    pub batch_time: Duration,

    /// Replicas may be so late
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = units::parse_duration)]
    pub max_lag: Duration,

    /// Sessions may wait for locks
    #[arg(long, value_name = "N", default_value = "10")]
    pub max_blocked: u32,

    /// Sessions may be at work
    #[arg(long, value_name = "N")]
    pub max_active: Option<u32>,

    /// Segments of write-ahead log may wait to be archived
    #[arg(long, value_name = "N")]
    pub max_archive_queue: Option<u32>,

    /// Write-ahead log a second, for example 50MiB
    #[arg(long, value_name = "SIZE", value_parser = units::parse_size)]
    pub max_wal_rate: Option<u64>,

    /// Transactions since the oldest snapshot
    #[arg(long, value_name = "N")]
    pub max_xmin_age: Option<u32>,

    /// Wait while a vacuum works on the table
    #[arg(long)]
    pub heed_vacuum: bool,

    /// Wait while this file is there
    #[arg(long, value_name = "PATH")]
    pub pause_file: Option<PathBuf>,

    /// Wait while this query does not answer with true
    #[arg(long, value_name = "QUERY")]
    pub while_true: Option<String>,
}

/// A step whose release is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// That one.
    Step(u32),
    /// Each.
    All,
}

/// `pgsre migrate status`.
#[derive(Clone, Debug, Args)]
pub struct RunsArgs {
    /// Where.
    #[command(flatten)]
    pub place: RunPlaceArgs,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// `pgsre migrate pause`, `resume` and `abort`.
#[derive(Clone, Debug, Args)]
pub struct SteerArgs {
    /// The run, as `pgsre migrate status` names it; without it the only one
    pub run: Option<String>,

    /// Where.
    #[command(flatten)]
    pub place: RunPlaceArgs,
}

fn released(text: &str) -> Result<Released, String> {
    match text.parse() {
        _ if text == "all" => Ok(Released::All),
        Ok(step) if step > 0 => Ok(Released::Step(step)),
        _ => Err(format!("{text:?} is neither the number of a step nor `all`")),
    }
}

/// Without a limit everybody would wait behind a step.
fn lock_timeout(text: &str) -> Result<Duration, String> {
    within(text, Duration::from_millis(1)..=Duration::from_secs(600))
}

fn batch_time(text: &str) -> Result<Duration, String> {
    within(text, Duration::from_millis(1)..=Duration::from_secs(60))
}

fn within(text: &str, allowed: std::ops::RangeInclusive<Duration>) -> Result<Duration, String> {
    let duration = units::parse_duration(text)?;
    match allowed.contains(&duration) {
        true => Ok(duration),
        false => {
            Err(format!("{text:?} is not between {:?} and {:?}", allowed.start(), allowed.end()))
        }
    }
}
