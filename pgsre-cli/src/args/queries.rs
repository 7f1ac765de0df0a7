//! The arguments of `pgsre queries`.

use std::time::Duration;

use clap::{Args, ValueEnum};
use pgsre_core::queries::Order;

use super::Format;
use crate::units;

const QUERIES_HELP: &str = "\
Examples:
  pgsre queries postgres://pgsre@db1/shop              what happens in the next minute
  pgsre queries --server shop --window 10s --by io
  pgsre queries --since 1h --format json               since a reading that an earlier run kept
  pgsre queries --server shop --advice                 and what to do about them
  pgsre queries --cumulative --by mean --limit 20      since the statistics were last reset

Needs the extension pg_stat_statements in the database that is connected to, and for the statements
of other users the role pg_monitor. It never resets the statistics, which are other tools' too.
Percentiles are estimated from mean and standard deviation, which ≈ says, or measured where
pg_stat_monitor (2.0 or later) counts beside it; the JSON has the bound that holds for certain. Figures marked with ≥ may be too low, and why is said.

With --advice each query that is shown is planned with unknown parameters, in a transaction that can
only read. Planning checks the rights to its tables (pg_read_all_data has them), and may evaluate
functions declared immutable: use a role that is no superuser where others write the queries.

A query is a regression where its mean time is 1.5 times what it was, by 4 standard errors, on 5
calls or more, and where it takes 1 % of the load. Each run keeps its reading below PGSRE_STATE_DIR:
with four earlier ones a query is compared with its last windows, else with everything before; and
one whose part of the load is twice what it ever was, and a tenth of all more, or that is new and
takes a tenth of all, is one too. Bars show the mean time of each window that is kept.

Exit status: 0 done; 1 regressions, with --fail-on-regression; 2 usage; 3 the statements could not be
read, as where the extension is missing.";

/// `pgsre queries`.
#[derive(Debug, Args)]
#[command(after_help = QUERIES_HELP)]
pub struct QueriesArgs {
    /// The server, as libpq reads it; without it the configuration's server
    pub url: Option<String>,

    /// This server of the configuration
    #[arg(long, value_name = "NAME", conflicts_with = "url")]
    pub server: Option<String>,

    /// What is looked at: the time from now on
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration)]
    #[arg(default_value = "60s", conflicts_with_all = ["since", "cumulative"])]
    pub window: Duration,

    /// The time from an earlier reading on, the newest that is as old as this
    #[arg(long, value_name = "DURATION", value_parser = units::parse_duration)]
    #[arg(conflicts_with = "cumulative")]
    pub since: Option<Duration>,

    /// Everything since the statistics were last reset
    #[arg(long)]
    pub cumulative: bool,

    /// What the queries are ordered by
    #[arg(long, value_enum, default_value_t)]
    pub by: OrderArg,

    /// How many queries are shown
    #[arg(long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,

    /// Say what to do about them, with the figures that it rests on; plans queries of this database
    /// as EXPLAIN does, and executes none
    #[arg(long)]
    pub advice: bool,

    /// Exit with 1 where a query became slower or heavier than it was, or is new and heavy
    #[arg(long)]
    pub fail_on_regression: bool,

    /// How the result is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// What queries are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OrderArg {
    /// Time of execution, all calls together
    #[default]
    Total,
    /// Time of one execution
    Mean,
    /// Calls
    Calls,
    /// Blocks read and written
    Io,
    /// Write-ahead log
    Wal,
    /// Temporary blocks
    Temp,
    /// Rows
    Rows,
}

impl From<OrderArg> for Order {
    fn from(order: OrderArg) -> Self {
        match order {
            OrderArg::Total => Self::Total,
            OrderArg::Mean => Self::Mean,
            OrderArg::Calls => Self::Calls,
            OrderArg::Io => Self::Io,
            OrderArg::Wal => Self::Wal,
            OrderArg::Temp => Self::Temporary,
            OrderArg::Rows => Self::Rows,
        }
    }
}
