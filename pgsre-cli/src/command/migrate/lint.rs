//! `pgsre migrate lint`: every statement's hazards.

use std::sync::Arc;

use pgsre_core::finding::Severity;
use pgsre_core::migrate::{LintedFile, Linter, Schema};
use pgsre_core::postgres::{Database, PostgresError};
use serde::Serialize;

use super::{files, unwritten, written};
use crate::args::{LintArgs, MigrateFormat};
use crate::command::drill::assemble::connection;
use crate::config::Secret;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::interrupt::Interrupt;
use crate::render::{junit, migration};

/// The JSON of `pgsre migrate lint`.
#[derive(Serialize)]
struct Linted<'a> {
    schema: u32,
    files: &'a [LintedFile],
}

/// Whose behaviour is assumed where nobody says which.
const USUAL_VERSION: u32 = 17;
/// Whose behaviour is known.
const VERSIONS: std::ops::RangeInclusive<u32> = 13..=18;

pub(super) async fn run(args: &LintArgs, face: &Face) -> Result<u8, CommandError> {
    let interrupt = Interrupt::watch(face, Arc::new(|| None));
    let linter = match linter(args, &interrupt).await {
        Err(_) if interrupt.happened() => return Ok(exit_code::INTERRUPTED),
        linter => linter?,
    };
    let (files, texts) = linted(args, linter)?;
    let shown = match args.format {
        MigrateFormat::Human => migration::human(&files, &texts, face.colours_results()),
        MigrateFormat::Json => written(&Linted { schema: 1, files: &files })?,
        MigrateFormat::Sarif => written(&migration::sarif(&files))?,
        MigrateFormat::Github => migration::github(&files),
        MigrateFormat::Junit => {
            junit::migrations(&files, args.fail_on.into()).map_err(unwritten)?
        }
    };
    face.print(&shown).map_err(unwritten)?;
    Ok(status(&files, args.fail_on.into()))
}

async fn linter(args: &LintArgs, interrupt: &Interrupt) -> Result<Linter, CommandError> {
    let Some(url) = &args.database else {
        return Ok(Linter::new(args.pg_version.unwrap_or(USUAL_VERSION)));
    };
    let config = connection("--database", &Secret::new(url.as_str()))?;
    let database = Database::connect(config)
        .await
        .map_err(|error| unread("cannot connect to the database", error))?;
    let version = version(args.pg_version, database.version().major())?;
    let schema = Schema::read(&database, interrupt.token()).await;
    let schema = schema.map_err(|error| unread("cannot read the schema", error))?;
    Ok(Linter::with_schema(version, schema))
}

/// The server's; the one that was given must be the same.
fn version(given: Option<u32>, server: u32) -> Result<u32, CommandError> {
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

fn linted(
    args: &LintArgs,
    mut linter: Linter,
) -> Result<(Vec<LintedFile>, Vec<String>), CommandError> {
    let (mut linted, mut texts) = (Vec::new(), Vec::new());
    for path in files::found(&args.files)? {
        let text = files::read(&path)?;
        let name = path.display().to_string();
        let file = if files::in_transaction(&path, &text).unwrap_or(args.in_transaction) {
            linter.file_in_transaction(&name, &text)
        } else {
            linter.file(&name, &text)
        };
        if args.only.is_empty() || args.only.iter().any(|only| path.ends_with(only)) {
            linted.push(file);
            texts.push(text);
        }
    }
    Ok((linted, texts))
}

fn status(files: &[LintedFile], least: Severity) -> u8 {
    let mut statements = files.iter().flat_map(|file| &file.statements);
    let hazards = statements.clone().flat_map(|statement| &statement.hazards);
    if hazards.map(|hazard| hazard.severity).any(|severity| severity >= least) {
        return exit_code::FAILED;
    }
    if statements.any(|statement| statement.unparsed.is_some()) {
        return exit_code::INCONCLUSIVE;
    }
    exit_code::PASSED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_cannot_be_parsed_is_no_clean_bill() {
        let judged = |text: &str| status(&[Linter::new(17).file("a", text)], Severity::Warning);
        assert_eq!(judged("select 1;"), exit_code::PASSED);
        assert_eq!(judged("alter tabel t;"), exit_code::INCONCLUSIVE);
        assert_eq!(judged("create index on t (a);"), exit_code::FAILED);
    }

    #[test]
    fn the_server_says_its_version_and_nobody_contradicts_it() {
        assert_eq!(version(None, 15).ok(), Some(15));
        assert_eq!(version(Some(15), 15).ok(), Some(15));
        assert!(version(Some(17), 15).is_err());
        assert!(version(None, 12).is_err());
    }
}
