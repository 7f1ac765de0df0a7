//! The command line: the only place where arguments are read.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

mod alert;
mod backup;
mod backups;
mod dashboard;
mod drill;
mod export;
mod fingerprint;
mod migrate;
mod pool;
mod queries;
mod report;
mod status;
mod top;
mod watch;

pub use alert::{AlertCommand, AlertTestArgs};
pub use backup::{DumpArgs, DumpFormatArg, KeepArgs, ManifestLevel, TakeArgs};
pub use backups::{BackupArgs, BackupsCommand, CheckArgs, DrillAgeArgs, ListArgs};
pub use dashboard::DashboardArgs;
pub use drill::{DrillArgs, ProofArgs, RestoreArgs, ResultArgs};
pub use export::{ExportArgs, ExportCommand, ScrapeArgs};
pub use fingerprint::{FingerprintArgs, LevelArg, LookArgs};
pub use migrate::{
    ApplyArgs, ExplainArgs, FailOn, LintArgs, MigrateCommand, MigrateFormat, PlanArgs, PlanFormat,
    RehearseArgs, RehearseFormat, Released, RunPlaceArgs, RunsArgs, SteerArgs,
};
pub use pool::{LintFormat, PoolCommand, PoolLintArgs, PoolSizeArgs, PoolStatusArgs};
pub use queries::{OrderArg, QueriesArgs};
pub use report::{ReportArgs, ReportCommand, VerifyArgs};
pub use status::StatusArgs;
pub use top::TopArgs;
pub(crate) use watch::interval;
pub use watch::{WatchArgs, WatchFormat};

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
    /// Watch servers: alerts, restore drills on schedule, /metrics for Prometheus
    Watch(Box<WatchArgs>),
    /// Six panels in the browser: is the database well, why not, what goes wrong next
    Dashboard(DashboardArgs),
    /// The same panels in a terminal
    Top(TopArgs),
    /// The queries that make the load of a window, and those that became slower
    Queries(QueriesArgs),
    /// PgBouncer under control: its pools, its configuration, the sizes of its pools
    #[command(subcommand)]
    Pool(PoolCommand),
    /// Try out whether alerts arrive
    #[command(subcommand)]
    Alert(AlertCommand),
    /// Judge schema changes: what they lock, rewrite and scan, and the safe form
    #[command(subcommand)]
    Migrate(MigrateCommand),
    /// Write what other tools need: rules and a scrape configuration for Prometheus, a Grafana dashboard
    #[command(subcommand)]
    Export(ExportCommand),
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

With --dashboard it starts a primary with two standbys and a load in place of that, and shows them
live, with buttons that cut off a replica, drop an index and fill the disk, until Ctrl-C. It knows no
server but its own. One that is killed leaves a directory, which the next one or `pgsre doctor` removes.

Examples:
  pgsre demo
  pgsre demo --dashboard
  pgsre demo --dashboard --listen 127.0.0.1:9000

Exit status: 0 when every broken copy was found and the sound one passed; 1 when not; 2 usage, or the
address is taken; 3 it could not be started; 130 interrupted, as --dashboard ends.";

/// `pgsre demo`.
#[derive(Debug, Args)]
#[command(after_help = DEMO_HELP)]
pub struct DemoArgs {
    /// How the result is printed
    #[arg(long, value_enum, default_value_t, conflicts_with = "dashboard")]
    pub format: Format,

    /// Show the dashboard of a primary with two standbys, and break them with its buttons
    #[arg(long)]
    pub dashboard: bool,

    /// Where the dashboard is served: an address of this machine
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", requires = "dashboard")]
    pub listen: String,
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

#[cfg(test)]
mod tests;
