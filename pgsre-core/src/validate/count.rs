//! Counting many tables over a few connections.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::try_join_all;
use tokio_util::sync::CancellationToken;

use super::ValidatorError;
use super::catalogue::{Oid, Relation};
use crate::postgres::Database;
use crate::postgres::Snapshot;

/// More would only wait for each other's disk.
const CONNECTIONS: usize = 4;

/// Exact rows of each table, one query a table.
///
/// Each connection has a snapshot of its own: only for a database that nobody writes to.
pub(super) async fn count_rows(
    database: &Database,
    cancel: &CancellationToken,
    tables: &[&Relation],
) -> Result<HashMap<Oid, u64>, ValidatorError> {
    let next = AtomicUsize::new(0);
    let connections = CONNECTIONS.min(tables.len());
    let parts =
        try_join_all((0..connections).map(|_| count_some(database, cancel, tables, &next))).await?;
    Ok(parts.into_iter().flatten().collect())
}

/// Takes tables off the common list until it is empty.
async fn count_some(
    database: &Database,
    cancel: &CancellationToken,
    tables: &[&Relation],
    next: &AtomicUsize,
) -> Result<Vec<(Oid, u64)>, ValidatorError> {
    let snapshot = Snapshot::open(database, cancel).await?;
    let mut counted = Vec::new();
    while let Some(table) = tables.get(next.fetch_add(1, Ordering::Relaxed)) {
        counted.push((table.oid, snapshot.count(&table.quoted()).await?));
    }
    Ok(counted)
}
