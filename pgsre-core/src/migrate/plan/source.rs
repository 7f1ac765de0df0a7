//! The text of a statement's parts, as it was written.

use super::super::parse::words_of;
use super::super::words::{Word, Words};

/// A statement's text beside its words.
#[derive(Debug)]
pub(super) struct Source<'a> {
    sql: &'a str,
    words: Vec<Word>,
}

impl<'a> Source<'a> {
    pub(super) fn of(sql: &'a str) -> Self {
        Self { sql, words: words_of(sql) }
    }

    pub(super) fn words(&self) -> Words<'_> {
        Words::new(&self.words)
    }

    /// From the first of these words to the last, comments between them included.
    pub(super) fn text(&self, words: &[Word]) -> &'a str {
        let range =
            words.first().zip(words.last()).map(|(first, last)| first.at.start..last.at.end);
        range.and_then(|range| self.sql.get(range)).unwrap_or_default()
    }

    /// What was taken since the words were `before`.
    pub(super) fn taken(&self, before: &Words<'_>, after: &Words<'_>) -> &'a str {
        let (before, left) = (before.rest(), after.rest().len());
        self.text(&before[..before.len().saturating_sub(left)])
    }

    /// The name that comes next, as it is written.
    pub(super) fn name(&self, words: &mut Words<'_>) -> &'a str {
        let before = words.clone();
        words.name();
        self.taken(&before, words)
    }

    /// The parentheses that come next, with what is between them; empty where there are none.
    pub(super) fn parenthesised(&self, words: &mut Words<'_>) -> &'a str {
        let before = words.clone();
        words.parenthesised();
        self.taken(&before, words)
    }
}

/// A name as SQL, each of its parts quoted only where it must be.
pub(super) fn sql_name(name: &str) -> String {
    name.split('.').map(identifier).collect::<Vec<_>>().join(".")
}

fn identifier(name: &str) -> String {
    let plain = |c: char| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit();
    let begins = name.starts_with(|c: char| c == '_' || c.is_ascii_lowercase());
    if begins
        && name.chars().all(plain)
        && !RESERVED.split_ascii_whitespace().any(|word| word == name)
    {
        return name.to_owned();
    }
    crate::postgres::quote_identifier(name)
}

/// The name of an object that lies in the schema of a table.
pub(super) fn beside(table: &str, name: &str) -> String {
    match table.rsplit_once('.') {
        Some((schema, _)) => format!("{schema}.{name}"),
        None => name.to_owned(),
    }
}

/// `pg_get_keywords()` with categories R and T.
const RESERVED: &str = "\
all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate \
collation column concurrently constraint create cross current_catalog current_date current_role \
current_schema current_time current_timestamp current_user default deferrable desc distinct do else end \
except false fetch for foreign freeze from full grant group having ilike in initially inner intersect \
into is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null \
offset on only or order outer overlaps placing primary references returning right select session_user \
similar some symmetric table tablesample then to trailing true union unique user using variadic verbose \
when where window with";

#[cfg(test)]
mod tests {
    use super::sql_name;

    #[test]
    fn only_names_that_mean_something_else_unquoted_are_quoted() {
        assert_eq!(sql_name("shop.orders"), "shop.orders");
        assert_eq!(sql_name("order"), "\"order\"");
        assert_eq!(sql_name("shop.Orders"), "shop.\"Orders\"");
    }
}
