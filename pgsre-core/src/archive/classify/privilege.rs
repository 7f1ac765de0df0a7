//! `GRANT` and `REVOKE`.

use super::super::StatementKind;
use super::super::cursor::Cursor;

/// A `GRANT` or `REVOKE`, the cursor standing behind that word.
pub(super) fn privilege(verb: Verb, mut at: Cursor<'_>) -> StatementKind {
    if verb == Verb::Revoke {
        let mut ahead = at;
        ahead.advance();
        if ahead.accept_words("option for") {
            at = ahead;
        }
    }
    let first = at;
    if !stands_on_object(&mut at) {
        return StatementKind::Global { verb: verb.of_role(), name: name(first) };
    }
    if at.accept("database") {
        StatementKind::Database { verb: verb.on_database(), name: name(at) }
    } else if at.accept("tablespace") {
        StatementKind::Global { verb: verb.on_tablespace(), name: name(at) }
    } else if at.accept("parameter") {
        StatementKind::Global { verb: verb.on_parameter(), name: name(at) }
    } else {
        StatementKind::Grant
    }
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Grant,
    Revoke,
}

impl Verb {
    fn of_role(self) -> &'static str {
        if self == Self::Grant { "GRANT" } else { "REVOKE" }
    }

    fn on_database(self) -> &'static str {
        if self == Self::Grant { "GRANT ON DATABASE" } else { "REVOKE ON DATABASE" }
    }

    fn on_tablespace(self) -> &'static str {
        if self == Self::Grant { "GRANT ON TABLESPACE" } else { "REVOKE ON TABLESPACE" }
    }

    fn on_parameter(self) -> &'static str {
        if self == Self::Grant { "GRANT ON PARAMETER" } else { "REVOKE ON PARAMETER" }
    }
}

/// Whether it names an object, and not roles; the cursor stands behind `ON` then.
pub(crate) fn stands_on_object(at: &mut Cursor<'_>) -> bool {
    while let Some(token) = at.peek() {
        if token.is("to") || token.is("from") {
            return false;
        }
        if !at.skip_group() {
            at.advance();
        }
        if token.is("on") {
            return true;
        }
    }
    false
}

fn name(mut at: Cursor<'_>) -> String {
    at.identifier().unwrap_or_default()
}
