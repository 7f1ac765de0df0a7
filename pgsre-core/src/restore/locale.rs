//! The locale of a database whose dump does not say it, or says one that is not there.

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// Clauses of `CREATE DATABASE` to try in turn, the last of which every server has.
///
/// What a dump without `CREATE DATABASE` was taken from nearly always knows the letters of all
/// scripts, so that `'É' ~ '[[:alpha:]]'` holds; `C` knows those of ASCII only, and CHECK
/// constraints that held in the source would fail. The order of strings is left at `C`, which is
/// the same everywhere.
pub(super) fn unnamed(encoding: &str, major: u32) -> Vec<&'static str> {
    const BUILTIN: &str =
        " LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'";
    const LIBC: [&str; 3] = [
        " LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'",
        " LC_COLLATE 'C' LC_CTYPE 'en_US.UTF-8'",
        " LC_COLLATE 'C' LC_CTYPE 'UTF-8'",
    ];
    let mut clauses = Vec::new();
    if is_utf8(encoding) {
        if major >= 17 {
            clauses.push(BUILTIN);
        }
        clauses.extend(LIBC);
    }
    clauses.push(" LC_COLLATE 'C' LC_CTYPE 'C'");
    clauses
}

/// An invalid locale name, or one that does not go with the encoding.
pub(super) fn is_refused(error: &Error) -> bool {
    error.code().map(SqlState::code).is_some_and(is_about_locale)
}

/// Whether an SQLSTATE of `CREATE DATABASE` is about its locale.
pub(super) fn is_about_locale(code: &str) -> bool {
    matches!(code, "22023" | "42809" | "42P22" | "42P17" | "0A000" | "58P01" | "42602")
}

fn is_utf8(encoding: &str) -> bool {
    matches!(encoding.to_ascii_lowercase().as_str(), "utf8" | "utf-8" | "unicode")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_in_utf8_knows_all_letters_where_the_server_can() {
        assert!(unnamed("UTF8", 17)[0].contains("builtin"));
        assert!(unnamed("utf-8", 15)[0].contains("LC_CTYPE 'C.UTF-8'"));
    }

    #[test]
    fn every_encoding_can_fall_back_to_c() {
        for encoding in ["UTF8", "LATIN1", "SQL_ASCII"] {
            assert_eq!(unnamed(encoding, 15).last(), Some(&" LC_COLLATE 'C' LC_CTYPE 'C'"));
        }
        assert_eq!(unnamed("LATIN1", 18).len(), 1);
    }
}
