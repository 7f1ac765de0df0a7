//! Locks that keep tables as they are, as `pg_dump` takes them, and what is known once they are had.
//!
//! A server's table of locks is shared by everybody: it is `max_locks_per_transaction` for each
//! connection that may be, and who finds it full fails. So only a small part of it is ever taken;
//! tables beyond that are looked at again at the end.

use std::collections::{HashMap, HashSet};

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

/// How many locks the server has room for (`lock.c`, `NLOCKENTS`).
const CAPACITY: &str = "\
    SELECT current_setting('max_locks_per_transaction')::int8 \
           * (current_setting('max_connections')::int8 \
              + current_setting('max_prepared_transactions')::int8)";

/// The part of the server's locks that is taken at most: a `pg_dump` beside us takes as many again.
const SHARE: u64 = 8;

/// Why a table that is not as the snapshot saw it has no figures.
const CHANGED: &str = "it was dropped, truncated or rewritten after the snapshot was opened";

/// What is known of the tables before they are read.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) sizes: HashMap<Oid, Size>,
    /// Those that are not locked until they are read.
    pub(super) unlocked: HashSet<Oid>,
    pub(super) gaps: Vec<Gap>,
}

/// A table that can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Bytes of the rows alone.
    pub(super) rows: u64,
    /// Bytes with TOAST.
    pub(super) total: u64,
}

/// Locks the tables against changes of their definition and against `TRUNCATE`, which no snapshot
/// hides, as far as the server has room, and measures them. Those that cannot be read are gaps.
pub(super) async fn look(
    snapshot: &Snapshot<'_>,
    tables: &[&Table],
) -> Result<Looked, FingerprintError> {
    let room = capacity(snapshot).await? / SHARE;
    let (locked, unlocked) = tables.split_at(usize::try_from(room).unwrap_or(0).min(tables.len()));
    let mut looked =
        Looked { unlocked: unlocked.iter().map(|table| table.oid).collect(), ..Looked::default() };
    for some in locked.chunks(AT_ONCE) {
        let had = lock(snapshot, some, &mut looked.gaps).await?;
        measure(snapshot, &had, &mut looked).await?;
    }
    for some in unlocked.chunks(AT_ONCE) {
        measure(snapshot, some, &mut looked).await?;
    }
    Ok(looked)
}

/// Which of the tables that were not locked are no longer as the snapshot saw them, with why.
pub(super) async fn changed(
    snapshot: &Snapshot<'_>,
    tables: &[Table],
    unlocked: &HashSet<Oid>,
) -> Result<HashMap<Oid, Refusal>, FingerprintError> {
    let unlocked: Vec<&Table> =
        tables.iter().filter(|table| unlocked.contains(&table.oid)).collect();
    let mut again = Looked::default();
    for some in unlocked.chunks(AT_ONCE) {
        measure(snapshot, some, &mut again).await?;
    }
    let is_changed = |table: &&&Table| !again.sizes.contains_key(&table.oid);
    Ok(unlocked.iter().filter(is_changed).map(|table| (table.oid, refusal())).collect())
}

async fn capacity(snapshot: &Snapshot<'_>) -> Result<u64, FingerprintError> {
    let rows = snapshot.rows("read the server's settings", CAPACITY, &[]).await?;
    let room = rows.first().map(|row| row.try_get::<_, i64>(0)).transpose();
    Ok(room.map_err(crate::postgres::PostgresError::from)?.unwrap_or(0).unsigned_abs())
}

async fn lock<'t>(
    snapshot: &Snapshot<'_>,
    tables: &[&'t Table],
    gaps: &mut Vec<Gap>,
) -> Result<Vec<&'t Table>, FingerprintError> {
    if let Attempt::Done(()) = lock_some(snapshot, tables).await? {
        return Ok(tables.to_vec());
    }
    let mut had = Vec::with_capacity(tables.len());
    for table in tables {
        match lock_some(snapshot, &[table]).await? {
            Attempt::Done(()) => had.push(*table),
            Attempt::Refused(refusal) => gaps.push(gap(table, refusal)),
        }
    }
    Ok(had)
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
    looked: &mut Looked,
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
                looked.sizes.insert(table.oid, *size);
            }
            _ => looked.gaps.push(gap(table, refusal())),
        }
    }
    Ok(())
}

fn refusal() -> Refusal {
    Refusal { why: CHANGED.to_owned(), is_lock: false }
}

fn gap(table: &Table, refusal: Refusal) -> Gap {
    refusal.gap(format!("table {}", table.name))
}
