//! What there is to read: tables with their columns and keys, and sequences.

use std::collections::HashMap;

use tokio_postgres::Row;

use super::super::FingerprintError;
use crate::postgres::{PostgresError, Snapshot};

/// An object's identifier within one database.
pub(super) type Oid = i64;

/// Tables and sequences whose contents `pg_dump` saves: not those of the system, not temporary
/// ones, and of an extension's only those that it registered with `pg_extension_config_dump`.
const RELATIONS: &str = "\
    SELECT c.oid::int8, format('%I.%I', n.nspname, c.relname), c.relkind::text, \
           c.relpersistence = 'u', coalesce(c.relam = 2, false), c.relfilenode::int8, \
           (SELECT i.inhparent::int8 FROM pg_inherits i \
             WHERE c.relispartition AND i.inhrelid = c.oid LIMIT 1), \
           x.extcondition[array_position(x.extconfig, c.oid)] \
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
      LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid \
        AND d.objsubid = 0 AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' \
      LEFT JOIN pg_extension x ON x.oid = d.refobjid \
     WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' \
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
       AND (d.objid IS NULL OR c.oid = ANY (x.extconfig)) \
     ORDER BY n.nspname, c.relname";

/// The columns that a dump has values of, by name: a restore may order them otherwise.
const COLUMNS: &str = "\
    SELECT a.attrelid::int8, array_agg(a.attname::text ORDER BY a.attname) \
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
     WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' \
     GROUP BY a.attrelid";

/// One key of each table that no row can be without: the primary one, else the shortest. The
/// choice depends on nothing that a restore may change.
const KEYS: &str = "\
    SELECT DISTINCT ON (i.indrelid) i.indrelid::int8, k.columns \
      FROM pg_index i, \
           LATERAL (SELECT array_agg(a.attname::text ORDER BY o.at) AS columns, \
                           coalesce(bool_and(a.attnotnull), false) AS whole, count(*) AS many \
                      FROM unnest(i.indkey) WITH ORDINALITY AS o (attnum, at) \
                      LEFT JOIN pg_attribute a \
                        ON a.attrelid = i.indrelid AND a.attnum = o.attnum \
                     WHERE o.at <= i.indnkeyatts) AS k \
     WHERE i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL \
       AND i.indexprs IS NULL AND k.whole AND i.indrelid >= 16384 \
     ORDER BY i.indrelid, NOT i.indisprimary, k.many, k.columns::text COLLATE \"C\"";

/// A table of which a dump has the rows, or a partitioned one.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) oid: Oid,
    /// Qualified and quoted.
    pub(super) name: String,
    pub(super) is_partitioned: bool,
    pub(super) is_unlogged: bool,
    /// Whether its rows have places that can be told apart by range.
    pub(super) is_heap: bool,
    /// Where its rows lay when the snapshot was taken.
    pub(super) filenode: Oid,
    pub(super) partition_of: Option<Oid>,
    /// The `WHERE` clause of an extension's table.
    pub(super) condition: Option<String>,
    /// The columns to hash, by name.
    pub(super) columns: Vec<String>,
    /// The columns that tell its rows apart; those of the topmost table for a partition, where rows
    /// may move from one to the other.
    pub(super) key: Vec<String>,
}

/// Everything that stores contents.
#[derive(Debug, Default)]
pub(super) struct Relations {
    pub(super) tables: Vec<Table>,
    /// By name, qualified and quoted.
    pub(super) sequences: Vec<String>,
}

/// Reads the lists in three queries.
pub(super) async fn read(snapshot: &Snapshot<'_>) -> Result<Relations, FingerprintError> {
    let mut relations = Relations::default();
    for row in snapshot.rows("list the tables and sequences", RELATIONS, &[]).await? {
        relations.add(&row)?;
    }
    let mut columns = names(snapshot, "read the tables' columns", COLUMNS).await?;
    let keys = names(snapshot, "read the tables' keys", KEYS).await?;
    let parents: HashMap<Oid, Oid> = relations
        .tables
        .iter()
        .filter_map(|table| Some((table.oid, table.partition_of?)))
        .collect();
    for table in &mut relations.tables {
        table.columns = columns.remove(&table.oid).unwrap_or_default();
        table.key = keys.get(&topmost(table.oid, &parents)).cloned().unwrap_or_default();
    }
    Ok(relations)
}

impl Relations {
    fn add(&mut self, row: &Row) -> Result<(), PostgresError> {
        let (oid, name, kind): (Oid, String, String) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if kind == "S" {
            self.sequences.push(name);
            return Ok(());
        }
        self.tables.push(Table {
            oid,
            name,
            is_partitioned: kind == "p",
            is_unlogged: row.try_get(3)?,
            is_heap: row.try_get(4)?,
            filenode: row.try_get(5)?,
            partition_of: row.try_get(6)?,
            condition: row.try_get::<_, Option<String>>(7)?.filter(|text| !text.is_empty()),
            columns: Vec::new(),
            key: Vec::new(),
        });
        Ok(())
    }
}

/// Lists of names by the table they belong to.
async fn names(
    snapshot: &Snapshot<'_>,
    what: &str,
    sql: &str,
) -> Result<HashMap<Oid, Vec<String>>, FingerprintError> {
    let rows = snapshot.rows(what, sql, &[]).await?;
    let named = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?));
    Ok(rows.iter().map(named).collect::<Result<_, PostgresError>>()?)
}

/// The table at the top of the partitioned ones above this one; itself where there is none.
fn topmost(table: Oid, parents: &HashMap<Oid, Oid>) -> Oid {
    let mut at = table;
    // No chain is longer than the list: a damaged catalogue may hold a circle.
    for _ in 0..parents.len() {
        match parents.get(&at) {
            Some(above) => at = *above,
            None => break,
        }
    }
    at
}
