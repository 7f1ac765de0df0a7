//! The grammar of what changes rows or keeps others from it.

use super::super::super::statement::Statement;
use super::super::super::words::Words;
use super::{calls, named, session};

pub(super) fn rows(mut words: Words<'_>) -> Statement {
    let deletes = words.take("delete from");
    if deletes || words.take("update") {
        words.take("only");
        let table = words.name();
        let bounded = words.has("where");
        let (sets, calls) = (sets(words.clone()), calls(words));
        return Statement::ChangeRows { table, bounded, deletes, sets, calls };
    }
    if words.take("insert into") {
        let table = words.name();
        let updates = words.has("do update").then(|| sets(words.clone()));
        return Statement::Insert { table, updates, calls: calls(words) };
    }
    if words.take("merge into") {
        return merge(words);
    }
    if words.take("with") {
        return with(words);
    }
    if words.take("copy") {
        let table = words.name();
        words.parenthesised();
        let copied = Statement::Insert { table, updates: None, calls: Vec::new() };
        return if words.take("from") { copied } else { Statement::Other };
    }
    if words.take("lock") {
        words.take("table");
        let only = words.peek_is("only");
        let tables = words.names();
        return Statement::LockTable { tables, mode: lock_mode(words), only };
    }
    session::transaction(words)
}

/// The columns that a SET names, up to what follows it.
fn sets(mut words: Words<'_>) -> Vec<String> {
    words.until(&["set"]);
    words.take("set");
    let before = words.rest();
    let length = words.until(&["where", "from", "returning", "when"]).len();
    let parts = Words::new(&before[..length]).split(",").into_iter();
    let columns = parts.flat_map(|mut part| match part.peek_is("(") {
        true => part.column_names(),
        false => vec![part.name()],
    });
    // A part of a composite column counts as the column.
    let columns = columns.map(|name| name.split('.').next().unwrap_or_default().to_owned());
    columns.filter(|name| !name.is_empty()).collect()
}

/// What the branches of MERGE do to rows, in parts.
fn merge(mut words: Words<'_>) -> Statement {
    words.take("only");
    let table = words.name();
    let functions = calls(words.clone());
    let change = |deletes, words: &Words<'_>| Statement::ChangeRows {
        table: table.clone(),
        bounded: true,
        deletes,
        sets: if deletes { Vec::new() } else { sets(words.clone()) },
        calls: Vec::new(),
    };
    let mut parts =
        vec![Statement::Insert { table: table.clone(), updates: None, calls: functions }];
    // It inserts nothing without a branch that says so; its lock is the same.
    let mut inserts = false;
    while !words.is_empty() {
        words.until(&["then"]);
        words.take("then");
        inserts |= words.peek_is("insert");
        if words.peek_is("update") || words.peek_is("delete") {
            parts.push(change(words.peek_is("delete"), &words));
        }
    }
    if !inserts
        && let [Statement::Insert { calls, .. }, Statement::ChangeRows { calls: own, .. }, ..] =
            parts.as_mut_slice()
    {
        *own = std::mem::take(calls);
        parts.remove(0);
    }
    several(parts)
}

/// The queries of WITH, each with what it does, and what they are for.
fn with(mut words: Words<'_>) -> Statement {
    words.take("recursive");
    let mut parts = Vec::new();
    while !words.is_empty() {
        words.name();
        words.parenthesised();
        words.take("as");
        words.take("not");
        words.take("materialized");
        parts.push(rows(words.parenthesised()));
        // What else belongs to it: SEARCH, CYCLE.
        words
            .until(&[",", "select", "insert", "update", "delete", "merge", "values", "table", "("]);
        if !words.take(",") {
            break;
        }
    }
    parts.push(rows(words));
    parts.retain(|part| *part != Statement::Other);
    several(parts)
}

fn several(mut parts: Vec<Statement>) -> Statement {
    match parts.len() {
        0 => Statement::Other,
        1 => parts.remove(0),
        _ => Statement::Several { parts },
    }
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
