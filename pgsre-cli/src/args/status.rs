//! The arguments of `pgsre status`.

use std::time::Duration;

use clap::Args;

use super::Format;
use crate::units;

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
