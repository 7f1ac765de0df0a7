//! `pgsre pool`: PgBouncer's pools, its configuration, the sizes of its pools.

mod lint;
pub mod size;
pub mod status;

use pgsre_core::postgres::ConnectConfig;

use crate::args::PoolCommand;
use crate::command::drill::assemble::connection;
use crate::command::drill::settings;
use crate::config::{Config, Secret};
use crate::error::CommandError;
use crate::face::Face;

pub(crate) async fn run(
    command: &PoolCommand,
    config: impl Fn() -> Result<Config, crate::config::ConfigError>,
    face: &Face,
) -> Result<u8, CommandError> {
    match command {
        PoolCommand::Status(args) => status::run(args, &config()?, face).await,
        PoolCommand::Lint(args) => lint::run(args, face).await,
        PoolCommand::Size(args) => size::run(args, &config()?, face).await,
    }
}

/// The consoles that the command line or the configuration names.
fn consoles(
    url: Option<&String>,
    server: Option<&String>,
    config: &Config,
) -> Result<Vec<ConnectConfig>, CommandError> {
    if let Some(url) = url {
        return Ok(vec![connection("the console", &Secret::new(url))?]);
    }
    let servers = match server {
        Some(name) => vec![settings::named(config, name)?],
        None => config.servers.iter().collect(),
    };
    servers
        .into_iter()
        .filter_map(|server| server.pgbouncer.as_ref())
        .map(|console| connection("pgbouncer", console))
        .collect()
}
