//! What a statement is to a loader, and whether it may be sent at all.

use std::fmt;

use super::StatementKind;

mod copy;
mod insert;

pub use copy::{CopyDirection, CopyEndpoint, CopyFormat, CopyHead, parse_copy};
pub use insert::rows_of_insert;

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
    if let Some(head) = parse_copy(sql, dialect) {
        return head.permitted().map(StatementKind::CopyIn);
    }
    Ok(StatementKind::Definition)
}
