//! `SET` and `RESET`.

use super::super::StatementKind;
use super::super::cursor::Cursor;
use super::super::policy;
use super::{Forbidden, Provenance, SqlDialect};

/// A `SET`, the cursor standing behind that word.
pub(super) fn set(
    mut at: Cursor<'_>,
    sql: &[u8],
    dialect: SqlDialect,
) -> Result<StatementKind, Forbidden> {
    if at.accept_words("constraints") || at.accept_words("transaction") {
        return transaction(dialect);
    }
    if at.accept_words("session characteristics") {
        return transaction(dialect);
    }
    if !at.accept_words("session authorization") {
        at.accept_any(&["session", "local"]);
    } else {
        return assignment("session_authorization", at, sql);
    }
    if at.accept_words("time zone") {
        return assignment("timezone", at, sql);
    }
    if at.accept_words("xml option") {
        return assignment("xmloption", at, sql);
    }
    let Some(name) = parameter(&mut at) else {
        return Err(Forbidden::new("a SET that cannot be understood"));
    };
    match name.as_str() {
        "names" => assignment("client_encoding", at, sql),
        "schema" => assignment("search_path", at, sql),
        _ => {
            let _ = at.accept("to") || at.accept_symbol(b'=');
            assignment(&name, at, sql)
        }
    }
}

/// A `RESET`, the cursor standing behind that word.
pub(super) fn reset(mut at: Cursor<'_>) -> Result<StatementKind, Forbidden> {
    let name = if at.accept_words("session authorization") {
        Some("session_authorization".to_owned())
    } else {
        parameter(&mut at)
    };
    let name = name.ok_or_else(|| Forbidden::new("a RESET that cannot be understood"))?;
    policy::permit_setting(&name)?;
    Ok(StatementKind::Set { name, value: None })
}

fn transaction(dialect: SqlDialect) -> Result<StatementKind, Forbidden> {
    match dialect.provenance {
        Provenance::HandWritten => Ok(StatementKind::Other),
        Provenance::PgDump => Err(policy::not_pg_dumps("SET of a transaction's properties")),
    }
}

/// `name` or `extension.name`, in lower case.
pub(super) fn parameter(at: &mut Cursor<'_>) -> Option<String> {
    let mut name = at.identifier()?.to_ascii_lowercase();
    while at.accept_symbol(b'.') {
        name = format!("{name}.{}", at.identifier()?.to_ascii_lowercase());
    }
    Some(name)
}

fn assignment(name: &str, at: Cursor<'_>, sql: &[u8]) -> Result<StatementKind, Forbidden> {
    policy::permit_setting(name)?;
    let value = value(at, sql);
    if name == "client_encoding" {
        return Ok(StatementKind::SetClientEncoding(value.unwrap_or_default()));
    }
    Ok(StatementKind::Set { name: name.to_owned(), value })
}

/// One literal's value, or everything up to the end as written.
fn value(at: Cursor<'_>, sql: &[u8]) -> Option<String> {
    let first = at.peek()?;
    let mut behind = at;
    behind.advance();
    if behind.at_end() {
        if first.is("default") {
            return None;
        }
        return first
            .string_value()
            .or_else(|| first.identifier())
            .or_else(|| Some(raw(first.text)));
    }
    Some(raw(&sql[first.start..]))
}

fn raw(text: &[u8]) -> String {
    String::from_utf8_lossy(text).trim_end().to_owned()
}
