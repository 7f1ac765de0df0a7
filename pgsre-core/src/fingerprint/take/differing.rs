//! Which rows of a table differ between two databases.
//!
//! Both sides add up the hashes of their rows in buckets by key, so that only the rows of buckets
//! that differ are fetched: the memory does not grow with the table.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use tokio_postgres::types::{ToSql, Type};
use tokio_util::sync::CancellationToken;

use super::super::FingerprintError;
use super::relations::{Relations, Table};
use super::{FingerprintRequest, hashing, relations, settings};
use crate::postgres::{Database, PostgresError, Snapshot};

/// Buckets that rows are put into; a power of two.
const BUCKETS: i64 = 1 << 16;

/// A row that differs, by its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowDifference {
    /// The values of the table's key, as a row prints: `(77)`, `(7,"a b")`.
    pub key: String,
    /// How it differs.
    pub change: RowChange,
}

/// How a row differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RowChange {
    /// It is on both sides, with other values.
    Changed,
    /// It should be there and is not.
    Missing,
    /// It is there and should not be.
    Extra,
}

/// At most `most` rows in which a table differs between two databases, by key. `None` for a table
/// that has no key, or that one of them lacks.
///
/// `table` is named as a [`TablePrint`](super::super::TablePrint) is. Each side is read at a snapshot
/// of its own, once whole and once for the rows that differ.
///
/// # Errors
/// Where a side cannot be read, or `cancel` is cancelled. Cancel safe.
pub async fn differing_rows(
    expected: &Database,
    found: &Database,
    table: &str,
    most: usize,
    cancel: &CancellationToken,
) -> Result<Option<Vec<RowDifference>>, FingerprintError> {
    let (Some(expected), Some(found)) =
        (Side::open(expected, table, cancel).await?, Side::open(found, table, cancel).await?)
    else {
        return Ok(None);
    };
    let (there, here) = (expected.buckets().await?, found.buckets().await?);
    let all = there.keys().chain(here.keys());
    let mut differing: Vec<i64> =
        all.filter(|bucket| there.get(bucket) != here.get(bucket)).copied().collect();
    differing.sort_unstable();
    differing.dedup();
    differing.truncate(most);
    let (there, here) = (expected.rows(&differing).await?, found.rows(&differing).await?);
    let mut differences = compare(&there, &here);
    differences.truncate(most);
    Ok(Some(differences))
}

fn compare(
    expected: &BTreeMap<String, String>,
    found: &BTreeMap<String, String>,
) -> Vec<RowDifference> {
    let of = |key: &String, change| RowDifference { key: key.clone(), change };
    let gone = expected.iter().filter_map(|(key, hash)| match found.get(key) {
        None => Some(of(key, RowChange::Missing)),
        Some(other) if other != hash => Some(of(key, RowChange::Changed)),
        Some(_) => None,
    });
    let extra = found.keys().filter(|key| !expected.contains_key(*key));
    gone.chain(extra.map(|key| of(key, RowChange::Extra))).collect()
}

/// One database's table.
struct Side<'a> {
    snapshot: Snapshot<'a>,
    /// Each row's bucket, key and hash.
    rows: String,
}

impl<'a> Side<'a> {
    async fn open(
        database: &Database,
        table: &str,
        cancel: &'a CancellationToken,
    ) -> Result<Option<Self>, FingerprintError> {
        let snapshot = Snapshot::open(database, cancel).await?;
        settings::apply(&snapshot, &FingerprintRequest::default(), database.version()).await?;
        let relations = relations::read(&snapshot).await?;
        settings::apply_to_contents(&snapshot).await?;
        let rows = rows_of(&relations, table);
        Ok(rows.map(|rows| Self { snapshot, rows }))
    }

    async fn buckets(&self) -> Result<HashMap<i64, String>, FingerprintError> {
        let sql = format!("SELECT bucket, sum(hash)::text FROM ({}) AS r GROUP BY 1", self.rows);
        let rows = self.snapshot.rows("add up the rows", &sql, &[]).await?;
        let pairs = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
        Ok(pairs.collect::<Result<_, PostgresError>>()?)
    }

    async fn rows(&self, buckets: &[i64]) -> Result<BTreeMap<String, String>, FingerprintError> {
        let sql =
            format!("SELECT key, hash::text FROM ({}) AS r WHERE bucket = ANY ($1)", self.rows);
        let wanted = buckets.to_vec();
        let wanted: &[(&(dyn ToSql + Sync), Type)] = &[(&wanted, Type::INT8_ARRAY)];
        let rows = self.snapshot.rows("read the rows that differ", &sql, wanted).await?;
        let pairs = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
        Ok(pairs.collect::<Result<_, PostgresError>>()?)
    }
}

/// A query of a table's buckets, keys and hashes; a partitioned one is read through its top.
fn rows_of(relations: &Relations, name: &str) -> Option<String> {
    let table = relations.tables.iter().find(|table| table.name == name)?;
    if table.key.is_empty() {
        return None;
    }
    let (columns, only) = if table.is_partitioned {
        let below = |other: &&Table| other.partition_of == Some(table.oid) && !other.is_partitioned;
        (&relations.tables.iter().find(below)?.columns, "")
    } else {
        (&table.columns, "ONLY ")
    };
    let (key, row) = (hashing::row(&table.key), hashing::row(columns));
    let condition = table.condition.as_deref().unwrap_or_default();
    Some(format!(
        "SELECT hashtextextended(({key}) COLLATE \"C\", 2) & {mask}::int8 AS bucket, {key} AS key, \
                hashtextextended(({row}) COLLATE \"C\", 0) AS hash FROM {only}{name} {condition}",
        mask = BUCKETS - 1,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_changed_missing_or_extra() {
        let side = |rows: &[(&str, &str)]| -> BTreeMap<String, String> {
            rows.iter().map(|(key, hash)| ((*key).to_owned(), (*hash).to_owned())).collect()
        };
        let expected = side(&[("(1)", "a"), ("(2)", "b"), ("(3)", "c")]);
        let found = side(&[("(1)", "a"), ("(2)", "x"), ("(4)", "d")]);
        let differences = compare(&expected, &found);
        let shown: Vec<_> = differences.iter().map(|d| (d.key.as_str(), d.change)).collect();
        assert_eq!(
            shown,
            [("(2)", RowChange::Changed), ("(3)", RowChange::Missing), ("(4)", RowChange::Extra)]
        );
        assert_eq!(compare(&expected, &expected), []);
    }
}
