//! What a statement is to a loader, and whether it may be sent at all.

use std::fmt;

use super::StatementKind;
use super::cursor::Cursor;
use super::{ObjectName, policy};

mod copy;
mod insert;
mod object;
mod object_type;
mod privilege;
mod select;
mod setting;

pub use copy::{CopyDirection, CopyEndpoint, CopyFormat, CopyHead, parse_copy};
pub use insert::rows_of_insert;
pub(crate) use privilege::stands_on_object;

/// How to read a statement's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqlDialect {
    /// Who wrote it.
    pub provenance: Provenance,
    /// `standard_conforming_strings`, as last set: off means that `'…'` takes backslash escapes.
    pub standard_conforming_strings: bool,
    /// The client encoding is one whose second byte may look like ASCII: SJIS, BIG5, GBK, UHC,
    /// GB18030, JOHAB, SHIFT_JIS_2004.
    pub double_byte: bool,
}

impl Default for SqlDialect {
    fn default() -> Self {
        Self {
            provenance: Provenance::PgDump,
            standard_conforming_strings: true,
            double_byte: false,
        }
    }
}

/// Who wrote a statement, and so what is to be expected in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// `pg_dump` or `pg_dumpall`: only what they are known to write is allowed.
    PgDump,
    /// Anybody: everything is allowed but what is known to reach out of the database.
    HandWritten,
}

/// Why a statement must not be sent to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forbidden {
    /// The reason, in one sentence that quotes no data.
    pub reason: String,
}

impl Forbidden {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Forbidden {}

/// What one complete statement, without its final semicolon, is to a loader.
///
/// # Errors
/// [`Forbidden`] where it must not be sent: see the reasons of `policy.rs`.
pub fn classify(sql: &[u8], dialect: SqlDialect) -> Result<StatementKind, Forbidden> {
    let at = Cursor::new(sql, dialect);
    policy::permit_verb(at, dialect)?;
    let kind = kind(at, sql, dialect)?;
    if dialect.provenance == Provenance::HandWritten && runs_now(at) {
        policy::permit_calls(at)?;
    }
    Ok(kind)
}

fn kind(mut at: Cursor<'_>, sql: &[u8], dialect: SqlDialect) -> Result<StatementKind, Forbidden> {
    let Some(verb) = at.advance().and_then(|token| token.identifier()) else {
        return Err(Forbidden::new("a statement that begins with no word"));
    };
    match verb.as_str() {
        "insert" => insert::insert(at, dialect),
        "copy" => copy(sql, dialect),
        "set" => setting::set(at, sql, dialect),
        "reset" => setting::reset(at),
        "select" => select::select(at, dialect),
        "create" => object::create(at, dialect),
        "alter" => object::alter(at, dialect),
        "drop" => object::drop_object(at, dialect),
        "comment" => object::comment(at, dialect),
        "grant" => Ok(privilege::privilege(privilege::Verb::Grant, at)),
        "revoke" => Ok(privilege::privilege(privilege::Verb::Revoke, at)),
        "security" if at.accept("label") => object::security_label(at, dialect),
        "refresh" if at.accept_words("materialized view") => refresh(at),
        "begin" | "start" => Ok(StatementKind::Begin),
        "commit" | "end" => Ok(StatementKind::Commit),
        "rollback" | "abort" | "savepoint" | "release" => match dialect.provenance {
            Provenance::PgDump => Err(policy::not_pg_dumps(&verb.to_uppercase())),
            Provenance::HandWritten => Ok(StatementKind::TransactionControl),
        },
        "update" if is_database_update(at) => database_update(at),
        "update" => update(at, dialect),
        _ if dialect.provenance == Provenance::HandWritten && policy::is_known(&verb) => {
            Ok(StatementKind::Other)
        }
        _ => Err(unknown(&verb, dialect)),
    }
}

fn unknown(verb: &str, dialect: SqlDialect) -> Forbidden {
    let verb: String = verb.chars().take(40).collect::<String>().to_uppercase();
    match dialect.provenance {
        Provenance::PgDump => policy::not_pg_dumps(&format!("a statement that begins with {verb}")),
        Provenance::HandWritten => Forbidden::new(format!("a statement that begins with {verb}")),
    }
}

fn copy(sql: &[u8], dialect: SqlDialect) -> Result<StatementKind, Forbidden> {
    match parse_copy(sql, dialect) {
        Some(head) => head.permitted().map(StatementKind::CopyIn),
        None => Err(Forbidden::new("a COPY that cannot be understood")),
    }
}

fn refresh(mut at: Cursor<'_>) -> Result<StatementKind, Forbidden> {
    at.accept("concurrently");
    let name = at.object_name();
    name.map(StatementKind::RefreshMaterializedView)
        .ok_or_else(|| Forbidden::new("a REFRESH that cannot be understood"))
}

fn update(mut at: Cursor<'_>, dialect: SqlDialect) -> Result<StatementKind, Forbidden> {
    if dialect.provenance == Provenance::PgDump {
        return Err(policy::not_pg_dumps("UPDATE changes rows"));
    }
    at.accept("only");
    match at.object_name() {
        Some(table) if policy::is_system_catalog(&table) => {
            Err(Forbidden::new("an UPDATE of a system catalogue"))
        }
        _ => Ok(StatementKind::Other),
    }
}

/// `UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = 'template1'`.
fn is_database_update(mut at: Cursor<'_>) -> bool {
    let table = ObjectName { schema: Some("pg_catalog".into()), name: "pg_database".into() };
    at.object_name() == Some(table)
        && at.accept("set")
        && at.accept_any(&["datistemplate", "datconnlimit"])
}

fn database_update(mut at: Cursor<'_>) -> Result<StatementKind, Forbidden> {
    at.skip_past("where");
    let name = at.accept("datname").then(|| {
        at.accept_symbol(b'=');
        at.advance()?.string_value()
    });
    match name.flatten() {
        Some(name) if at.at_end() => {
            Ok(StatementKind::Database { verb: "UPDATE pg_database", name })
        }
        _ => Err(Forbidden::new("an UPDATE of a system catalogue")),
    }
}

/// Whether what a statement calls is called when it is sent, and not only stored.
fn runs_now(mut at: Cursor<'_>) -> bool {
    const STORED: &[&str] = &["function", "procedure", "view", "rule", "policy", "trigger"];
    if !at.accept("create") {
        return true;
    }
    at.accept_words("or replace");
    !at.accept_any(STORED)
}

#[cfg(test)]
mod tests;
