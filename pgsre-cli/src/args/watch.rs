//! The arguments of `pgsre watch`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::units;

const WATCH_HELP: &str = "\
Examples:
  pgsre watch                                 every server of pgsre.toml
  pgsre watch --server shop --interval 5s
  pgsre watch postgres://pgsre@db1/shop --standby db2 --listen none
  pgsre watch --once                          one look, judged and told, for cron
  curl -s http://127.0.0.1:8432/metrics       what it knows, for Prometheus
  xdg-open http://127.0.0.1:8432/dashboard    the same as `pgsre dashboard`
  kill -HUP PID                               read the configuration again

Prints a line for each alert that fires or is over. --format json prints one object a line: a firing
or resolved alert as the generic webhook has it, everything else as {\"schema\":1,\"event\",\"at\",…}.

A restore drill runs when its `schedule` in [server.drill] says so; one that was missed while pgsre
was not running is made up once. Incidents, alerts that no sink took yet and the times of drills are
kept in the state directory, so that a restart tells nothing twice and forgets nothing.

SIGTERM ends it in good order (status 0), SIGINT too (130); a second one at once. SIGHUP reads the
configuration again: where it is wrong the present one stays.

Exit status: 0 ended by SIGTERM; 130 by SIGINT; 2 usage, the configuration, or another `pgsre watch`
on the same state. With --once 0 nothing is out of bounds; 1 something is; 3 a server could not be read.";

/// `pgsre watch`.
#[derive(Clone, Debug, Args)]
#[command(after_help = WATCH_HELP)]
pub struct WatchArgs {
    /// A server, as libpq reads it; without it the configuration's servers
    pub url: Option<String>,

    /// Only this server of the configuration; may be given several times
    #[arg(long, value_name = "NAME", value_delimiter = ',', conflicts_with = "url")]
    pub server: Vec<String>,

    /// A replica that must be there, by application name, slot or address; may be given several
    /// times
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "url")]
    pub standby: Vec<String>,

    /// The time between two readings of a server [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = interval)]
    pub interval: Option<Duration>,

    /// Where /metrics, /healthz and /dashboard are served; none for nowhere [default: 127.0.0.1:8432]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,

    /// The file of the token that viewers of the dashboard must know; needed where --listen is not
    /// this machine only
    #[arg(long, value_name = "PATH")]
    pub token_file: Option<PathBuf>,

    /// Where incidents and undelivered alerts are kept [default: `watch` in pgsre's state directory]
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// Read every server once, judge, deliver, and end
    #[arg(long)]
    pub once: bool,

    /// How what happens is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: WatchFormat,
}

/// How what happens is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum WatchFormat {
    /// A line for people.
    #[default]
    Human,
    /// One JSON object a line on standard output, and nothing else there.
    Json,
}

/// Shorter intervals cost more than they tell, longer ones make every `for` meaningless.
pub(crate) fn interval(text: &str) -> Result<Duration, String> {
    let interval = units::parse_duration(text)?;
    let allowed = Duration::from_millis(100)..=Duration::from_secs(3600);
    if allowed.contains(&interval) {
        Ok(interval)
    } else {
        Err(format!("{text:?} is not between 100ms and 1h"))
    }
}
