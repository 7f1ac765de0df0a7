//! The arguments of `pgsre dashboard`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::interval;

const DASHBOARD_HELP: &str = "\
Examples:
  pgsre dashboard --database postgres://pgsre@db1/shop
  pgsre dashboard                             every server of pgsre.toml
  pgsre dashboard --listen 0.0.0.0:8080 --token-file /etc/pgsre/token
  pgsre watch                                 has the same at /dashboard, and alerts too

One watcher reads each server every 10 s; the pages show what it read, so that viewers cause no query.
Samples are kept in the state directory, so that charts and forecasts go on after a restart. The role
needs pg_monitor, no more, and pg_stat_statements for latency and queries.

Anybody on this machine may look; anybody elsewhere only with --listen, and with the token of
--token-file, which has 16 characters at least.

Exit status: 0 ended by SIGTERM; 130 by SIGINT; 2 usage or the configuration.";

/// `pgsre dashboard`.
#[derive(Clone, Debug, Args)]
#[command(after_help = DASHBOARD_HELP)]
pub struct DashboardArgs {
    /// A server, as libpq reads it; without it the configuration's servers
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,

    /// A replica that must be there, by application name, slot or address; may be given several
    /// times
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "database")]
    pub standby: Vec<String>,

    /// Where the pages are served
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: String,

    /// The file of the token that viewers must know
    #[arg(long, value_name = "PATH")]
    pub token_file: Option<PathBuf>,

    /// The time between two readings of a server [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = interval)]
    pub interval: Option<Duration>,

    /// Where samples are kept [default: `dashboard` in pgsre's state directory]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}
