//! `pgsre migrate`: what a schema change really does.

use std::fs;
use std::path::{Path, PathBuf};

use pgsre_core::finding::Severity;
use pgsre_core::migrate::{LintedFile, Linter, RULES, Rule, runs_in_transaction};
use serde::Serialize;

use crate::args::{ExplainArgs, LintArgs, MigrateCommand, MigrateFormat};
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::render::{json, junit, migration};

/// The JSON of `pgsre migrate lint`.
#[derive(Serialize)]
struct Linted<'a> {
    schema: u32,
    files: &'a [LintedFile],
}

/// The largest file that is read.
const MAX_BYTES: u64 = 64 << 20;

pub(crate) fn run(command: &MigrateCommand, face: &Face) -> Result<u8, CommandError> {
    match command {
        MigrateCommand::Lint(args) => lint(args, face),
        MigrateCommand::Explain(args) => explain(args, face),
    }
}

fn lint(args: &LintArgs, face: &Face) -> Result<u8, CommandError> {
    let mut linter = Linter::new(args.pg_version);
    let (mut files, mut texts) = (Vec::new(), Vec::new());
    for path in found(&args.files)? {
        let text = read(&path)?;
        let name = path.display().to_string();
        let marked = runs_in_transaction(&text, settings(&path).as_deref());
        let file = if marked.unwrap_or(args.in_transaction || is_diesel(&path)) {
            linter.file_in_transaction(&name, &text)
        } else {
            linter.file(&name, &text)
        };
        if args.only.is_empty() || args.only.iter().any(|only| path.ends_with(only)) {
            files.push(file);
            texts.push(text);
        }
    }
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

fn written(value: &impl Serialize) -> Result<String, CommandError> {
    json::object(value).map_err(unwritten)
}

fn unwritten(error: std::io::Error) -> CommandError {
    CommandError::inconclusive("the result cannot be written").with_cause(error)
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

/// The files, those of directories in the order of their names.
fn found(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CommandError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        below(path, &mut files)?;
        if files.len() == before {
            let context = format!("{}: no .sql file is there", path.display());
            return Err(CommandError::usage(context));
        }
    }
    Ok(files)
}

/// `down` files are left out: they undo what is judged.
fn below(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), CommandError> {
    let entries = fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut paths: Vec<PathBuf> = entries
        .map_err(|error| unreadable(directory, error))?
        .iter()
        .map(fs::DirEntry::path)
        .collect();
    paths.sort_by_key(|path| natural(path));
    for path in paths {
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            below(&path, files)?;
        } else if is_up(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_up(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.ends_with(".sql") && name != "down.sql" && !name.ends_with(".down.sql") && !is_undo(path)
}

/// Flyway's undo migrations: U followed by a version.
fn is_undo(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_prefix('U').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// A name with its numbers as numbers.
fn natural(path: &Path) -> Vec<(u128, String)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let mut parts = Vec::new();
    let mut rest = name.as_str();
    while !rest.is_empty() {
        let words = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(words);
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (number, after) = after.split_at(digits);
        parts.push((0, word.to_owned()));
        parts.push((number.parse().unwrap_or(0), String::new()));
        rest = after;
    }
    parts
}

fn read(path: &Path) -> Result<String, CommandError> {
    let size = fs::metadata(path).map_err(|error| unreadable(path, error))?.len();
    if size > MAX_BYTES {
        return Err(CommandError::usage(format!("{}: larger than 64 MiB", path.display()))
            .with_hint("a migration is expected here, not a dump"));
    }
    fs::read_to_string(path).map_err(|error| unreadable(path, error))
}

/// The settings that lie beside a file: Diesel's for its directory, Flyway's for the file.
fn settings(path: &Path) -> Option<String> {
    let flyway = PathBuf::from(format!("{}.conf", path.display()));
    let diesel = is_diesel(path).then(|| path.with_file_name("metadata.toml"));
    let beside = diesel.into_iter().chain([flyway]).find(|beside| beside.is_file())?;
    let small = fs::metadata(&beside).is_ok_and(|metadata| metadata.len() < MAX_BYTES);
    fs::read_to_string(beside).ok().filter(|_| small)
}

/// Diesel runs each `up.sql` in a transaction unless its settings say otherwise.
fn is_diesel(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "up.sql")
}

fn unreadable(path: &Path, error: std::io::Error) -> CommandError {
    CommandError::usage(format!("{} cannot be read", path.display()))
        .with_hint("name SQL files in UTF-8, or directories of them")
        .with_cause(error)
}

fn explain(args: &ExplainArgs, face: &Face) -> Result<u8, CommandError> {
    let text = match args.rule.as_deref() {
        None => RULES.iter().map(|rule| format!("{:<32} {}\n", rule.name, rule.why)).collect(),
        Some(name) => {
            let rule = RULES.iter().find(|rule| rule.name == name);
            explanation(rule.ok_or_else(|| {
                CommandError::usage(format!("there is no rule {name}"))
                    .with_hint("pgsre migrate explain lists them")
            })?)
        }
    };
    face.print(&text).map_err(unwritten)?;
    Ok(exit_code::PASSED)
}

fn explanation(rule: &Rule) -> String {
    let (bad, good) = (rule.bad.join("\n  "), rule.good.join("\n  "));
    format!(
        "{} ({})\n\n{}\n\nInstead: {}\n\nHazard:\n  {bad}\n\nSafe:\n  {good}\n",
        rule.name, rule.severity, rule.why, rule.fix
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_in_the_order_of_their_numbers() {
        let mut names = ["V10__c.sql", "V2__b.sql", "V1__a.sql"].map(PathBuf::from);
        names.sort_by_key(|path| natural(path));
        assert_eq!(names, ["V1__a.sql", "V2__b.sql", "V10__c.sql"].map(PathBuf::from));
    }

    #[test]
    fn files_that_undo_are_left_out() {
        let up = |name: &str| is_up(Path::new(name));
        assert!(up("1_a.up.sql") && up("V1__users.sql") && up("users.sql"));
        assert!(!up("1_a.down.sql") && !up("down.sql") && !up("U1__users.sql") && !up("a.txt"));
    }

    #[test]
    fn a_statement_that_cannot_be_parsed_is_no_clean_bill() {
        let judged = |text: &str| status(&[Linter::new(17).file("a", text)], Severity::Warning);
        assert_eq!(judged("select 1;"), exit_code::PASSED);
        assert_eq!(judged("alter tabel t;"), exit_code::INCONCLUSIVE);
        assert_eq!(judged("create index on t (a);"), exit_code::FAILED);
    }
}
