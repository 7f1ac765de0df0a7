//! What a live server really does for a statement: which locks it takes, what it writes anew, reads
//! as a whole, builds indexes on, and whether it fails on rows or refuses to run in a transaction.
//!
//! What is compared with the linter's facts:
//! - *Locks* on tables and their kin (partitioned and foreign tables, views, materialized views) that
//!   were there before, from ShareUpdateExclusiveLock up: the weaker ones are what reading and writing
//!   rows takes. An index counts where its lock is stronger than its table's; elsewhere a lock on the
//!   table implies it. Of statements that refuse transactions no index counts: the last lock on it comes
//!   when it is dead.
//! - *Rewrites*: another relfilenode, with something in it (TRUNCATE leaves an empty file).
//! - *Scans*: "verifying table", the table of a "validating foreign key constraint", and sequential
//!   scans of a table under such a lock. A rewrite and the building of an index
//!   imply their scan, the validation of a foreign key that of the other table.
//! - *Index builds*, but for those of a table that is written anew or emptied.
//! - *Failures* that no rows but the right ones could have prevented (SQLSTATE class 23).

use std::collections::{BTreeMap, BTreeSet};

pub mod apart;
pub mod catalogue;
pub mod corpus;
pub mod history;
pub mod planned;
pub mod rival;
pub mod scene;
pub mod score;
pub mod session;
pub mod within;

/// What a statement did to tables that were there before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// The strongest lock on each object.
    pub locks: BTreeMap<String, Mode>,
    /// Indexes whose lock is not stronger than that of their table.
    pub implied: BTreeSet<String>,
    /// Tables that were written anew.
    pub rewrites: BTreeSet<String>,
    /// Tables that were read as a whole.
    pub scans: BTreeSet<String>,
    /// Tables that an index was built on.
    pub index_builds: BTreeSet<String>,
    /// What its rows made it fail with.
    pub failure: Option<String>,
    /// Whether it runs outside of transactions only.
    pub refuses_transactions: bool,
}

/// Modes of locks that are compared, from the weakest.
const MODES: [&str; 5] = [
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
];

/// A mode that is compared, by its place among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mode(usize);

impl Mode {
    /// From PostgreSQL's name; none for the modes of reading.
    pub fn parse(name: &str) -> Option<Self> {
        MODES.iter().position(|mode| *mode == name).map(Self)
    }

    /// Whether INSERT, UPDATE and DELETE wait for it.
    pub fn stops_writes(self) -> bool {
        self.0 >= 1
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(MODES[self.0])
    }
}

impl Truth {
    /// Whether those who write had to wait for a rewrite, a scan or the building of an index.
    pub fn harms(&self) -> bool {
        let mut work = self.rewrites.iter().chain(&self.scans).chain(&self.index_builds);
        work.any(|table| self.locks.get(table).is_some_and(|mode| mode.stops_writes()))
    }
}
