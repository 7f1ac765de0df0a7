//! The arguments of `pgsre fingerprint`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use pgsre_core::fingerprint::Level;

use super::Format;
use crate::units;

const HELP: &str = "\
Examples:
  pgsre fingerprint postgres://db1/shop                       what the database holds now
  pgsre fingerprint postgres://db1/shop --level counts        its definitions and row counts only
  pgsre fingerprint postgres://db1/shop --format json --output shop.json
  pgsre fingerprint postgres://copy/shop --compare shop.json  is it the same?
  pgsre fingerprint postgres://new/shop --compare postgres://old/shop

With a pg_dump of your own, in one snapshot:
  psql, and leave it open:  BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot();
  pg_dump -Fc --snapshot=ID shop > /backups/shop.dump
  pgsre fingerprint postgres://db1/shop --snapshot ID --attach /backups/ --backup shop.dump

A standby will do as well as the primary. Tables are locked as pg_dump locks them (ACCESS SHARE).

With --format json the fingerprint itself is printed; with --compare
{\"schema\":1,\"equal\":…,\"differences\":[…],\"compared\":{…},\"unproved\":[…]}.

Exit status: 0; 1 the two differ; 2 usage; 3 something could not be read or compared; 130
interrupted.";

/// `pgsre fingerprint`.
#[derive(Clone, Debug, Args)]
#[command(after_help = HELP)]
pub struct FingerprintArgs {
    /// The database: postgres://user@host/name, or as psql takes it
    pub url: String,

    /// How it is looked at.
    #[command(flatten)]
    pub look: LookArgs,

    /// Write the fingerprint (JSON) to this file
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Attach it to a backup there (path or URL), as what that backup must restore to
    #[arg(long, value_name = "SOURCE", requires = "backup")]
    pub attach: Option<String>,

    /// The key of the backup
    #[arg(long, value_name = "KEY", requires = "attach")]
    pub backup: Option<String>,

    /// Compare with a fingerprint or a manifest (file), or with another database (URL)
    #[arg(long, value_name = "FILE-or-URL")]
    pub compare: Option<String>,

    /// Name the rows that differ from those of the other database, by key, at most this many of each
    /// table
    #[arg(long, value_name = "N", requires = "compare", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub rows: Option<u16>,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// How a database is looked at.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "The look")]
pub struct LookArgs {
    /// Look at this snapshot, as pg_export_snapshot() answers it
    #[arg(long, value_name = "ID")]
    pub snapshot: Option<String>,

    /// How closely [default: content, or what is compared with]
    #[arg(long, value_enum)]
    pub level: Option<LevelArg>,

    /// At the level sample: hash one row of so many [default: 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub one_in: Option<u32>,

    /// Sessions that read at the same time [default: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,

    /// Workers that the server may add to each session [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1024))]
    pub parallel_workers: Option<u16>,

    /// The longest wait for a lock on one table [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration)]
    pub lock_timeout: Option<Duration>,

    /// Rest of each session after every 64 MiB
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration)]
    pub pause: Option<Duration>,
}

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LevelArg {
    /// Definitions, and exact row counts
    Counts,
    /// Also a part of the rows, the same ones in every copy
    Sample,
    /// Also every row and every large object
    Content,
}

impl From<LevelArg> for Level {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Counts => Self::Counts,
            LevelArg::Sample => Self::Sample,
            LevelArg::Content => Self::Content,
        }
    }
}
