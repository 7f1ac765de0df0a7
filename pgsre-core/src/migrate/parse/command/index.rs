//! The grammar of indexes.

use super::super::super::statement::{Reindexed, Statement};
use super::super::super::words::Words;
use super::super::table;

/// CREATE INDEX, whose first words are still there.
pub(super) fn create_index(mut words: Words<'_>) -> Option<Statement> {
    words.take("create").then_some(())?;
    let unique = words.take("unique");
    words.take("index").then_some(())?;
    let concurrently = words.take("concurrently");
    let if_not_exists = words.take("if not exists");
    let name = if words.peek_is("on") { String::new() } else { words.name() };
    words.take("on");
    let only = words.take("only");
    let table = words.name();
    let definition = words.text();
    let method = if words.take("using") { words.name() } else { "btree".to_owned() };
    let mut used = table::names(&words);
    used.retain(|word| word.starts_with(|c: char| c == '_' || c.is_alphabetic()));
    let parts = words.parenthesised().split(",");
    let mut columns: Vec<String> = parts.iter().map(index_column).collect();
    let is_expression =
        |part: &Words<'_>| part.peek_is("(") || part.rest().get(1).is_some_and(|word| word.is("("));
    let computed = parts.iter().any(is_expression) || words.has("where");
    let is_plain = |part: &Words<'_>| match part.rest() {
        [_] => true,
        [_, order] => order.is("asc") || order.is("desc"),
        _ => false,
    };
    let plain = method == "btree" && !computed && parts.iter().all(is_plain);
    let sorts = if plain { columns.clone() } else { Vec::new() };
    if words.take("include") {
        columns.extend(words.column_names());
    }
    Some(Statement::CreateIndex {
        name,
        table,
        columns,
        sorts,
        words: used,
        computed,
        definition,
        unique,
        concurrently,
        if_not_exists,
        only,
    })
}

/// What an index's automatic name calls a part of its key (`FigureIndexColname`).
fn index_column(part: &Words<'_>) -> String {
    let mut part = part.clone();
    if !part.peek_is("(") {
        let name = part.name();
        return name.rsplit('.').next().unwrap_or(&name).to_owned();
    }
    let mut inner = part.parenthesised();
    if inner.peek_is("(") {
        return index_column(&inner);
    }
    let name = inner.name();
    inner.parenthesised();
    match inner.rest().first() {
        _ if name.is_empty() => "expr".to_owned(),
        Some(word) if !word.text.starts_with(':') => "expr".to_owned(),
        _ => name.rsplit('.').next().unwrap_or(&name).to_owned(),
    }
}

pub(super) fn reindex(mut words: Words<'_>) -> Statement {
    let options = words.parenthesised();
    let kind = words.next().map(|word| word.text.to_lowercase()).unwrap_or_default();
    let concurrently = words.take("concurrently") || options.has("concurrently");
    let name = words.name();
    let what = match kind.as_str() {
        "index" => Reindexed::Index(name),
        "table" => Reindexed::Table(name),
        "schema" => Reindexed::Schema(name),
        _ => Reindexed::Database,
    };
    Statement::Reindex { what, concurrently }
}
