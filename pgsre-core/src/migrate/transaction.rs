//! Whether a migration tool runs a file in a transaction, as the tool's own marks say.

/// What the marks in a file, or the settings that lie beside it, say of its transaction; none where
/// they say nothing.
///
/// In the file: sqlx (`-- no-transaction`), dbmate (`-- migrate:up transaction:false`), goose
/// (`-- +goose NO TRANSACTION`), sql-migrate (`-- +migrate Up notransaction`), graphile-migrate
/// (`--! no-transaction`), Atlas (`-- atlas:txmode none`), refinery (`-- refinery:noTransaction`); that of
/// sqlx counts at the very begin alone. The marks of dbmate, goose and sql-migrate
/// without that say that there is one. Beside it: Diesel's `metadata.toml` (`run_in_transaction`),
/// Flyway's `.sql.conf` (`executeInTransaction`).
///
/// ```
/// use pgsre_core::migrate::runs_in_transaction;
///
/// assert_eq!(runs_in_transaction("-- no-transaction\nvacuum;", None), Some(false));
/// assert_eq!(runs_in_transaction("vacuum;", Some("run_in_transaction = false")), Some(false));
/// assert_eq!(runs_in_transaction("vacuum;", None), None);
/// ```
#[must_use]
pub fn runs_in_transaction(text: &str, settings: Option<&str>) -> Option<bool> {
    let set = settings.and_then(|settings| settings.lines().find_map(setting));
    set.or_else(|| marked(text))
}

fn setting(line: &str) -> Option<bool> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim().to_lowercase();
    let known = ["run_in_transaction", "executeintransaction"].contains(&key.as_str());
    known.then(|| value.trim().to_lowercase().starts_with("true"))
}

fn marked(text: &str) -> Option<bool> {
    let lines: Vec<String> = text
        .trim_start_matches('\u{feff}')
        .lines()
        .filter(|line| line.trim_start().starts_with("--"))
        .map(|line| line.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    let any = |says: fn(&str) -> bool| lines.iter().any(|line| says(line));
    // sqlx looks at nothing but the first bytes, and takes what follows for a comment.
    if text.starts_with("-- no-transaction") || any(lifts) {
        return Some(false);
    }
    any(|line| UP.iter().any(|mark| line.starts_with(mark))).then_some(true)
}

const UP: &[&str] = &["-- migrate:up", "-- +goose up", "-- +migrate up"];

fn lifts(line: &str) -> bool {
    ["--! no-transaction", "-- +goose no transaction", "-- atlas:txmode none"].contains(&line)
        || line.starts_with("-- refinery:notransaction")
        || (line.starts_with("-- migrate:up") && line.contains("transaction:false"))
        || (line.starts_with("-- +migrate up") && line.contains("notransaction"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_of_each_tool_lifts_the_transaction() {
        for mark in [
            "-- no-transaction",
            "-- no-transaction: an index",
            "-- refinery:noTransaction",
            "--! no-transaction",
            "-- +goose NO TRANSACTION\n-- +goose Up",
            "-- migrate:up transaction:false",
            "-- +migrate Up notransaction",
            "-- atlas:txmode none",
        ] {
            let text = format!("{mark}\ncreate index concurrently on t (a);\n");
            assert_eq!(runs_in_transaction(&text, None), Some(false), "{mark}");
        }
        for settings in ["run_in_transaction = false", "executeInTransaction=false"] {
            assert_eq!(runs_in_transaction("select 1;", Some(settings)), Some(false));
        }
    }

    #[test]
    fn without_its_mark_a_tool_runs_a_file_in_one() {
        for mark in ["-- migrate:up", "-- +goose Up", "-- +migrate Up"] {
            assert_eq!(runs_in_transaction(&format!("{mark}\nselect 1;"), None), Some(true));
        }
        assert_eq!(runs_in_transaction("select 1;", Some("run_in_transaction = true")), Some(true));
    }

    #[test]
    fn what_is_no_mark_says_nothing() {
        for text in [
            "",
            "select '-- no-transaction';",
            "-- it needs no-transaction\nselect 1;",
            "-- more\n-- no-transaction\nselect 1;",
        ] {
            assert_eq!(runs_in_transaction(text, Some("[file]\nname = 1")), None, "{text}");
        }
    }
}
