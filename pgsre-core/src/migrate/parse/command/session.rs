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
    if words.take("set") {
        let local = words.take("local");
        words.take("session");
        if words.take("lock_timeout") {
            words.take_any(&["=", "to"]);
            let limited = words.next().is_some_and(|value| limits(&value.text));
            return Statement::SetLockTimeout { limited, local };
        }
    }
    Statement::Other
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
