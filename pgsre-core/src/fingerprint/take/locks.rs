//! Locks that keep tables as they are, as `pg_dump` takes them, and what is known once they are had.

use std::collections::HashMap;

use tokio_postgres::types::Type;

use super::super::{FingerprintError, Gap};
use super::attempt::{self, Attempt, Refusal};
use super::relations::{Oid, Table};
use crate::postgres::Snapshot;

/// Tables that one statement locks.
const AT_ONCE: usize = 100;

/// Bytes of the rows, bytes with TOAST, and where the rows lie now, whatever the snapshot says.
const SIZES: &str = "\
    SELECT t.oid::int8, pg_relation_size(t.oid), pg_table_size(t.oid), \
           pg_relation_filenode(t.oid)::int8 \
      FROM unnest($1) AS t (oid)";

/// A table that can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Bytes of the rows alone.
    pub(super) rows: u64,
    /// Bytes with TOAST.
    pub(super) total: u64,
}

/// Locks the tables against changes of their definition and against `TRUNCATE`, which no snapshot
/// hides, and measures them. Those that cannot be read are gaps.
pub(super) async fn lock(
    snapshot: &Snapshot<'_>,
    tables: &[&Table],
) -> Result<(HashMap<Oid, Size>, Vec<Gap>), FingerprintError> {
    let (mut sizes, mut gaps) = (HashMap::with_capacity(tables.len()), Vec::new());
    for some in tables.chunks(AT_ONCE) {
        let mut had = Vec::with_capacity(some.len());
        match lock_some(snapshot, some).await? {
            Attempt::Done(()) => had.extend_from_slice(some),
            Attempt::Refused(_) => {
                for table in some {
                    match lock_some(snapshot, &[table]).await? {
                        Attempt::Done(()) => had.push(table),
                        Attempt::Refused(refusal) => gaps.push(gap(table, refusal)),
                    }
                }
            }
        }
        measure(snapshot, &had, &mut sizes, &mut gaps).await?;
    }
    Ok((sizes, gaps))
}

async fn lock_some(
    snapshot: &Snapshot<'_>,
    tables: &[&Table],
) -> Result<Attempt<()>, FingerprintError> {
    let names: Vec<_> = tables.iter().map(|table| format!("ONLY {}", table.name)).collect();
    let sql = format!(
        "SAVEPOINT attempt; LOCK TABLE {} IN ACCESS SHARE MODE; RELEASE SAVEPOINT attempt",
        names.join(", ")
    );
    let locked = snapshot.execute("lock tables against changes of their definition", &sql).await;
    attempt::settle(snapshot, locked, None).await
}

async fn measure(
    snapshot: &Snapshot<'_>,
    tables: &[&Table],
    sizes: &mut HashMap<Oid, Size>,
    gaps: &mut Vec<Gap>,
) -> Result<(), FingerprintError> {
    let oids: Vec<u32> = tables.iter().filter_map(|table| u32::try_from(table.oid).ok()).collect();
    let rows = snapshot.rows("measure the tables", SIZES, &[(&oids, Type::OID_ARRAY)]).await?;
    let mut now = HashMap::with_capacity(rows.len());
    for row in rows {
        let of =
            |at| row.try_get::<_, Option<i64>>(at).map(|size| size.unwrap_or(0).unsigned_abs());
        let at = |error| FingerprintError::from(crate::postgres::PostgresError::from(error));
        let size = Size { rows: of(1).map_err(at)?, total: of(2).map_err(at)? };
        let filenode = row.try_get::<_, Option<Oid>>(3).map_err(at)?;
        now.insert(row.try_get::<_, Oid>(0).map_err(at)?, (size, filenode));
    }
    for table in tables {
        match now.get(&table.oid) {
            Some((size, Some(filenode))) if *filenode == table.filenode => {
                sizes.insert(table.oid, *size);
            }
            _ => {
                let why = "it was dropped, truncated or rewritten after the snapshot was opened";
                let refusal = Refusal { why: why.to_owned(), is_lock: false };
                gaps.push(gap(table, refusal));
            }
        }
    }
    Ok(())
}

fn gap(table: &Table, refusal: Refusal) -> Gap {
    refusal.gap(format!("table {}", table.name))
}
