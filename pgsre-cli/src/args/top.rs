//! The arguments of `pgsre top`.

use std::time::Duration;

use clap::Args;

use super::interval;

const TOP_HELP: &str = "\
Examples:
  pgsre top --database postgres://pgsre@db1/shop --standby db2
  pgsre top                                   every server of pgsre.toml

Keys: q ends · p pauses · tab the next table · s sorts by the next column · / filters, escape ends that
      up, down choose · enter looks closer, escape back · left, right another server

Works over ssh in 80x24. NO_COLOR is honoured: no state is told by its colour alone.

Exit status: 0 ended; 2 usage, the configuration, or no terminal.";

/// `pgsre top`.
#[derive(Clone, Debug, Args)]
#[command(after_help = TOP_HELP)]
pub struct TopArgs {
    /// A server, as libpq reads it; without it the configuration's servers
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,

    /// A replica that must be there, by application name, slot or address; may be given several
    /// times
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "database")]
    pub standby: Vec<String>,

    /// The time between two readings of a server
    #[arg(long, value_name = "DURATION", value_parser = interval, default_value = "2s")]
    pub interval: Duration,
}
