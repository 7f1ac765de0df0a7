//! The key that a backfill goes by.

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::migrate::error::ApplyError;
use crate::postgres::{quote_identifier, quote_literal};

/// Unique indexes that order all rows, the primary key first, then those of fewer columns. Columns
/// compare as the index does: by their own collation and the default operators of their type.
const KEYS: &str = "\
    SELECT array_agg(a.attname::text ORDER BY n), \
           array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY n), \
           bool_or(n = 0 AND a.atttypid IN ('uuid'::regtype, 'bytea'::regtype)) \
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
      JOIN pg_am m ON m.oid = c.relam AND m.amname = 'btree' \
     CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) AS n \
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] AND a.attnotnull \
       AND a.attcollation = i.indcollation[n] \
      JOIN pg_opclass o ON o.oid = i.indclass[n] AND o.opcdefault \
     WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indimmediate \
       AND i.indpred IS NULL \
     GROUP BY i.indexrelid, i.indisprimary, i.indnkeyatts, c.relname \
    HAVING count(*) = i.indnkeyatts \
     ORDER BY i.indisprimary DESC, i.indnkeyatts, c.relname";

/// The columns of a unique key, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) columns: Vec<Column>,
    /// Whether neighbours by key lie on pages all over the table.
    pub(super) is_random: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    /// As SQL has it.
    pub(super) data_type: String,
}

impl Key {
    /// The best key of a relation: one of these columns where they are given, and none that is `set`
    /// itself.
    pub(super) async fn find(
        client: &Client,
        relation: u32,
        wanted: Option<&[String]>,
        set: &[&str],
    ) -> Result<Option<Self>, ApplyError> {
        let rows = client.query_typed(KEYS, &[(&relation, Type::OID)]).await?;
        for row in &rows {
            let (names, types): (Vec<String>, Vec<String>) = (row.try_get(0)?, row.try_get(1)?);
            let is_wanted = wanted.is_none_or(|wanted| wanted == names);
            let is_set = names.iter().any(|name| set.contains(&quote_identifier(name).as_str()));
            if is_wanted && !is_set {
                let column = |(name, data_type)| Column { name, data_type };
                let columns = names.into_iter().zip(types).map(column).collect();
                return Ok(Some(Self { columns, is_random: row.try_get(2)? }));
            }
        }
        Ok(None)
    }

    /// Its columns' names.
    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// `"a", "b"`.
    pub(super) fn list(&self) -> String {
        self.each(|column| quote_identifier(&column.name))
    }

    /// `"a" DESC, "b" DESC`.
    pub(super) fn list_descending(&self) -> String {
        self.each(|column| format!("{} DESC", quote_identifier(&column.name)))
    }

    /// An array of its values as text.
    pub(super) fn as_text(&self) -> String {
        let texts = self.each(|column| format!("{}::text", quote_identifier(&column.name)));
        format!("ARRAY[{texts}]")
    }

    /// `("a", "b") > ('1'::bigint, 'x'::text)`, for any operator.
    pub(super) fn compare(&self, operator: &str, values: &[String]) -> String {
        let typed = self.columns.iter().zip(values).map(|(column, value)| {
            format!("{}::{}", quote_literal(value).trim_start(), column.data_type)
        });
        let typed = typed.collect::<Vec<_>>().join(", ");
        format!("({}) {operator} ({typed})", self.list())
    }

    /// A condition for keys behind `last` up to `end`.
    pub(super) fn between(&self, last: Option<&[String]>, end: &[String]) -> String {
        let upto = self.compare("<=", end);
        match last {
            Some(last) => format!("{} AND {upto}", self.compare(">", last)),
            None => upto,
        }
    }

    fn each(&self, of: impl Fn(&Column) -> String) -> String {
        self.columns.iter().map(of).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(columns: &[(&str, &str)]) -> Key {
        let column = |(name, data_type): &(&str, &str)| Column {
            name: (*name).to_owned(),
            data_type: (*data_type).to_owned(),
        };
        Key { columns: columns.iter().map(column).collect(), is_random: false }
    }

    fn text(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn a_composite_key_compares_as_a_row() {
        let key = key(&[("shop", "integer"), ("Order", "text")]);
        let between = key.between(Some(&text(&["1", "it's"])), &text(&["2", "a\\b"]));
        assert_eq!(
            between,
            "(\"shop\", \"Order\") > ('1'::integer, 'it''s'::text) AND \
             (\"shop\", \"Order\") <= ('2'::integer, E'a\\\\b'::text)"
        );
    }

    #[test]
    fn the_first_batch_has_no_lower_bound() {
        let key = key(&[("id", "bigint")]);
        assert_eq!(key.between(None, &text(&["9"])), "(\"id\") <= ('9'::bigint)");
    }
}
