//! The memory that rows may take while they wait to be sent, all tables together.
//!
//! Rows of the stream and rows that are read apart have a budget each: those of the stream may wait
//! for a connection to be free, and those that are read apart must go on meanwhile, because it is
//! they that have the connections.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::chunk::Chunk;

/// What is counted at a time.
const UNIT: usize = 1 << 10;
/// All rows that wait, of the stream or apart.
const ALL: usize = 12 << 20;

/// A whole budget.
pub(super) fn whole() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(ALL / UNIT))
}

/// The chunk's part of it, once there is enough. Cancel safe.
pub(in crate::restore::loader) async fn take(
    budget: &Arc<Semaphore>,
    chunk: &Chunk,
) -> Option<OwnedSemaphorePermit> {
    // A chunk that is larger than everything passes alone.
    let units = chunk.bytes.div_ceil(UNIT).min(ALL / UNIT);
    let units = u32::try_from(units).unwrap_or(u32::MAX);
    // It is never closed.
    Arc::clone(budget).acquire_many_owned(units).await.ok()
}
