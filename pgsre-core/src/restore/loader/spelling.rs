//! Names and values of a statement, exactly as the server understands them.

use super::connection::Text;
use super::encoding::Encoding;
use crate::archive::{Provenance, SqlDialect, StatementKind, classify};

/// The kind again, from the converted text: the reader saw names in the dump's own encoding.
pub(super) fn exact_kind(kind: StatementKind, encoding: &Encoding, text: &Text) -> StatementKind {
    let Text::Utf8(sql) = text else { return kind };
    if *encoding == Encoding::Utf8 || sql.is_ascii() {
        return kind;
    }
    // The reader has refused what must not be sent; here only names matter.
    let dialect = SqlDialect { provenance: Provenance::HandWritten, ..SqlDialect::default() };
    match classify(sql.as_bytes(), dialect) {
        Ok(exact) if std::mem::discriminant(&exact) == std::mem::discriminant(&kind) => exact,
        _ => kind,
    }
}

/// Whether a boolean parameter is set to true.
pub(super) fn is_on(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "on" | "true" | "yes" | "1")
}
