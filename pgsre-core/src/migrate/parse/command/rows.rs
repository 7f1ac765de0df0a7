//! The grammar of what changes rows or keeps others from it.

use super::super::super::statement::Statement;
use super::super::super::words::Words;
use super::{named, session};

pub(super) fn rows(mut words: Words<'_>) -> Statement {
    let deletes = words.take("delete from");
    if deletes || words.take("update") {
        words.take("only");
        let table = words.name();
        return Statement::ChangeRows { table, bounded: words.has("where"), deletes };
    }
    if words.take("insert into") || words.take("merge into") {
        return Statement::Insert { table: words.name() };
    }
    if words.take("copy") {
        let table = words.name();
        words.parenthesised();
        return if words.take("from") { Statement::Insert { table } } else { Statement::Other };
    }
    if words.take("lock") {
        words.take("table");
        let only = words.peek_is("only");
        let tables = words.names();
        return Statement::LockTable { tables, mode: lock_mode(words), only };
    }
    session::transaction(words)
}

fn lock_mode(mut words: Words<'_>) -> String {
    words.take("in");
    let mode = words.until(&["mode", "nowait"]);
    if mode.is_empty() {
        return "AccessExclusiveLock".to_owned();
    }
    let capital = |text: &str| {
        let mut letters = text.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters.map(|c| c.to_ascii_lowercase())).collect::<String>()
    };
    let name: String = mode.iter().map(|word| capital(&word.text)).collect();
    format!("{name}Lock")
}

pub(super) fn vacuum(mut words: Words<'_>) -> Statement {
    let options = words.parenthesised();
    let mut full = options.has("full") && !options.has("full false") && !options.has("full off");
    while words.peek_is("full") || words.take_any(&["freeze", "verbose", "analyze", "analyse"]) {
        full |= words.take("full");
    }
    Statement::Vacuum { tables: named(words), full }
}
