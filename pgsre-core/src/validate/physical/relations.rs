//! What amcheck can look at.

use std::fmt;

use super::super::ValidatorError;
use crate::postgres::Session;

/// Heaps with rows of users, and their B-trees that are ready; smallest first. Before 14 amcheck
/// looks at indexes only.
const STORAGE: &str = "\
    SELECT c.oid::int8, c.oid::regclass::text, c.relkind = 'i', x.indisunique, \
           pg_relation_size(c.oid) \
      FROM pg_class c \
      JOIN pg_namespace n ON n.oid = c.relnamespace \
      JOIN pg_am a ON a.oid = c.relam \
      LEFT JOIN pg_index x ON x.indexrelid = c.oid \
     WHERE (c.relkind IN ('r', 'm') AND a.amname = 'heap' AND $1::int4 >= 14 \
            OR c.relkind = 'i' AND a.amname = 'btree' AND x.indisvalid AND x.indisready) \
       AND c.relpersistence <> 't' \
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
     ORDER BY 5, 1";

/// A table or an index, as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    pub(super) oid: i64,
    /// The name as SQL has it.
    pub(super) name: String,
    pub(super) kind: StorageKind,
    pub(super) unique: bool,
    pub(super) bytes: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StorageKind {
    Table,
    Index,
}

impl fmt::Display for StorageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Table => "table",
            Self::Index => "index",
        })
    }
}

/// Everything that amcheck can look at, smallest first.
pub(super) async fn read(session: &Session, major: u32) -> Result<Vec<Storage>, ValidatorError> {
    let failed =
        |error| ValidatorError::new("list the tables and indexes to look at").with_cause(error);
    session.batch_execute("SET search_path = pg_catalog").await.map_err(failed)?;
    let major = i32::try_from(major).unwrap_or(i32::MAX);
    let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), _); 1] =
        [(&major, tokio_postgres::types::Type::INT4)];
    let rows = session.query_typed(STORAGE, &parameters).await.map_err(failed)?;
    let storage = rows.iter().map(|row| Storage {
        oid: row.get(0),
        name: row.get(1),
        kind: if row.get(2) { StorageKind::Index } else { StorageKind::Table },
        unique: row.get::<_, Option<bool>>(3).unwrap_or(false),
        bytes: row.get(4),
    });
    Ok(storage.collect())
}
