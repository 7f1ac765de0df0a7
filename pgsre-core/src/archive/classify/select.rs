//! The calls of functions that `pg_dump` writes.

use super::super::cursor::Cursor;
use super::super::lexer::TokenKind;
use super::super::policy;
use super::super::{LargeObjectCall, ObjectName, StatementKind};
use super::{Forbidden, Provenance, SqlDialect, insert};

/// A `SELECT`, the cursor standing behind that word.
pub(super) fn select(at: Cursor<'_>, dialect: SqlDialect) -> Result<StatementKind, Forbidden> {
    match call(at, dialect)? {
        Some(kind) => Ok(kind),
        None if dialect.provenance == Provenance::HandWritten => Ok(StatementKind::Other),
        None => Err(policy::not_pg_dumps("SELECT runs a query")),
    }
}

/// One of the calls, or `None` for anything else.
fn call(mut at: Cursor<'_>, dialect: SqlDialect) -> Result<Option<StatementKind>, Forbidden> {
    if at.accept_symbol(b'*') && !at.accept("from") {
        return Ok(None);
    }
    let Some(function) = catalogue_function(&mut at, dialect) else { return Ok(None) };
    let arguments = at;
    if !at.skip_group() {
        return Ok(None);
    }
    if function == "lo_unlink" && !at.at_end() {
        return Ok(unlink_if_exists(at));
    }
    if !at.at_end() {
        return Ok(None);
    }
    match function.as_str() {
        "setval" => Ok(set_sequence(arguments, dialect)),
        "set_config" => set_config(arguments),
        "lo_create" => Ok(oid(arguments).map(create)),
        "lo_open" => Ok(lo_open(arguments, dialect)),
        "lowrite" => Ok(literal_call(arguments, LargeObjectCall::Write)),
        "lo_close" => Ok(literal_call(arguments, LargeObjectCall::Close)),
        "lo_unlink" => Ok(oid(arguments).map(LargeObjectCall::Unlink).map(large_object)),
        "pg_restore_relation_stats"
        | "pg_restore_attribute_stats"
        | "pg_restore_extended_stats" => {
            Ok(insert::only_literals(arguments).then_some(StatementKind::Statistics))
        }
        _ => Ok(None),
    }
}

/// A function of `pg_catalog`; hand-written SQL may leave the schema out.
fn catalogue_function(at: &mut Cursor<'_>, dialect: SqlDialect) -> Option<String> {
    let name = at.object_name()?;
    match name.schema.as_deref() {
        Some("pg_catalog") => Some(name.name),
        None if dialect.provenance == Provenance::HandWritten => Some(name.name),
        _ => None,
    }
}

/// `('schema.sequence', value, is_called)`.
fn set_sequence(mut at: Cursor<'_>, dialect: SqlDialect) -> Option<StatementKind> {
    at.advance();
    let name = at.advance()?.string_value()?;
    let sequence = name_in_literal(&name, dialect)?;
    if at.peek().is_some_and(|token| token.kind == TokenKind::Cast) {
        at.advance();
        at.identifier()?;
    }
    at.accept_symbol(b',').then_some(())?;
    let value = integer(&mut at)?;
    let is_called = !at.accept_symbol(b',') || at.accept("true") || !at.accept("false");
    at.accept_symbol(b')').then_some(StatementKind::SetSequence { sequence, value, is_called })
}

/// A name as `regclass` reads it.
fn name_in_literal(text: &str, dialect: SqlDialect) -> Option<ObjectName> {
    let mut at = Cursor::new(text.as_bytes(), dialect);
    let name = at.object_name()?;
    at.at_end().then_some(name)
}

fn integer(at: &mut Cursor<'_>) -> Option<i64> {
    let sign = if at.accept_symbol(b'-') { "-" } else { "" };
    let token = at.advance()?;
    let digits = match token.kind {
        TokenKind::Number => std::str::from_utf8(token.text).ok()?.to_owned(),
        _ => token.string_value()?,
    };
    format!("{sign}{digits}").parse().ok()
}

/// `('name', 'value', is_local)`.
fn set_config(mut at: Cursor<'_>) -> Result<Option<StatementKind>, Forbidden> {
    if !insert::only_literals(at) {
        return Ok(None);
    }
    at.advance();
    let name = at.advance().and_then(|token| token.string_value());
    at.accept_symbol(b',');
    let value = at.advance().and_then(|token| token.string_value());
    let (Some(name), Some(value)) = (name, value) else { return Ok(None) };
    let name = name.to_ascii_lowercase();
    policy::permit_setting(&name)?;
    Ok(Some(StatementKind::SetConfig { name, value }))
}

/// `('430001')` or `(430001)`.
fn oid(mut at: Cursor<'_>) -> Option<u32> {
    at.accept_symbol(b'(').then_some(())?;
    let value = integer(&mut at)?;
    at.accept_symbol(b')').then_some(())?;
    u32::try_from(value).ok()
}

/// `('430001', 131072)`, and `(pg_catalog.lo_create('430001'), 131072)` as before 9.0.
fn lo_open(at: Cursor<'_>, dialect: SqlDialect) -> Option<StatementKind> {
    let mut inner = at;
    inner.advance();
    if let Some(function) = catalogue_function(&mut inner, dialect) {
        return if function == "lo_create" { oid(inner).map(create) } else { None };
    }
    if !insert::only_literals(at) {
        return None;
    }
    let value = integer(&mut inner)?;
    u32::try_from(value).ok().map(LargeObjectCall::Open).map(large_object)
}

fn literal_call(at: Cursor<'_>, call: LargeObjectCall) -> Option<StatementKind> {
    insert::only_literals(at).then_some(large_object(call))
}

/// `FROM pg_catalog.pg_largeobject_metadata WHERE oid = '430001'`.
fn unlink_if_exists(mut at: Cursor<'_>) -> Option<StatementKind> {
    at.accept("from").then_some(())?;
    let table = at.object_name()?;
    if table.name != "pg_largeobject_metadata" || !at.accept_words("where oid") {
        return None;
    }
    at.accept_symbol(b'=').then_some(())?;
    let oid = u32::try_from(integer(&mut at)?).ok()?;
    at.at_end().then_some(large_object(LargeObjectCall::Unlink(oid)))
}

fn create(oid: u32) -> StatementKind {
    large_object(LargeObjectCall::Create(oid))
}

fn large_object(call: LargeObjectCall) -> StatementKind {
    StatementKind::LargeObject(call)
}
