//! `INSERT`.

use super::super::StatementKind;
use super::super::cursor::Cursor;
use super::super::lexer::TokenKind;
use super::super::policy;
use super::{Forbidden, Provenance, SqlDialect};

/// How many rows an `INSERT … VALUES` lists; `None` for any other statement.
#[must_use]
pub fn rows_of_insert(sql: &[u8], dialect: SqlDialect) -> Option<u64> {
    let mut at = Cursor::new(sql, dialect);
    if !at.accept("insert") {
        return None;
    }
    match insert(at, dialect) {
        Ok(StatementKind::Insert { rows, .. }) => rows,
        _ => None,
    }
}

/// An `INSERT`, the cursor standing behind that word.
pub(super) fn insert(mut at: Cursor<'_>, dialect: SqlDialect) -> Result<StatementKind, Forbidden> {
    let table = at.accept("into").then(|| at.object_name()).flatten();
    let Some(table) = table else {
        return Err(Forbidden::new("an INSERT that cannot be understood"));
    };
    if policy::is_system_catalog(&table) {
        return Err(Forbidden::new("INSERT into a system catalogue"));
    }
    let generated = dialect.provenance == Provenance::PgDump;
    match rows(&mut at, generated) {
        Some(rows) if !generated || behind_rows(at) => {
            Ok(StatementKind::Insert { table, rows: Some(rows) })
        }
        _ if !generated => Ok(StatementKind::Insert { table, rows: None }),
        _ => Err(policy::not_pg_dumps("INSERT of something else than literal values")),
    }
}

/// The rows of `VALUES`; `None` where there is something else, or more than literals.
fn rows(at: &mut Cursor<'_>, generated: bool) -> Option<u64> {
    at.skip_group();
    let _ = at.accept_words("overriding system value") || at.accept_words("overriding user value");
    if at.accept_words("default values") {
        return Some(1);
    }
    at.accept("values").then_some(())?;
    let mut rows = 0;
    loop {
        let row = at.at_symbol(b'(') && (!generated || only_literals(*at)) && at.skip_group();
        row.then_some(())?;
        rows += 1;
        if !at.accept_symbol(b',') {
            return Some(rows);
        }
    }
}

/// Nothing, or `ON CONFLICT DO NOTHING`.
fn behind_rows(mut at: Cursor<'_>) -> bool {
    at.accept_words("on conflict do nothing");
    at.at_end()
}

/// Whether a group in parentheses holds nothing but literals, signs and casts.
pub(super) fn only_literals(mut at: Cursor<'_>) -> bool {
    let mut depth = 0_usize;
    let mut cast = false;
    while let Some(token) = at.advance() {
        let is_type = std::mem::replace(&mut cast, token.kind == TokenKind::Cast);
        match token.kind {
            TokenKind::Symbol => match token.text {
                b"(" | b"[" => depth += 1,
                b")" | b"]" => depth = depth.saturating_sub(1),
                b"," | b"-" | b"+" => {}
                b"." => cast = true,
                _ => return false,
            },
            TokenKind::Word | TokenKind::Quoted if is_type => {}
            TokenKind::Word if is_constant(token.text) => {}
            // `'…'::character varying`, `'…'::double precision`.
            TokenKind::Word if !at.at_symbol(b'(') && is_second_of_type(token.text) => {}
            TokenKind::Word | TokenKind::Quoted | TokenKind::UnicodeQuoted => return false,
            TokenKind::Parameter | TokenKind::Unterminated => return false,
            _ => {}
        }
        if depth == 0 {
            return true;
        }
    }
    false
}

fn is_constant(word: &[u8]) -> bool {
    const CONSTANTS: [&str; 6] = ["null", "default", "true", "false", "array", "row"];
    CONSTANTS.iter().any(|constant| word.eq_ignore_ascii_case(constant.as_bytes()))
}

fn is_second_of_type(word: &[u8]) -> bool {
    const SECOND: [&str; 6] = ["varying", "precision", "with", "without", "time", "zone"];
    SECOND.iter().any(|second| word.eq_ignore_ascii_case(second.as_bytes()))
}
