//! The grammar of transactions and of the settings that matter to locks.

use super::super::super::statement::Statement;
use super::super::super::words::Words;

pub(super) fn transaction(mut words: Words<'_>) -> Statement {
    if words.take_any(&["begin", "start transaction"]) {
        return Statement::Begin;
    }
    // The transaction goes on after a savepoint, with the locks from before it.
    if words.take_any(&["rollback to", "rollback work to", "rollback transaction to"]) {
        return Statement::Other;
    }
    if words.take_any(&["commit", "end", "rollback", "abort"]) {
        return Statement::Commit;
    }
    let mut zone = words.clone();
    if zone.take("set") {
        zone.take_any(&["local", "session"]);
        if zone.take_any(&["timezone", "time zone"]) {
            zone.take_any(&["=", "to"]);
            let utc = zone.next().is_some_and(|value| is_utc(&value.text));
            return Statement::SetTimeZone { utc };
        }
    }
    if words.take_any(&["reset lock_timeout", "reset all"]) {
        return Statement::SetLockTimeout { limited: false, local: false };
    }
    let mut set = words.clone();
    if set.take("set") {
        let words = &mut set;
        let local = words.take("local");
        words.take("session");
        if words.take("lock_timeout") {
            words.take_any(&["=", "to"]);
            let limited = words.next().is_some_and(|value| limits(&value.text));
            return Statement::SetLockTimeout { limited, local };
        }
    }
    call(words)
}

/// `set_config('lock_timeout', …, local)` sets what SET does.
fn call(words: Words<'_>) -> Statement {
    let mut ahead = words.clone();
    let queries = ["select", "perform", "call", "values", "table"];
    if !ahead.take_any(&queries) {
        return Statement::Other;
    }
    ahead.take("pg_catalog .");
    if ahead.take("set_config") {
        let arguments = ahead.parenthesised().split(",");
        let text = |at: usize| arguments.get(at).and_then(|part| part.rest().first());
        if let (Some(name), Some(value), Some(local)) = (text(0), text(1), text(2))
            && name.is("'lock_timeout'")
        {
            let local = local.is("true") || local.is("'t'");
            return Statement::SetLockTimeout { limited: limits(&value.text), local };
        }
    }
    called(words)
}

/// The functions that an expression or a query calls.
pub(in super::super) fn called(words: Words<'_>) -> Statement {
    let functions = calls(words);
    if functions.is_empty() { Statement::Other } else { Statement::Call { functions } }
}

/// Names before a parenthesis.
pub(super) fn calls(mut words: Words<'_>) -> Vec<String> {
    let mut functions = Vec::new();
    while !words.is_empty() {
        let name = words.name();
        if name.is_empty() {
            words.next();
        } else if words.peek_is("(") && !functions.contains(&name) {
            functions.push(name);
        }
    }
    functions
}

pub(in super::super) fn is_utc(zone: &str) -> bool {
    let zone = zone.trim_matches(['\'', '"']).to_lowercase();
    ["utc", "etc/utc", "gmt", "etc/gmt", "zulu", "etc/zulu", "universal", "uct", "0"]
        .contains(&zone.as_str())
}

/// Whether a value of `lock_timeout` ends a wait: 0, with or without a unit, never does.
fn limits(value: &str) -> bool {
    let value = value.trim_matches('\'').trim();
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    digits.parse::<f64>().is_ok_and(|number| number > 0.0)
}
