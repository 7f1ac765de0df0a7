//! The files of a history: which, in which order, and how the tool that owns them runs them.

use std::fs;
use std::path::{Path, PathBuf};

use pgsre_core::migrate::{Plan, parse, runs_in_transaction};

use crate::error::CommandError;

/// The largest file that is read.
const MAX_BYTES: u64 = 64 << 20;

/// The files, those of directories in the order of their names.
pub(super) fn found(paths: &[PathBuf]) -> Result<Vec<PathBuf>, CommandError> {
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
    paths.sort_by_key(|path| order(path));
    let siblings = paths.clone();
    for path in paths {
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            below(&path, files)?;
        } else if is_up(&path) && !is_undo(&path, &siblings) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_up(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.ends_with(".sql") && name != "down.sql" && !name.ends_with(".down.sql")
}

/// Flyway's undo migrations: U and a version, beside the V of that version. By itself such a file is one
/// of refinery's, which goes forward.
fn is_undo(path: &Path, siblings: &[PathBuf]) -> bool {
    let version = |path: &Path, letter: char| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        version(&name, letter).map(str::to_owned)
    };
    version(path, 'U')
        .is_some_and(|own| siblings.iter().any(|other| version(other, 'V').as_ref() == Some(&own)))
}

/// By Flyway's versions, and behind them what it runs whenever that changed (`R__…`); all else by name.
fn order(path: &Path) -> (bool, Vec<u128>, Vec<(u128, String)>) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let numbers = |version: &str| {
        version.split(['.', '_']).map(|part| part.parse().unwrap_or(0)).collect::<Vec<u128>>()
    };
    let version = version(&name, 'V').or_else(|| version(&name, 'U'));
    let numbers = version.map(numbers).unwrap_or_default();
    (name.starts_with("R__"), numbers, natural(&name.to_lowercase()))
}

/// `V1.2__name.sql` has the version 1.2.
fn version(name: &str, letter: char) -> Option<&str> {
    let (version, _) = name.strip_prefix(letter)?.split_once("__")?;
    let is_number = version.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '_');
    (is_number && !version.is_empty()).then_some(version)
}

/// A name with its numbers as numbers.
fn natural(name: &str) -> Vec<(u128, String)> {
    let mut parts = Vec::new();
    let mut rest = name;
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

pub(super) fn read(path: &Path) -> Result<String, CommandError> {
    let size = fs::metadata(path).map_err(|error| unreadable(path, error))?.len();
    if size > MAX_BYTES {
        return Err(CommandError::usage(format!("{}: larger than 64 MiB", path.display()))
            .with_hint("a migration is expected here, not a dump"));
    }
    let bytes = fs::read(path).map_err(|error| unreadable(path, error))?;
    if bytes.starts_with(b"PGDMP") {
        let context = format!("{} is an archive, not SQL", path.display());
        return Err(CommandError::usage(context).with_hint(
            "pg_restore --schema-only --file=schema.sql ARCHIVE writes its schema as SQL",
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        unreadable(path, std::io::Error::new(std::io::ErrorKind::InvalidData, error))
    })
}

/// The plan that a file is; none where it is SQL.
pub(super) fn plan(path: &Path, text: &str) -> Result<Option<Plan>, CommandError> {
    if !text.trim_start().starts_with('{') {
        return Ok(None);
    }
    serde_json::from_str(text).map(Some).map_err(|error| {
        CommandError::usage(format!("{} is no plan", path.display()))
            .with_hint("make one: pgsre migrate plan FILE --format json")
            .with_cause(error)
    })
}

/// Whether the tool runs a file as one transaction, where its marks, its settings or its layout say so.
pub(super) fn in_transaction(path: &Path, text: &str) -> Option<bool> {
    let marked = runs_in_transaction(text, settings(path).as_deref());
    let together =
        || is_diesel(path) || is_of_rust(path) || (runs_whole(path) && parse(text).len() > 1);
    marked.or_else(|| together().then_some(true))
}

/// A migration of sqlx or refinery, which run each in a transaction: named as theirs, within a crate.
fn is_of_rust(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stamp = name.bytes().take_while(u8::is_ascii_digit).count();
    let is_named = name.to_lowercase().ends_with(".up.sql")
        || (stamp == 14 && name[stamp..].starts_with('_'))
        || version(&name, 'V').or_else(|| version(&name, 'U')).is_some();
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // migrations/ beside Cargo.toml, or a folder in it.
    is_named && absolute.ancestors().skip(2).take(2).any(|place| place.join("Cargo.toml").is_file())
}

/// Files that their tool sends as a whole: golang-migrate's and sqlx's `1_a.up.sql`, Flyway's and refinery's
/// `V1__a.sql`. Several statements are then one transaction; of one by itself it depends on the tool.
fn runs_whole(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.to_lowercase().ends_with(".up.sql") || version(&name, 'V').is_some()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_in_the_order_of_their_numbers() {
        for sorted in [
            ["V1__a.sql", "V2__b.sql", "V10__c.sql"],
            ["V1__a.sql", "V1.1__a.sql", "R__views.sql"],
            ["V1_2__b.sql", "V1.10__a.sql", "V2__a.sql"],
            ["9_a.up.sql", "10_a.up.sql", "R__a.sql"],
        ] {
            let mut names = sorted.map(PathBuf::from);
            names.reverse();
            names.sort_by_key(|path| order(path));
            assert_eq!(names, sorted.map(PathBuf::from));
        }
    }

    #[test]
    fn a_statement_by_itself_is_in_a_transaction_where_a_crate_owns_it() -> std::io::Result<()> {
        let place = tempfile::tempdir()?;
        let migrations = place.path().join("migrations");
        fs::create_dir(&migrations)?;
        let build = "create index concurrently on t (a);";
        let judged = |name: &str, text: &str| in_transaction(&migrations.join(name), text);
        for name in ["1_a.up.sql", "V1__a.sql", "20260101000000_a.sql"] {
            assert_eq!(judged(name, build), None, "{name}: by a tool that is not known");
        }
        fs::write(place.path().join("Cargo.toml"), "[package]")?;
        for name in ["1_a.up.sql", "V1__a.sql", "20260101000000_a.sql"] {
            assert_eq!(judged(name, build), Some(true), "{name}");
            let lifted = format!("-- no-transaction\n-- refinery:noTransaction\n{build}");
            assert_eq!(judged(name, &lifted), Some(false), "{name}");
        }
        assert_eq!(judged("seed.sql", build), None);
        Ok(())
    }

    #[test]
    fn several_statements_that_a_tool_sends_as_a_whole_are_one_transaction() {
        let at = |name: &str| Path::new("/nowhere/migrations").join(name);
        let (one, two) = ("select 1;", "select 1; select 2;");
        for name in ["1_a.up.sql", "V1__a.sql", "V1.2__a.sql"] {
            assert_eq!(in_transaction(&at(name), two), Some(true), "{name}");
            assert_eq!(in_transaction(&at(name), one), None, "{name}");
        }
        for name in ["1_a.sql", "Views__a.sql", "V__a.sql"] {
            assert_eq!(in_transaction(&at(name), two), None, "{name}");
        }
        let lifted = format!("-- refinery:noTransaction\n{two}");
        assert_eq!(in_transaction(&at("V1__a.sql"), &lifted), Some(false));
    }

    #[test]
    fn files_that_undo_are_left_out() {
        let up = |name: &str| is_up(Path::new(name));
        assert!(up("1_a.up.sql") && up("V1__users.sql") && up("users.sql"));
        assert!(!up("1_a.down.sql") && !up("down.sql") && !up("a.txt"));
        let beside = [PathBuf::from("V1__users.sql"), PathBuf::from("U1__users.sql")];
        assert!(is_undo(Path::new("U1__users.sql"), &beside), "Flyway's");
        assert!(!is_undo(Path::new("U2__more.sql"), &beside), "refinery's");
    }
}
