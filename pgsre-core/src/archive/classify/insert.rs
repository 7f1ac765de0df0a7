//! `INSERT`.

use super::super::cursor::Cursor;
use super::SqlDialect;

/// How many rows an `INSERT … VALUES` lists; `None` for any other statement.
#[must_use]
pub fn rows_of_insert(sql: &[u8], dialect: SqlDialect) -> Option<u64> {
    let mut at = Cursor::new(sql, dialect);
    if !at.accept_words("insert into") {
        return None;
    }
    at.object_name()?;
    at.skip_group();
    at.accept_words("overriding system value");
    at.accept_words("overriding user value");
    if at.accept_words("default values") {
        return Some(1);
    }
    if !at.accept("values") {
        return None;
    }
    let mut rows = 0;
    while at.skip_group() {
        rows += 1;
        if !at.accept_symbol(b',') {
            break;
        }
    }
    Some(rows)
}
