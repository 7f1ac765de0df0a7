//! The arguments of `pgsre migrate`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use pgsre_core::finding::Severity;

mod apply;

pub use apply::{ApplyArgs, Released, RunPlaceArgs, RunsArgs, SteerArgs};

/// `pgsre migrate`.
#[derive(Clone, Debug, Subcommand)]
pub enum MigrateCommand {
    /// Say what each statement locks, rewrites and scans, and how to do it safely
    Lint(LintArgs),
    /// Turn a migration into steps that stop nobody
    Plan(PlanArgs),
    /// Try a migration, and its plan, on a restored backup
    Rehearse(RehearseArgs),
    /// Run a migration by its plan on a server in use; go on with it after whatever came in between
    Apply(Box<ApplyArgs>),
    /// Show the migrations that are under way, and how far they are
    Status(RunsArgs),
    /// Have a run wait before its next batch or step
    Pause(SteerArgs),
    /// Let a run go on
    Resume(SteerArgs),
    /// End a run before its next batch or step; what is done stays done
    Abort(SteerArgs),
    /// Explain a rule, with examples; without a name: list the rules
    Explain(ExplainArgs),
}

const LINT_HELP: &str = "\
Files are read in the order given, a directory's in the order of their names (2_x before 10_y); the
schema that earlier files made is known to later ones. A table that a file itself creates is new and
empty; from the next file on it has rows. What no file created is unknown: the worst is assumed.

With --database the schema is read from the catalogue of a live database, in one read-only transaction
that touches no row; name only the files that did not run there yet. How bad it is to read or write all
rows of a table then depends on its size by the server's estimate: below 10,000 rows and 16 MiB worth
knowing (info), from 1,000,000 rows or 1 GiB on an outage (critical), in between a warning.

Examples:
  pgsre migrate lint migrations/                      the whole history
  pgsre migrate lint migrations/ --only 42_add.sql    the same, but only this file is judged
  pgsre migrate lint change.sql --pg-version 18
  pgsre migrate lint change.sql --database 'postgres://ann@db1/shop'
  pgsre migrate lint change.sql --format json
  pgsre migrate lint migrations/ --baseline known.json --write-baseline    once, for an old history
  pgsre migrate lint migrations/ --baseline known.json                     from then on

Whether a file runs in a transaction is read from the marks of sqlx, dbmate, goose, sql-migrate,
graphile-migrate, Atlas and refinery in it, and from Diesel's metadata.toml or Flyway's .conf beside it;
without a mark --in-transaction says so, a Diesel up.sql always does, and so do several statements in a file
that golang-migrate, sqlx (1_a.up.sql), Flyway or refinery (V1__a.sql) send as a whole.

A baseline is JSON, {\"schema\":1,\"hazards\":[{\"path\",\"rule\",\"statement\",\"sha256\"}]}. A hazard in it is known
again by its file, its rule and the text of its statement, on whatever line that stands; what is in it and
no longer there is named on standard error. Paths are as given: call it from the same directory.

What is there before the files can also be a dump: name its schema first (pg_dump --schema-only, or a plain dump),
and --only the files in question. --manifest says how many rows the tables have.

A hazard is accepted by a comment on the line before, with a reason:
  -- pgsre: allow blocking-index-build: the table has 200 rows
or for all files, or those of a path, in pgsre.toml:
  [migrate]                    # also: pg_version, in_transaction, fail_on
  severity = { truncate = \"critical\" }
  [[migrate.allow]]
  rule = \"missing-lock-timeout\"
  reason = \"our runner sets it\"

Exit status: 0 nothing found; 1 a hazard as bad as --fail-on or worse; 2 usage, or a file cannot be
read; 3 no such hazard, but a statement could not be parsed.";

/// `pgsre migrate lint`.
#[derive(Clone, Debug, Args)]
#[command(after_help = LINT_HELP)]
pub struct LintArgs {
    /// SQL files, or directories of them
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// The server's major version: that of --database, or 17
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(13..=18))]
    pub pg_version: Option<u32>,

    /// The database that the files will run on: its catalogue says what is there and how large it is
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,

    /// A manifest or fingerprint of the database: how many rows its tables have
    #[arg(long, value_name = "FILE", conflicts_with = "database")]
    pub manifest: Option<PathBuf>,

    /// The migration tool runs each file as one transaction
    #[arg(long)]
    pub in_transaction: bool,

    /// Judge only files whose path ends so; the others only tell what the schema is
    #[arg(long, value_name = "PATH")]
    pub only: Vec<PathBuf>,

    /// Tell only of hazards that are not in this file
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Write the hazards that are there now into the file of --baseline, and fail of none
    #[arg(long, requires = "baseline", conflicts_with = "only")]
    pub write_baseline: bool,

    /// The least hazard that fails [default: warning]
    #[arg(long, value_enum)]
    pub fail_on: Option<FailOn>,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: MigrateFormat,
}

const PLAN_HELP: &str = "\
The same change as steps, each with its SQL, the locks it takes, its time-outs, and what takes it back.
The schema is known from --database, or from --history: name the directory of migrations, and what comes
before FILE counts. A table that is in neither is unknown: some changes of its columns then have no step-by-step form.

Examples:
  pgsre migrate plan migrations/42_add.sql --history migrations/
  pgsre migrate plan change.sql --database postgres://dba@db1/shop
  pgsre migrate plan change.sql --pg-version 18 --format sql
  pgsre migrate plan change.sql --format json > plan.json

Each step is a transaction of its own: the file's own BEGIN, COMMIT and lock_timeout are left out.

Exit status: 0 each step has a form that stops nobody; 1 at least one has none that is known; 2 usage, or
a file cannot be read; 3 a statement could not be parsed.";

/// `pgsre migrate plan`.
#[derive(Clone, Debug, Args)]
#[command(after_help = PLAN_HELP)]
pub struct PlanArgs {
    /// The migration
    pub file: PathBuf,

    /// What ran before it: SQL files, or directories of them
    #[arg(long, value_name = "PATH")]
    pub history: Vec<PathBuf>,

    /// The server's major version: that of --database, or 17
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(13..=18))]
    pub pg_version: Option<u32>,

    /// The database that the plan is for: its catalogue says what is there
    #[arg(long, value_name = "URL", conflicts_with = "history")]
    pub database: Option<String>,

    /// How the plan is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: PlanFormat,
}

/// How a plan is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people.
    #[default]
    Human,
    /// A script for psql.
    Sql,
    /// One JSON object, which is what the plan's execution takes.
    Json,
}

const REHEARSE_HELP: &str = "\
Restores the newest backup into a throw-away server, makes two copies of the database, runs the file as it
is in one and its plan in the other, and measures each statement: how long it ran, which locks it took and
how long they were held, what was written anew, the write-ahead log, temporary files, rows and sizes. Both
must end with the same objects. Then the plan is taken back, as far as there is a way.

With --load, clients of pgbench run a script on the copy meanwhile, at a rate: how long their transactions
took before and during the migration (from when each was due), and how many waited for others. With
--production, the sizes of that database's tables say what each statement would take there.

With --database the copy is one that you name: nobody else may be connected to it, and it is not touched. A
plan (JSON of `pgsre migrate plan`) is rehearsed by itself.

Examples:
  pgsre migrate rehearse 42_add.sql --backup s3://acme-backups/shop/
  pgsre migrate rehearse 42_add.sql --database postgres://dba@staging/shop_copy --format json
  pgsre migrate rehearse 42_add.sql --backup /backups --load checkout.sql --html rehearsal.html

Exit status: 0 both ran to the same end; 1 the migration or its plan fails on this data, or they end
differently; 2 usage; 3 it could not be rehearsed: the backup does not restore, or the copy is in use.";

/// `pgsre migrate rehearse`.
#[derive(Clone, Debug, Args)]
#[command(after_help = REHEARSE_HELP)]
pub struct RehearseArgs {
    /// The migration, or a plan of one (JSON)
    #[arg(value_name = "FILE|PLAN")]
    pub file: PathBuf,

    /// Where backups lie: the newest is restored
    #[arg(long, value_name = "SOURCE", conflicts_with = "database")]
    pub backup: Option<String>,

    /// A copy of the database to try it on
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,

    /// A script of pgbench that others run meanwhile: what they see is measured
    #[arg(long, value_name = "FILE.sql")]
    pub load: Option<PathBuf>,

    /// How many clients run it
    #[arg(long, value_name = "N", default_value_t = 4, requires = "load",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub load_clients: u32,

    /// How many transactions they begin a second, all together
    #[arg(long, value_name = "N", default_value_t = 100, requires = "load",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub load_rate: u32,

    /// The database that it is rehearsed for: its tables' sizes say how long it would take there
    #[arg(long, value_name = "URL")]
    pub production: Option<String>,

    /// Write the evidence, of the restored backup and of the rehearsal, as one HTML page
    #[arg(long, value_name = "PATH", requires = "backup", conflicts_with = "database")]
    pub html: Option<PathBuf>,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: RehearseFormat,
}

/// How a rehearsal is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RehearseFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object.
    Json,
}

/// `pgsre migrate explain`.
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// The rule's name
    pub rule: Option<String>,
}

/// The least hazard that fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Everything.
    Info,
    /// Hazards that make somebody wait or break.
    #[default]
    Warning,
    /// Outages and failures.
    Critical,
}

impl From<FailOn> for Severity {
    fn from(least: FailOn) -> Self {
        match least {
            FailOn::Info => Self::Info,
            FailOn::Warning => Self::Warning,
            FailOn::Critical => Self::Critical,
        }
    }
}

/// How a lint's result is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MigrateFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// JUnit's XML: a suite for each file, a test for each statement.
    Junit,
}
