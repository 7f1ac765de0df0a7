//! The command line: the only place where arguments are read.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::units;

mod backup;
mod fingerprint;

pub use backup::{DumpArgs, DumpFormatArg, KeepArgs, ManifestLevel, TakeArgs};
pub use fingerprint::{FingerprintArgs, LevelArg, LookArgs};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Green.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

const AFTER_HELP: &str = "\
Exit status:
  0    passed, or nothing found
  1    failed, or something found
  2    the command line or the configuration is wrong
  3    inconclusive: it could not be judged
  130  interrupted, after the clean-up

Environment:
  PGSRE_PG_BINDIR       where PostgreSQL's server programs are; several with ':'
  PGSRE_STATE_DIR       where reports are kept (default ~/.local/state/pgsre)
  PGSRE_TMPDIR          where throw-away servers put their files (default TMPDIR, then /tmp)
  PGSRE_LOG             what is logged to standard error, for example pgsre_core=debug
  PG*, ~/.pgpass        connections, as every PostgreSQL client reads them
  AWS_*, GOOGLE_*, AZURE_*  credentials of object stores
  NO_COLOR              no colours";

/// Prove that PostgreSQL backups restore. Backups don't matter. Restores do.
///
/// Start with `pgsre demo`: it needs no server, bucket or configuration. Then
/// `pgsre drill SOURCE` with the place where your backups lie.
#[derive(Debug, Parser)]
#[command(name = "pgsre", version, after_help = AFTER_HELP, styles = STYLES)]
#[command(disable_help_subcommand = true, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// What every command understands.
    #[command(flatten)]
    pub global: GlobalArgs,
}

/// What every command understands.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct GlobalArgs {
    /// The configuration [default: ./pgsre.toml, else pgsre/pgsre.toml in $XDG_CONFIG_HOME]
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,

    /// No progress: only the result, errors and warnings
    #[arg(long, short, global = true)]
    pub quiet: bool,

    /// Log to standard error; twice for more
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// See the main job on an embedded example: no server, bucket or configuration needed
    Demo(DemoArgs),
    /// Write a commented pgsre.toml
    Init(InitArgs),
    /// Check everything that a drill needs and say how to mend it
    Doctor(DoctorArgs),
    /// Look at backups without restoring them
    #[command(subcommand)]
    Backups(BackupsCommand),
    /// Take a backup, with a manifest of what the database held at its snapshot
    Backup(Box<TakeArgs>),
    /// Restore a backup into a throw-away server and prove that it is whole
    Drill(Box<DrillArgs>),
    /// Look at past drills: recovery time over time, HTML evidence, whether reports were altered
    Report(ReportArgs),
    /// Say exactly what a database holds, attach that to a backup, or compare two
    Fingerprint(FingerprintArgs),
    /// Read every probe of a server once: replication, connections, locks, disk and more
    Status(StatusArgs),
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON object on standard output, and nothing else there.
    Json,
}

/// How a result that a build server may read is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ResultFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object on standard output, and nothing else there.
    Json,
    /// JUnit's XML on standard output, and nothing else there.
    Junit,
}

const DEMO_HELP: &str = "\
Starts a private PostgreSQL server, fills a small shop database, backs it up, proves the backup
with a drill, then breaks it in five silent ways and shows what psql says beside what pgsre finds.
Takes less than a minute and removes everything that it made.

Exit status: 0 when every broken copy was found and the sound one passed; 1 when not.";

/// `pgsre demo`.
#[derive(Debug, Args)]
#[command(after_help = DEMO_HELP)]
pub struct DemoArgs {
    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

const INIT_HELP: &str = "\
Examples:
  pgsre init                                  writes ./pgsre.toml
  pgsre init --output ~/.config/pgsre/pgsre.toml
  pgsre init --output -                       prints it

Exit status: 0 written; 2 not written.";

/// `pgsre init`.
#[derive(Debug, Args)]
#[command(after_help = INIT_HELP)]
pub struct InitArgs {
    /// Where to write it; - for standard output
    #[arg(long, short, value_name = "PATH", default_value = "pgsre.toml")]
    pub output: PathBuf,

    /// Overwrite a file that is there
    #[arg(long)]
    pub force: bool,
}

const DOCTOR_HELP: &str = "\
Looks for server programs and starts a throw-away server with them, lists and opens each configured
source, asks each target server for its rights, and removes what killed drills left behind.

Exit status: 0 everything is fine; 1 something is missing; 2 the configuration is wrong.";

/// `pgsre doctor`.
#[derive(Debug, Args)]
#[command(after_help = DOCTOR_HELP)]
pub struct DoctorArgs {
    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

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

const STATUS_HELP: &str = "\
Examples:
  pgsre status postgres://pgsre@db1/shop --standby db2 --standby db3
  pgsre status --format json                  the configured server
  pgsre status --server shop --window 10s

The role needs pg_monitor, no more; what it cannot see is said. Rates and the cache's hits are those
of the window between two readings. What is not known is shown as unknown, never as 0: the lag of a
replica that is cut off, for one.

Exit status: 0 nothing is out of bounds; 1 something is; 2 usage; 3 the server could not be read.";

/// `pgsre status`.
#[derive(Debug, Args)]
#[command(after_help = STATUS_HELP)]
pub struct StatusArgs {
    /// The server, as libpq reads it; without it the configuration's servers
    pub url: Option<String>,

    /// Only this server of the configuration
    #[arg(long, value_name = "NAME")]
    pub server: Option<String>,

    /// A replica that must be there, by application name, slot or address; may be given several
    /// times
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub standby: Vec<String>,

    /// The time between the two readings that rates are made of
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration, default_value = "1s")]
    pub window: Duration,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

#[cfg(test)]
mod tests;
