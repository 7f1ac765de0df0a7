//! The arguments of `pgsre pool`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use pgsre_core::pooler::PoolerVersion;

use super::Format;
use crate::units;

/// `pgsre pool …`.
#[derive(Debug, Subcommand)]
pub enum PoolCommand {
    /// Show PgBouncer's pools: what is used, who waits, and for how long
    #[command(after_help = STATUS_HELP)]
    Status(PoolStatusArgs),
    /// Say what is wrong with a pgbouncer.ini, why, and how to mend it
    #[command(after_help = LINT_HELP)]
    Lint(PoolLintArgs),
    /// Say how large the pools should be, from what is measured, and write the configuration
    #[command(after_help = SIZE_HELP)]
    Size(PoolSizeArgs),
}

const STATUS_HELP: &str = "\
Examples:
  pgsre pool status postgres://pgsre@db1:6432/pgbouncer
  pgsre pool status --server shop --format json

The user must be in stats_users or admin_users, no more. Averages are those of the window.

Exit status: 0 nothing is out of bounds; 1 something is; 2 usage; 3 PgBouncer could not be read.";

/// `pgsre pool status`.
#[derive(Debug, Args)]
pub struct PoolStatusArgs {
    /// PgBouncer's console, as libpq reads it; without it the configuration's `pgbouncer`
    pub url: Option<String>,

    /// Only this server of the configuration
    #[arg(long, value_name = "NAME")]
    pub server: Option<String>,

    /// The time between the two readings that averages are made of
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration, default_value = "1s")]
    pub window: Duration,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

const LINT_HELP: &str = "\
Examples:
  pgsre pool lint /etc/pgbouncer/pgbouncer.ini
  pgsre pool lint pgbouncer.ini --pgbouncer-version 1.18 --open-files 1024
  pgsre pool lint pgbouncer.ini --database postgres://pgsre@db1/shop
  pgsre pool lint pgbouncer.ini --format sarif > pool.sarif

With --database the pools are compared with the connections that the server has for them, and
pg_stat_statements is searched for statements that break in transaction mode.

Exit status: 0 nothing found; 1 something found; 2 usage, or a file that cannot be read;
3 the server of --database could not be read.";

/// `pgsre pool lint`.
#[derive(Debug, Args)]
pub struct PoolLintArgs {
    /// Configurations of PgBouncer; what they %include is read, too
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// The server behind the pools: its room for connections, and the statements it has seen
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,

    /// The version that reads the configuration [default: the newest known]
    #[arg(long, value_name = "VERSION")]
    pub pgbouncer_version: Option<PoolerVersion>,

    /// The files that PgBouncer's process may open (LimitNOFILE of its service)
    #[arg(long, value_name = "N")]
    pub open_files: Option<u64>,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: LintFormat,
}

/// How the findings of a linter are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LintFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object on standard output, and nothing else there.
    Json,
    /// SARIF 2.1.0, for the code scanning of a forge.
    Sarif,
}

const SIZE_HELP: &str = "\
Examples:
  pgsre pool size postgres://pgsre@db1:6432/pgbouncer --cores 16 --window 60s
  pgsre pool size --server-url postgres://pgsre@db1/shop --cores 16
  pgsre pool size --services 10 --connections 20 --cores 12
  pgsre pool size --services 10 --connections 20 --cores 12 --write pgbouncer.ini

Measured: transactions a second by their mean time are the connections in use (Little's law); the
time that clients may wait gives the head-room (Erlang's queue M/M/c); cores and the server's room
bound it. A window says what the load is now: choose one at the busiest hour, or raise --peak.

Exit status: 0 proposed; 2 usage; 3 what was to be measured could not be read.";

/// `pgsre pool size`.
#[derive(Debug, Args)]
pub struct PoolSizeArgs {
    /// PgBouncer's console to measure at, as libpq reads it
    #[arg(value_name = "CONSOLE")]
    pub console: Option<String>,

    /// Take `pgbouncer` and `url` of this server of the configuration
    #[arg(long, value_name = "NAME")]
    pub server: Option<String>,

    /// The server behind: its room for connections and, without a console, its load
    #[arg(long, value_name = "URL")]
    pub server_url: Option<String>,

    /// Services, or processes, that open connections
    #[arg(long, value_name = "N", requires = "connections", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub services: Option<u64>,

    /// Connections that each of them opens
    #[arg(long, value_name = "N", requires = "services", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub connections: Option<u64>,

    /// The database that is pooled, where it is not measured [default: that of --server-url]
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,

    /// The server's cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub cores: Option<u64>,

    /// Its disks that seek by themselves; 1 for solid-state disks
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=100_000))]
    pub spindles: u64,

    /// The mean time that a client may wait for a server connection
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration, default_value = "10ms")]
    pub target_wait: Duration,

    /// By how much the busiest minute exceeds the window
    #[arg(long, value_name = "FACTOR", default_value_t = 1.5, value_parser = parse_peak)]
    pub peak: f64,

    /// How long to measure
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration, default_value = "30s")]
    pub window: Duration,

    /// Write a complete pgbouncer.ini, and beside it a userlist.txt where there is none
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,

    /// Write over a file that is there
    #[arg(long, requires = "write")]
    pub force: bool,

    /// The version to write for [default: that of the console, else the newest known]
    #[arg(long, value_name = "VERSION")]
    pub pgbouncer_version: Option<PoolerVersion>,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

fn parse_peak(text: &str) -> Result<f64, String> {
    let accepted = "a factor from 1 to 100 is expected, for example 1.5";
    let peak: f64 = text.parse().map_err(|_| accepted.to_owned())?;
    if (1.0..=100.0).contains(&peak) { Ok(peak) } else { Err(accepted.to_owned()) }
}
