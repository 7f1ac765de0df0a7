//! The arguments of `pgsre backup`.

use std::time::Duration;

use clap::{Args, ValueEnum};
use pgsre_core::dump::{Compress, DumpFormat};
use pgsre_core::fingerprint::Level;

use super::Format;
use crate::units;

const HELP: &str = "\
Examples:
  pgsre backup postgres://backup@db1/shop /var/backups/shop/
  pgsre backup postgres://backup@db1/shop s3://acme-backups/shop/ --verify
  pgsre backup postgres://backup@db1/shop /var/backups/shop/ --keep-daily 7 --keep-weekly 5
  pgsre backup --server shop                  as pgsre.toml says: its url, its backups' source
  pgsre backup --server shop --dry-run        which pg_dump, which name, what would be removed

pg_dump and a fingerprint of every table, sequence and large object are taken in one snapshot. The
manifest DEST/NAME.pgsre.json is written last: `pgsre drill` then proves that what is restored is
exactly what the database held. Roles and other globals lie beside it as NAME.globals.sql, with the
hashes of passwords where the role may read them: let nobody else read DEST.

What fails or is interrupted leaves nothing that is listed as a backup, and older backups alone.
Removed are only backups of the same database that pgsre took, with their manifests; never the
newest, and never the newest that a drill proved. The periods of --keep-… are those of UTC.

Exit status: 0 taken; 1 not taken; 2 usage or configuration; 3 taken, but something beside it is
missing: the fingerprint or a part of it, the globals, or old backups could not be removed;
130 interrupted, with nothing left.";

/// `pgsre backup`.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = HELP)]
pub struct TakeArgs {
    /// The database, postgres://… or key=value …; without it the configured server's
    pub url: Option<String>,

    /// Where the backup is written: a directory or URL (s3://bucket/prefix/, gs://…, az://…);
    /// without it the configured server's `source`
    pub dest: Option<String>,

    /// This server of the configuration
    #[arg(long, value_name = "NAME")]
    pub server: Option<String>,

    /// How it is taken.
    #[command(flatten)]
    pub dump: DumpArgs,

    /// Which older backups stay.
    #[command(flatten)]
    pub keep: KeepArgs,

    /// Show what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// How a backup is taken.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "The backup")]
pub struct DumpArgs {
    /// How the dump is laid out [default: custom]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub dump_format: Option<DumpFormatArg>,

    /// Connections that read at the same time: for the fingerprint, and for a dump in the
    /// directory format as many again [default: 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,

    /// none, gzip, lz4 or zstd, with a level as in gzip:9 [default: gzip]
    #[arg(long, value_name = "METHOD")]
    pub compress: Option<Compress>,

    /// How closely the manifest looks at the database: every row counted, a part of them hashed
    /// too, or all of them; or not at all [default: content]
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub level: Option<ManifestLevel>,

    /// Read the backup back and compare it with what was written
    #[arg(long)]
    pub verify: bool,

    /// Save no roles and other globals
    #[arg(long)]
    pub no_globals: bool,

    /// The longest that taking the backup may last
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration)]
    pub timeout: Option<Duration>,
}

/// Which older backups stay; all of them without a rule.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Older backups")]
pub struct KeepArgs {
    /// Keep the newest so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_last: Option<u32>,

    /// Keep the newest of each of the last so many hours that have one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_hourly: Option<u32>,

    /// The same of days
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_daily: Option<u32>,

    /// The same of weeks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_weekly: Option<u32>,

    /// The same of months
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_monthly: Option<u32>,

    /// The same of years
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_yearly: Option<u32>,

    /// Keep all that are not this much older than the newest, for example 14d
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration)]
    pub keep_within: Option<Duration>,

    /// Where drill reports lie, which tell what is proved [default: pgsre's own state directory]
    #[arg(long, value_name = "DIR-or-URL")]
    pub reports: Option<String>,
}

/// How a dump is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DumpFormatArg {
    /// One object, which restores in parallel.
    Custom,
    /// One object a table, dumped in parallel by way of this machine's disk.
    Directory,
    /// SQL text.
    Plain,
}

impl From<DumpFormatArg> for DumpFormat {
    fn from(format: DumpFormatArg) -> Self {
        match format {
            DumpFormatArg::Custom => Self::Custom,
            DumpFormatArg::Directory => Self::Directory,
            DumpFormatArg::Plain => Self::Plain,
        }
    }
}

/// How closely a manifest looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ManifestLevel {
    /// Not at all.
    None,
    /// Every definition, and every row counted.
    Counts,
    /// A part of the rows hashed, too.
    Sample,
    /// All rows hashed.
    Content,
}

impl ManifestLevel {
    /// The level; `None` for none.
    #[must_use]
    pub fn level(self) -> Option<Level> {
        match self {
            Self::None => None,
            Self::Counts => Some(Level::Counts),
            Self::Sample => Some(Level::Sample),
            Self::Content => Some(Level::Content),
        }
    }
}
