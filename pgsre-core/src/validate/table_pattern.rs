//! Naming tables in configuration.

use std::fmt;

/// Names tables: `public.orders`, `audit.*`, or `orders` for a table of that name in any schema.
///
/// Names are case-exact and unquoted; `*` stands for any run of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePattern {
    schema: Option<String>,
    name: String,
}

impl TablePattern {
    /// Reads a pattern. The first dot ends the schema.
    pub fn new(pattern: impl Into<String>) -> Self {
        let pattern = pattern.into();
        match pattern.split_once('.') {
            Some((schema, name)) => Self { schema: Some(schema.into()), name: name.into() },
            None => Self { schema: None, name: pattern },
        }
    }

    /// Whether the pattern names this table.
    #[must_use]
    pub fn matches(&self, schema: &str, name: &str) -> bool {
        self.schema.as_deref().is_none_or(|pattern| wildcard(pattern, schema))
            && wildcard(&self.name, name)
    }
}

impl<T: Into<String>> From<T> for TablePattern {
    fn from(pattern: T) -> Self {
        Self::new(pattern)
    }
}

impl fmt::Display for TablePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}.")?;
        }
        f.write_str(&self.name)
    }
}

/// Whether `text` matches a pattern of literal pieces between stars.
fn wildcard(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let Some((middle, tail)) = rest.rsplit_once('*') else { return text.ends_with(rest) };
    for piece in middle.split('*') {
        let Some(at) = text.find(piece) else { return false };
        text = &text[at + piece.len()..];
    }
    text.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run() {
        assert!(TablePattern::new("audit.*").matches("audit", "log"));
        assert!(!TablePattern::new("audit.*").matches("public", "log"));
        assert!(TablePattern::new("log_*_old").matches("any", "log_2024_old"));
        assert!(TablePattern::new("*a*b*").matches("any", "xxaxxbxx"));
        assert!(!TablePattern::new("*a*b*").matches("any", "xxbxxaxx"));
        assert!(!TablePattern::new("ab*ba").matches("any", "aba"));
    }

    #[test]
    fn a_name_without_a_star_is_exact() {
        assert!(TablePattern::new("public.Orders").matches("public", "Orders"));
        assert!(!TablePattern::new("public.Orders").matches("public", "orders"));
        assert!(TablePattern::new("Orders").matches("shop", "Orders"));
    }
}
