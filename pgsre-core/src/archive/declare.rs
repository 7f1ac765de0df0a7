//! What a statement says will exist after it.

use super::classify::SqlDialect;
use super::cursor::Cursor;
use super::{Declaration, ObjectName};

mod table;

/// The objects that exist after a statement, which is in UTF-8: convert it first where the dump's
/// client encoding is another.
///
/// Empty for statements that declare nothing. Constraints without a name of their own and `NOT
/// NULL` constraints, which servers before 18 do not keep, are left out.
#[must_use]
pub fn declarations(sql: &str) -> Vec<Declaration> {
    let mut at = Cursor::new(sql.as_bytes(), SqlDialect::default());
    if at.accept("create") {
        created(at).unwrap_or_default()
    } else if at.accept("alter") {
        altered(at).unwrap_or_default()
    } else {
        Vec::new()
    }
}

fn created(mut at: Cursor<'_>) -> Option<Vec<Declaration>> {
    at.accept_words("or replace");
    while at.accept_any(&["unlogged", "recursive", "unique", "constraint"]) {}
    if at.at("temporary") || at.at("temp") || at.at("local") || at.at("global") {
        return None;
    }
    if at.accept_words("foreign table") {
        return table::created(at, true);
    }
    if at.accept("table") {
        return table::created(at, false);
    }
    if at.accept("domain") {
        return table::domain(at);
    }
    one(at).map(|declaration| vec![declaration])
}

/// What declares one object.
fn one(mut at: Cursor<'_>) -> Option<Declaration> {
    if at.accept_words("materialized view") {
        return named(at).map(Declaration::MaterializedView);
    }
    if at.accept_words("event trigger") {
        return at.identifier().map(Declaration::EventTrigger);
    }
    let word = at.advance()?.identifier()?;
    match word.as_str() {
        "index" => index(at),
        "sequence" => named(at).map(Declaration::Sequence),
        "view" => named(at).map(Declaration::View),
        "function" | "procedure" | "aggregate" => named(at).map(Declaration::Routine),
        "trigger" => {
            let name = at.identifier()?;
            at.skip_past("on").then_some(())?;
            Some(Declaration::Trigger { table: at.object_name()?, name })
        }
        "type" => named(at).map(Declaration::Type),
        "policy" => {
            let name = at.identifier()?;
            at.accept("on").then_some(())?;
            Some(Declaration::Policy { table: at.object_name()?, name })
        }
        "rule" => {
            let name = at.identifier()?;
            at.skip_past("to").then_some(())?;
            Some(Declaration::Rule { table: at.object_name()?, name })
        }
        "extension" => named(at).map(|extension| Declaration::Extension(extension.name)),
        "schema" => schema(at).map(Declaration::Schema),
        "publication" => at.identifier().map(Declaration::Publication),
        "statistics" => named(at).map(Declaration::Statistics),
        _ => None,
    }
}

fn named(mut at: Cursor<'_>) -> Option<ObjectName> {
    at.skip_if_exists();
    at.object_name()
}

/// `CREATE SCHEMA AUTHORIZATION role` names the schema like the role.
fn schema(mut at: Cursor<'_>) -> Option<String> {
    at.skip_if_exists();
    at.accept("authorization");
    at.identifier()
}

/// `CONCURRENTLY IF NOT EXISTS name ON ONLY table`; an index is in its table's schema.
fn index(mut at: Cursor<'_>) -> Option<Declaration> {
    at.accept("concurrently");
    at.skip_if_exists();
    if at.at("on") {
        return None;
    }
    let name = at.identifier()?;
    at.accept("on").then_some(())?;
    at.accept("only");
    let table = at.object_name()?;
    Some(Declaration::Index { name: ObjectName { schema: table.schema.clone(), name }, table })
}

fn altered(mut at: Cursor<'_>) -> Option<Vec<Declaration>> {
    let known = at.accept_words("foreign table") || at.accept_any(&["table", "domain"]);
    known.then_some(())?;
    at.skip_if_exists();
    at.accept("only");
    let table = at.object_name()?;
    at.accept_symbol(b'*');
    table::altered(at, &table)
}

#[cfg(test)]
mod tests;
