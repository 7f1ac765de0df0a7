//! Quoting of names and values for SQL text.

/// `name` as an identifier, always in double quotes, so that no keyword and no case is a surprise.
#[must_use]
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `text` as a string constant that means the same with `standard_conforming_strings` on and off.
#[must_use]
pub fn quote_literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if text.contains('\\') {
        format!(" E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

#[cfg(test)]
mod tests {
    use super::{quote_identifier, quote_literal};

    #[test]
    fn quotes_in_an_identifier_are_doubled() {
        assert_eq!(quote_identifier("Odd \"name\""), "\"Odd \"\"name\"\"\"");
    }

    #[test]
    fn a_backslash_makes_an_escape_string() {
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_literal("a\\'b"), " E'a\\\\''b'");
    }
}
