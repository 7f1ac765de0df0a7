//! `pgsre migrate lint`: every statement's hazards.

use std::path::Path;
use std::sync::Arc;

use pgsre_core::finding::Severity;
use pgsre_core::migrate::{Baseline, KnownHazard, LintedFile, Linter};
use serde::Serialize;

use super::linter::{counting, linter};
use super::{files, unwritten, written};
use crate::args::{LintArgs, MigrateFormat};
use crate::config::{Allowed, Config, ConfigError, LintConfig};
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

pub(super) async fn run(
    args: &LintArgs,
    config: Result<Config, ConfigError>,
    face: &Face,
) -> Result<u8, CommandError> {
    let config = settings(config, face);
    let version = args.pg_version.or(config.pg_version.filter(|_| args.database.is_none()));
    let fail_on = args.fail_on.or(config.fail_on).unwrap_or_default();
    let interrupt = Interrupt::watch(face, Arc::new(|| None));
    let linter = match linter(version, args.database.as_deref(), &interrupt).await {
        Err(_) if interrupt.happened() => return Ok(exit_code::INTERRUPTED),
        linter => linter?,
    };
    let linter = match &args.manifest {
        Some(path) => counting(version, path)?,
        None => linter,
    };
    let together = args.in_transaction || config.in_transaction;
    let (mut files, texts) = linted(args, together, linter)?;
    config.apply(&mut files);
    if let Some(path) = &args.baseline {
        baseline(args, path, &mut files, &texts, face)?;
    }
    let shown = match args.format {
        MigrateFormat::Human => migration::human(&files, &texts, face.colours_results()),
        MigrateFormat::Json => written(&Linted { schema: 1, files: &files })?,
        MigrateFormat::Sarif => written(&migration::sarif(&files))?,
        MigrateFormat::Github => migration::github(&files),
        MigrateFormat::Junit => junit::migrations(&files, fail_on.into()).map_err(unwritten)?,
    };
    face.print(&shown).map_err(unwritten)?;
    Ok(status(&files, fail_on.into()))
}

/// A configuration that cannot be read accepts nothing: where migrations are linted, the secrets of
/// servers need not be set.
fn settings(config: Result<Config, ConfigError>, face: &Face) -> LintConfig {
    let config = config.map(|config| config.migrate).inspect_err(|error| {
        let why = pgsre_core::finding::chain(error);
        face.warn(&format!("nothing of the configuration counts: {why}"));
    });
    config.unwrap_or_default()
}

impl LintConfig {
    /// Takes out what is accepted, and says of the rest how bad it is here.
    fn apply(&self, files: &mut [LintedFile]) {
        for LintedFile { path, statements } in files {
            let accepted = |rule: &str| {
                let of_path = |allowed: &Allowed| {
                    allowed.path.as_ref().is_none_or(|part| path.contains(part.as_str()))
                };
                self.allowed.iter().any(|allowed| allowed.rule == rule && of_path(allowed))
            };
            for hazards in statements.iter_mut().map(|statement| &mut statement.hazards) {
                hazards.retain(|hazard| !accepted(hazard.rule));
                for hazard in hazards {
                    if let Some(severity) = self.severity.get(hazard.rule) {
                        hazard.severity = *severity;
                    }
                }
            }
        }
    }
}

/// Takes out what is known; what is written down is known from now on.
fn baseline(
    args: &LintArgs,
    path: &Path,
    files: &mut [LintedFile],
    texts: &[String],
    face: &Face,
) -> Result<(), CommandError> {
    let known = if args.write_baseline {
        let known = Baseline::of(files, texts);
        std::fs::write(path, written(&known)?).map_err(|error| {
            CommandError::usage(format!("cannot write {}", path.display())).with_cause(error)
        })?;
        face.note(&format!("wrote {} hazards into {}", known.len(), path.display()));
        known
    } else {
        read_baseline(path)?
    };
    for stale in known.apply(files, texts) {
        let KnownHazard { path, rule, statement, .. } = stale;
        face.note(&format!("in the baseline and no longer there: {path}, {rule}: {statement}"));
    }
    Ok(())
}

fn read_baseline(path: &Path) -> Result<Baseline, CommandError> {
    let hint = "write one with --write-baseline";
    let wrong =
        || CommandError::usage(format!("{} is no baseline", path.display())).with_hint(hint);
    let text = files::read(path)?;
    let known: Baseline = serde_json::from_str(&text).map_err(|error| wrong().with_cause(error))?;
    if known.is_readable() { Ok(known) } else { Err(wrong()) }
}

fn linted(
    args: &LintArgs,
    together: bool,
    mut linter: Linter,
) -> Result<(Vec<LintedFile>, Vec<String>), CommandError> {
    let (mut linted, mut texts) = (Vec::new(), Vec::new());
    for path in files::found(&args.files)? {
        let text = files::read(&path)?;
        let name = path.display().to_string();
        let file = if files::in_transaction(&path, &text).unwrap_or(together) {
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
}
