//! The grammar of the commands that take locks on tables.

use super::super::statement::Statement;
use super::super::words::Words;
use super::table;

/// What a statement is, by its words.
pub(super) fn read(mut words: Words<'_>) -> Statement {
    if let Some(statement) = create_index(words.clone()) {
        return statement;
    }
    if words.take("create") {
        return create(words);
    }
    if words.take_any(&["alter table", "alter foreign table", "alter materialized view"]) {
        return table::alter(words);
    }
    if words.take("alter") {
        return alter(words);
    }
    if words.take("drop") {
        return drop_object(words);
    }
    other(words)
}

fn create(mut words: Words<'_>) -> Statement {
    let or_replace = words.take("or replace");
    words.take_any(&["local", "global"]);
    words.take_any(&["temporary", "temp", "unlogged"]);
    words.take("recursive");
    if words.take("table") {
        return table::create(words);
    }
    if words.take("materialized view") {
        words.take("if not exists");
        return Statement::CreateMaterializedView { name: words.name() };
    }
    if words.take("view") {
        return Statement::CreateView { name: words.name(), or_replace };
    }
    if words.take_any(&["trigger", "constraint trigger"]) {
        words.until(&["on"]);
        words.take("on");
        return Statement::CreateTrigger { table: words.name() };
    }
    if words.take_any(&["policy"]) {
        return after("on", words, |table| Statement::ChangeRules { table });
    }
    if words.take("rule") {
        return after("to", words, |table| Statement::ChangeRules { table });
    }
    create_type(words)
}

fn create_type(mut words: Words<'_>) -> Statement {
    if words.take("domain") {
        let name = words.name();
        words.take("as");
        let base = table::data_type(&mut words);
        let constrained = words.has("check") || words.has("not null");
        return Statement::CreateDomain { name, base, constrained };
    }
    if words.take("type") {
        return Statement::CreateType { name: words.name() };
    }
    if words.take("function") {
        let name = words.name();
        words.parenthesised();
        let volatile = !words.has("immutable") && !words.has("stable");
        return Statement::CreateFunction { name, volatile };
    }
    if words.take("statistics") {
        return after("from", words, |table| Statement::Describe { tables: vec![table] });
    }
    if words.take("publication") {
        words.name();
        return published(words);
    }
    Statement::Other
}

fn published(mut words: Words<'_>) -> Statement {
    words.take_any(&["for", "add", "set"]);
    if !words.take("table") {
        return Statement::Other;
    }
    Statement::Describe {
        tables: words.split(",").into_iter().map(|mut part| part.name()).collect(),
    }
}

/// CREATE INDEX, whose first words are still there.
fn create_index(mut words: Words<'_>) -> Option<Statement> {
    words.take("create").then_some(())?;
    let unique = words.take("unique");
    words.take("index").then_some(())?;
    let concurrently = words.take("concurrently");
    words.take("if not exists");
    let name = if words.peek_is("on") { String::new() } else { words.name() };
    words.take("on");
    let only = words.take("only");
    let table = words.name();
    if words.take("using") {
        words.name();
    }
    let columns = words.column_names();
    Some(Statement::CreateIndex { name, table, columns, unique, concurrently, only })
}

fn alter(mut words: Words<'_>) -> Statement {
    if words.take("index") {
        words.take("if exists");
        let index = words.name();
        if words.take("rename to") {
            return Statement::RenameIndex { index, to: words.name() };
        }
        return Statement::AlterIndex { index };
    }
    if words.take("domain") {
        let name = words.name();
        let checks = words.take_any(&["set not null", "validate"])
            || (words.take("add") && !words.has("not valid"));
        return Statement::AlterDomain { name, checks };
    }
    if words.take("type") {
        let name = words.name();
        if words.take("add value") {
            return Statement::AddEnumValue { name };
        }
        return Statement::Other;
    }
    if words.take_any(&["policy", "trigger", "rule"]) {
        return after("on", words, |table| Statement::ChangeRules { table });
    }
    if words.take("publication") {
        words.name();
        return published(words);
    }
    if words.take("view") {
        words.take("if exists");
        return Statement::DropView { views: vec![words.name()] };
    }
    Statement::Other
}

fn drop_object(mut words: Words<'_>) -> Statement {
    if words.take_any(&["table", "foreign table"]) {
        words.take("if exists");
        return Statement::DropTable { tables: words.names() };
    }
    if words.take_any(&["view", "materialized view"]) {
        words.take("if exists");
        return Statement::DropView { views: words.names() };
    }
    if words.take("index") {
        let concurrently = words.take("concurrently");
        words.take("if exists");
        return Statement::DropIndex { indexes: words.names(), concurrently };
    }
    if words.take_any(&["trigger", "policy", "rule"]) {
        return after("on", words, |table| Statement::ChangeRules { table });
    }
    Statement::Other
}

fn other(mut words: Words<'_>) -> Statement {
    if words.take("reindex") {
        return reindex(words);
    }
    if words.take("refresh materialized view") {
        let concurrently = words.take("concurrently");
        return Statement::RefreshMaterializedView { view: words.name(), concurrently };
    }
    if words.take("truncate") {
        words.take("table");
        return Statement::Truncate { tables: words.names() };
    }
    if words.take("vacuum") {
        return vacuum(words);
    }
    if words.take_any(&["analyze", "analyse"]) {
        words.parenthesised();
        words.take("verbose");
        return Statement::Analyze { tables: named(words) };
    }
    if words.take("cluster") {
        words.parenthesised();
        words.take("verbose");
        return Statement::Cluster { table: words.name() };
    }
    if words.take("comment on") {
        return comment(words);
    }
    rows(words)
}

fn rows(mut words: Words<'_>) -> Statement {
    if words.take("update") {
        words.take("only");
        let table = words.name();
        return Statement::ChangeRows { table, bounded: words.has("where") };
    }
    if words.take("delete from") {
        words.take("only");
        let table = words.name();
        return Statement::ChangeRows { table, bounded: words.has("where") };
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
        let tables = words.names();
        return Statement::LockTable { tables, mode: lock_mode(words) };
    }
    transaction(words)
}

fn transaction(mut words: Words<'_>) -> Statement {
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

/// Whether a value of `lock_timeout` ends a wait: 0, with or without a unit, never does.
fn limits(value: &str) -> bool {
    let value = value.trim_matches('\'').trim();
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    digits.parse::<f64>().is_ok_and(|number| number > 0.0)
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

fn reindex(mut words: Words<'_>) -> Statement {
    let options = words.parenthesised();
    let index = words.take("index");
    let _table = !index && words.take("table");
    let whole = words.take_any(&["schema", "database", "system"]);
    let concurrently = words.take("concurrently") || options.has("concurrently");
    let name = if whole { String::new() } else { words.name() };
    Statement::Reindex { index, name, concurrently }
}

fn vacuum(mut words: Words<'_>) -> Statement {
    let options = words.parenthesised();
    let mut full = options.has("full") && !options.has("full false") && !options.has("full off");
    while words.peek_is("full") || words.take_any(&["freeze", "verbose", "analyze", "analyse"]) {
        full |= words.take("full");
    }
    Statement::Vacuum { tables: named(words), full }
}

fn named(words: Words<'_>) -> Vec<String> {
    words.split(",").into_iter().map(|mut part| part.name()).collect()
}

fn comment(mut words: Words<'_>) -> Statement {
    if words.take_any(&["table", "view", "materialized view"]) {
        return Statement::Describe { tables: vec![words.name()] };
    }
    if words.take("column") {
        let name = words.name();
        let table = name.rsplit_once('.').map_or("", |(table, _)| table);
        return Statement::Describe { tables: vec![table.to_owned()] };
    }
    Statement::Other
}

fn after(
    keyword: &str,
    mut words: Words<'_>,
    statement: impl Fn(String) -> Statement,
) -> Statement {
    words.until(&[keyword]);
    words.take(keyword);
    statement(words.name())
}
