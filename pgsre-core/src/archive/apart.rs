//! The data of tables that is read apart from the archive's own order, and the proof that all of it
//! was read.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::plain::display;
use super::reader::{FeedInput, Lane, Objects, Outbox, Stop};
use super::{ArchiveError, ArchiveErrorKind, ArchiveSummary, CopyEnd, CopyStart, TableData};
use crate::backup::BackupPart;

/// Makes [`TableData`], and knows which of it was read.
#[derive(Clone, Debug)]
pub(super) struct Apart {
    objects: Objects,
    ledger: Arc<Ledger>,
}

impl Apart {
    pub(super) fn new(objects: &Objects) -> Self {
        let ledger = Arc::new(Ledger::default());
        Self { objects: objects.counted_by(Arc::clone(&ledger.bytes_read)), ledger }
    }

    /// A table's data that lies in `place`; `reads` makes items of it.
    pub(super) fn table(
        &self,
        start: CopyStart,
        place: Place,
        reads: Arc<dyn ReadsData>,
    ) -> TableData {
        let size = place.size();
        let claim = Claim::new(Arc::clone(&self.ledger), display(&start.table), size);
        let lane = Lane::new(self.objects.clone(), place, reads, Arc::new(claim));
        TableData::new(start, size, Arc::new(lane))
    }

    /// Bytes consumed of all data apart.
    pub(super) fn bytes_read(&self) -> u64 {
        self.ledger.bytes_read.load(Ordering::Relaxed)
    }

    /// Waits until all of it was read to its end. Cancel safe.
    pub(super) async fn finished(&self) -> Result<Total, ArchiveError> {
        loop {
            if let Some(outcome) = self.ledger.outcome() {
                return outcome;
            }
            self.ledger.changed.notified().await;
        }
    }
}

/// Where a table's data lies.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) part: BackupPart,
    /// A part of the object; `None` for all of it.
    pub(super) range: Option<Range<u64>>,
}

impl Place {
    fn size(&self) -> u64 {
        self.range.as_ref().map_or(self.part.size, |range| range.end - range.start)
    }
}

/// Reads one table's data in the way of its format.
pub(super) trait ReadsData: Debug + Send + Sync + 'static {
    /// Pushes the data, demands its end and that of `input`, and returns what is to be pushed as
    /// the last item.
    fn read(&self, input: FeedInput, outbox: &mut Outbox) -> Result<CopyEnd, Stop>;
}

/// What was handed out, and what became of it.
#[derive(Debug, Default)]
struct Ledger {
    state: Mutex<State>,
    changed: Notify,
    bytes_read: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct State {
    open: u64,
    /// The first that will never be read to its end.
    lost: Option<String>,
    total: Total,
}

/// What was read, each table once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Total {
    copies: u64,
    rows: u64,
    bytes_read: u64,
    bytes_unpacked: u64,
}

impl Total {
    pub(super) fn add_to(self, summary: &mut ArchiveSummary) {
        summary.copies += self.copies;
        summary.copy_rows += self.rows;
        summary.bytes_read += self.bytes_read;
        summary.bytes_unpacked += self.bytes_unpacked;
    }
}

impl Ledger {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outcome(&self) -> Option<Result<Total, ArchiveError>> {
        let state = self.state();
        match &state.lost {
            Some(table) => Some(Err(not_read(table))),
            None => (state.open == 0).then_some(Ok(state.total)),
        }
    }
}

/// One table's data: open until it was read to its end, lost when nobody can read it any more.
#[derive(Debug)]
pub(super) struct Claim {
    ledger: Arc<Ledger>,
    table: String,
    size: u64,
    done: AtomicBool,
}

impl Claim {
    fn new(ledger: Arc<Ledger>, table: String, size: u64) -> Self {
        ledger.state().open += 1;
        Self { ledger, table, size, done: AtomicBool::new(false) }
    }

    /// Says that its end was seen and handed out.
    pub(super) fn finish(&self, end: CopyEnd, bytes_unpacked: u64) {
        if self.done.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut state = self.ledger.state();
        state.open -= 1;
        state.total.copies += 1;
        state.total.rows += end.rows;
        state.total.bytes_read += self.size;
        state.total.bytes_unpacked += bytes_unpacked;
        drop(state);
        self.ledger.changed.notify_one();
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !*self.done.get_mut() {
            self.ledger.state().lost.get_or_insert_with(|| std::mem::take(&mut self.table));
            self.ledger.changed.notify_one();
        }
    }
}

fn not_read(table: &str) -> ArchiveError {
    ArchiveError::new(
        ArchiveErrorKind::Unsupported,
        format!(
            "the data of table {table} was not read to its end, so nothing proves that it is whole"
        ),
    )
    .with_hint("look for an earlier error about this table")
}
