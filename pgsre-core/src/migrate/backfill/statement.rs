//! The statements of a backfill.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::key::Key;
use crate::migrate::plan::Assignment;
use crate::postgres::quote_identifier;

/// What is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::migrate) struct Change {
    /// As SQL has it.
    pub(in crate::migrate) table: String,
    /// Not its partitions or children.
    pub(in crate::migrate) only: bool,
    /// Columns and expressions, as SQL has them.
    pub(in crate::migrate) set: Vec<(String, String)>,
    pub(in crate::migrate) condition: Option<String>,
}

/// The relation that a statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// With its schema, quoted.
    pub(super) relation: String,
    /// What expressions call it: the table's name, also in its partitions.
    pub(super) alias: String,
}

impl Change {
    /// Of a table, perhaps with ONLY before it.
    pub(in crate::migrate) fn of(table: impl Into<String>) -> Self {
        let table = table.into();
        let only = table.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("only "));
        let table = if only { table[5..].trim_start().to_owned() } else { table };
        Self { table, only, ..Self::default() }
    }

    /// What a step of a plan changes.
    pub(in crate::migrate) fn of_step(
        table: &str,
        set: &[Assignment],
        condition: Option<&str>,
    ) -> Self {
        Self {
            set: set.iter().map(|one| (one.column.clone(), one.expression.clone())).collect(),
            condition: condition.map(str::to_owned),
            ..Self::of(table)
        }
    }

    pub(in crate::migrate) fn title(&self) -> String {
        let columns: Vec<&str> = self.columns();
        format!("fill {} of {} in batches", columns.join(", "), self.table)
    }

    /// The same as one statement, for people.
    pub(in crate::migrate) fn as_statement(&self) -> String {
        let set: Vec<String> =
            self.set.iter().map(|(column, value)| format!("{column} = {value}")).collect();
        let condition = self.condition.as_ref().map(|one| format!(" WHERE {one}"));
        let only = if self.only { "ONLY " } else { "" };
        let (table, set) = (&self.table, set.join(", "));
        format!("UPDATE {only}{table} SET {set}{}", condition.unwrap_or_default())
    }

    pub(super) fn columns(&self) -> Vec<&str> {
        self.set.iter().map(|(column, _)| column.as_str()).collect()
    }

    /// What it does, as a number: the first 16 hexadecimal digits of a SHA-256.
    pub(in crate::migrate) fn hash(&self, key: Option<&[String]>) -> String {
        let mut digest = Sha256::new();
        let mut add = |text: &str| {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        };
        add(if self.only { "only" } else { "" });
        add(&self.table);
        self.set.iter().flat_map(|(column, value)| [column, value]).for_each(|text| add(text));
        add(if self.condition.is_some() { "where" } else { "" });
        add(self.condition.as_deref().unwrap_or_default());
        key.unwrap_or_default().iter().for_each(|column| add(column));
        digest.finalize().iter().take(8).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Changes the rows behind `last` up to `end`.
    pub(super) fn update(
        &self,
        target: &Target,
        key: &Key,
        last: Option<&[String]>,
        end: &[String],
    ) -> String {
        let set: Vec<String> =
            // An expression may end in a comment.
            self.set.iter().map(|(column, value)| format!("{column} = ({value}\n)")).collect();
        let condition = self.condition.as_deref();
        let condition = condition.map_or_else(String::new, |own| format!(" AND ({own}\n)"));
        format!(
            "UPDATE ONLY {} AS {} SET {} WHERE {}{condition}",
            target.relation,
            target.alias,
            set.join(", "),
            key.between(last, end)
        )
    }
}

impl Target {
    pub(super) fn new(schema: &str, name: &str, alias: &str) -> Self {
        let relation = format!("{}.{}", quote_identifier(schema), quote_identifier(name));
        Self { relation, alias: quote_identifier(alias) }
    }

    /// The greatest key.
    pub(super) fn end(&self, key: &Key) -> String {
        format!(
            "SELECT {} FROM ONLY {} ORDER BY {} LIMIT 1",
            key.as_text(),
            self.relation,
            key.list_descending()
        )
    }

    /// The key of the last row of a batch of so many behind `last`; no row where fewer are left.
    pub(super) fn bound(
        &self,
        key: &Key,
        last: Option<&[String]>,
        end: &[String],
        size: u32,
    ) -> String {
        format!(
            "SELECT {} FROM ONLY {} WHERE {} ORDER BY {} OFFSET {} LIMIT 1",
            key.as_text(),
            self.relation,
            key.between(last, end),
            key.list(),
            size.saturating_sub(1)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_changes_what_it_does_changes_its_number() {
        let change = Change { set: vec![("a".into(), "1".into())], ..Change::of("t") };
        let hash = change.hash(None);
        let others = [
            Change { table: "u".into(), ..change.clone() },
            Change { only: true, ..change.clone() },
            Change { set: vec![("a".into(), "2".into())], ..change.clone() },
            Change { set: Vec::new(), ..change.clone() },
            Change { condition: Some(String::new()), ..change.clone() },
            Change { condition: Some("true".into()), ..change.clone() },
        ];
        for other in &others {
            assert_ne!(other.hash(None), hash, "{other:?}");
        }
        assert_ne!(change.hash(Some(&["id".into()])), hash);
        assert_eq!(change.clone().hash(None), hash);
        assert_eq!(hash.len(), 16);
    }
}
