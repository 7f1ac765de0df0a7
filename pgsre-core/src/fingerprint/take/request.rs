//! What a fingerprint is asked for, and what its making tells.

use std::fmt;
use std::time::Duration;

use super::super::{Gap, Level};

/// What a fingerprint is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FingerprintRequest {
    /// How closely the contents are looked at.
    pub level: Level,
    /// Sessions that read at the same time, from 1.
    pub jobs: usize,
    /// The name of the snapshot to look at, as `pg_export_snapshot` answers it; one of our own
    /// where `None`.
    pub snapshot: Option<String>,
    /// At [`Level::Sample`], one row of so many is hashed, from 1.
    pub sample_one_in: u32,
    /// Workers that the server may add to each of our sessions: `max_parallel_workers_per_gather`.
    pub parallel_workers: u32,
    /// The longest wait for a lock on one table; it is left out then, and a gap says so. Only
    /// `ACCESS EXCLUSIVE` locks are in our way, and our `ACCESS SHARE` locks only in theirs.
    pub lock_timeout: Duration,
    /// A larger table is read in parts of about so many bytes, at least 1 MiB: sessions share it, and
    /// rest between them.
    pub part_bytes: u64,
    /// Rest of each session between two parts.
    pub pause: Duration,
}

impl Default for FingerprintRequest {
    fn default() -> Self {
        Self {
            level: Level::Content,
            jobs: 2,
            snapshot: None,
            sample_one_in: 100,
            parallel_workers: 0,
            lock_timeout: Duration::from_secs(10),
            part_bytes: 64 << 20,
            pause: Duration::ZERO,
        }
    }
}

/// What happens while a fingerprint is taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FingerprintEvent {
    /// What there is to read is known, the tables are locked against changes of their definition,
    /// and the sequences were read: the moment to start a dump in the same snapshot.
    Planned {
        /// Tables that store rows.
        tables: u64,
        /// Their bytes on the server's disk, TOAST with them.
        bytes: u64,
    },
    /// The definitions of all objects were read.
    Inventory {
        /// Objects.
        objects: u64,
    },
    /// A table, or a part of one, was read.
    Read {
        /// The table, as SQL has it.
        table: String,
        /// Rows of this part.
        rows: u64,
        /// Its bytes on the server's disk; all of them add up to those planned.
        bytes: u64,
    },
    /// Something could not be read.
    Gap(Gap),
}

/// Who watches a fingerprint being taken. Calls must not block.
pub trait FingerprintObserver: fmt::Debug + Send + Sync {
    /// Called for each event.
    fn on_event(&self, event: &FingerprintEvent);
}

/// An observer that watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl FingerprintObserver for Unobserved {
    fn on_event(&self, _: &FingerprintEvent) {}
}
