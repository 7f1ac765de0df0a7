//! The database that a migration runs on, from the command line or the configuration.

use pgsre_core::postgres::{Database, PostgresError};

use crate::args::RunPlaceArgs;
use crate::command::drill::assemble::connection;
use crate::command::drill::settings;
use crate::config::{Config, Secret, Server};
use crate::error::CommandError;

/// Where a migration runs, and what the configuration says of that server.
#[derive(Debug)]
pub(super) struct Place<'c> {
    pub(super) database: Database,
    pub(super) server: Option<&'c Server>,
}

impl<'c> Place<'c> {
    pub(super) async fn connect(
        args: &RunPlaceArgs,
        config: &'c Config,
    ) -> Result<Self, CommandError> {
        let (what, url, server) = match (&args.database, &args.server) {
            (Some(url), _) => ("--database", Secret::new(url.as_str()), None),
            (None, name) => {
                let server = match name {
                    Some(name) => settings::named(config, name)?,
                    None => settings::the_only(config)?,
                };
                ("url", settings::url(server)?.clone(), Some(server))
            }
        };
        let database = Database::connect(connection(what, &url)?).await.map_err(unreached)?;
        Ok(Self { database, server })
    }
}

fn unreached(error: PostgresError) -> CommandError {
    CommandError::inconclusive("cannot connect to the database")
        .with_hint(error.hint())
        .with_cause(error)
}
