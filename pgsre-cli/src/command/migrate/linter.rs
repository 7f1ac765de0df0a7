//! A linter that knows the version, and the schema of a live database.

use std::path::Path;

use pgsre_core::migrate::{Linter, Schema};
use pgsre_core::postgres::{Database, PostgresError};

use crate::command::drill::assemble::connection;
use crate::command::fingerprint::other::read as prints;
use crate::config::Secret;
use crate::error::CommandError;
use crate::interrupt::Interrupt;

/// Whose behaviour is assumed where nobody says which.
const USUAL_VERSION: u32 = 17;
/// Whose behaviour is known.
const VERSIONS: std::ops::RangeInclusive<u32> = 13..=18;

/// With the schema of the database, where one is named.
pub(super) async fn linter(
    pg_version: Option<u32>,
    database: Option<&str>,
    interrupt: &Interrupt,
) -> Result<Linter, CommandError> {
    let Some(url) = database else {
        return Ok(Linter::new(pg_version.unwrap_or(USUAL_VERSION)));
    };
    let config = connection("--database", &Secret::new(url))?;
    let database = Database::connect(config)
        .await
        .map_err(|error| unread("cannot connect to the database", error))?;
    let version = version(pg_version, database.version().major())?;
    let schema = Schema::read(&database, interrupt.token()).await;
    let schema = schema.map_err(|error| unread("cannot read the schema", error))?;
    Ok(Linter::with_schema(version, schema))
}

/// One that knows how many rows tables have, from a manifest or a fingerprint.
pub(super) fn counting(pg_version: Option<u32>, path: &Path) -> Result<Linter, CommandError> {
    let content = std::fs::read(path).map_err(|error| {
        CommandError::usage(format!("{} cannot be read", path.display()))
            .with_hint("--manifest takes a backup's manifest, or a fingerprint")
            .with_cause(error)
    })?;
    let [print] = &prints(&content, path)?[..] else {
        let context = format!("{} is not about one database", path.display());
        return Err(CommandError::usage(context)
            .with_hint("take a fingerprint of the one: pgsre fingerprint URL --output FILE"));
    };
    let rows = print.tables.iter().filter_map(|table| Some((table.name.clone(), table.rows?)));
    Ok(Linter::with_schema(pg_version.unwrap_or(USUAL_VERSION), Schema::of_rows(rows)))
}

/// The server's; the one that was given must be the same.
pub(super) fn version(given: Option<u32>, server: u32) -> Result<u32, CommandError> {
    if let Some(given) = given.filter(|given| *given != server) {
        let context =
            format!("--pg-version says {given}, but the server of --database is {server}");
        return Err(CommandError::usage(context)
            .with_hint("leave --pg-version out: the server is asked for its version"));
    }
    if !VERSIONS.contains(&server) {
        let context = format!("what PostgreSQL {server} locks is not known");
        return Err(CommandError::usage(context)
            .with_hint("versions 13 to 18 are; lint without --database, for the nearest of them"));
    }
    Ok(server)
}

fn unread(context: &str, error: PostgresError) -> CommandError {
    CommandError::inconclusive(context).with_hint(error.hint()).with_cause(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_says_its_version_and_nobody_contradicts_it() {
        assert_eq!(version(None, 15).ok(), Some(15));
        assert_eq!(version(Some(15), 15).ok(), Some(15));
        assert!(version(Some(17), 15).is_err());
        assert!(version(None, 12).is_err());
    }
}
