//! Where a backup is restored: the [`RestoreTarget`] and [`RestoreSession`] seams.
//!
//! A target hands out sessions; a session prepares a place of its own, loads an archive into it,
//! lets validators connect, and removes the place again. [`ScratchDatabase`] works on a server that
//! the user names, [`EphemeralCluster`] starts a throw-away server.

use std::fmt::{Debug, Display};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::archive::{ArchiveReader, ArchiveSummary, Declaration, ObjectName, Preamble};
use crate::finding::Finding;
use crate::postgres::Database;

pub mod conformance;
mod ephemeral;
mod error;
mod loader;
mod locale;
mod reaper;
mod run_id;
mod scratch;

pub use ephemeral::{EphemeralCluster, ThrowAwayDirectory};
pub use error::{TargetError, TargetErrorKind};
pub use reaper::{SessionGuard, wait_for_reapers};
pub use run_id::RunId;
pub use scratch::ScratchDatabase;

/// A kind of place to restore into.
///
/// Implementations are proved by [`conformance`]. `Display` names the place without secrets.
#[async_trait]
pub trait RestoreTarget: Display + Debug + Send + Sync + 'static {
    /// Plans a place for one run: names only, no side effect.
    ///
    /// # Errors
    /// Where it is already clear that no place can be had.
    fn session(&self, request: &RestoreRequest) -> Result<Box<dyn RestoreSession>, TargetError>;

    /// Removes what killed runs left behind, if it is ours, its owner is gone, and it is older than
    /// `older_than`. Nothing else is touched.
    ///
    /// # Errors
    /// Where leftovers could not be looked for; one that could not be removed is in the result.
    async fn sweep(&self, older_than: Duration) -> Result<Vec<Swept>, TargetError>;
}

/// One place for one run.
#[async_trait]
pub trait RestoreSession: Debug + Send + 'static {
    /// What the place is called: a database's name, a directory. For plans and reports.
    fn describe(&self) -> String;

    /// Makes the place: creates the database, or initialises and starts the cluster.
    async fn prepare(&mut self) -> Result<(), TargetError>;

    /// Loads an archive. What is wrong with the archive or with its statements is in the report;
    /// an error says that the target broke.
    async fn restore(&mut self, input: RestoreInput<'_>) -> Result<LoadReport, TargetError>;

    /// Connects to a restored database: one of [`LoadReport::databases`] by its name.
    async fn connect(&self, database: &str) -> Result<Database, TargetError>;

    /// Leaves the place for people to look at: no sweep touches it. Says how to get in.
    async fn keep(&mut self) -> Result<String, TargetError>;

    /// Removes the place. Idempotent, and valid in every state.
    async fn cleanup(&mut self) -> Result<(), TargetError>;
}

/// What a session is asked for.
#[derive(Clone, Debug)]
pub struct RestoreRequest {
    /// The run that asks; part of every name.
    pub run: RunId,
    /// What the archive's beginning says.
    pub preamble: Preamble,
    /// Connections that may load at the same time, from 1.
    pub jobs: usize,
}

/// What a session restores.
#[derive(Debug)]
pub struct RestoreInput<'a> {
    /// The archive, at its beginning.
    pub archive: ArchiveReader,
    /// Who watches.
    pub observer: &'a dyn LoadObserver,
    /// Stops the load between two items.
    pub cancel: &'a CancellationToken,
}

/// Who watches a load. Calls must not block.
pub trait LoadObserver: Debug + Send + Sync {
    /// Called for each event, in order.
    fn on_load(&self, event: &LoadEvent);
}

/// What happens during a load.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum LoadEvent {
    /// Bytes read from the source so far.
    Read {
        /// Bytes so far.
        bytes: u64,
    },
    /// A table's data begins.
    TableStarted {
        /// The table.
        table: ObjectName,
    },
    /// Some more of a table's data is loaded; not told of each piece.
    TableProgress {
        /// The table.
        table: ObjectName,
        /// Bytes of COPY data that were sent so far.
        bytes: u64,
    },
    /// What a connection does from now on: for people who watch.
    Working {
        /// The connection, from 0.
        connection: usize,
        /// The table that it fills, or the head of the statement that it runs; `None` while it
        /// waits.
        on: Option<String>,
    },
    /// A table's data is loaded.
    TableFinished {
        /// The table, with its figures.
        table: TableLoad,
    },
    /// A statement other than data ran.
    Statement {
        /// Its head, for people.
        head: String,
        /// How long it took.
        seconds: f64,
    },
}

/// What a load did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LoadReport {
    /// Each restored database; one, except for a dump of a cluster.
    pub databases: Vec<DatabaseLoad>,
    /// What is wrong: with the archive, with its statements, with the environment.
    pub findings: Vec<Finding>,
    /// What was done otherwise than written, in sentences: roles created, statements left out.
    pub notes: Vec<String>,
    /// What was read; `None` where reading ended in an error.
    pub archive: Option<ArchiveSummary>,
    /// The slowest statements other than data, slowest first, at most 20.
    pub slowest: Vec<SlowStatement>,
    /// How long the load took.
    pub seconds: f64,
}

impl LoadReport {
    /// The tables whose data took longest, longest first, at most `most`.
    #[must_use]
    pub fn slowest_tables(&self, most: usize) -> Vec<&TableLoad> {
        let mut tables: Vec<_> = self.databases.iter().flat_map(|load| &load.tables).collect();
        tables.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
        tables.truncate(most);
        tables
    }
}

/// What was loaded into one database.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DatabaseLoad {
    /// The database's name at the target.
    pub name: String,
    /// The tables whose data the archive held.
    pub tables: Vec<TableLoad>,
    /// The tables that the archive announced data for without holding any: empty ones, in a dump
    /// that has its data in `INSERT`. Newlines in these names are blanks.
    #[serde(default)]
    pub empty_tables: Vec<ObjectName>,
    /// What the archive's statements declared.
    pub declared: Vec<Declared>,
    /// `setval` calls of the archive.
    pub sequences: Vec<SequenceSet>,
    /// Large objects that the archive created.
    pub large_objects: u64,
    /// Statements with `INSERT` beside COPY were used for data.
    pub inserts: bool,
    /// `SET row_security = on`: the dump was taken with row-level security in force, so rows may be
    /// missing from it by design.
    pub row_security: bool,
}

/// A table's data as it was loaded; a table that has several pieces of data has one of these, with
/// their sums.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableLoad {
    /// The table that the data was sent to.
    pub table: ObjectName,
    /// Rows that the server said it took.
    pub rows: u64,
    /// Bytes of COPY data, or of INSERT statements.
    pub bytes: u64,
    /// How long it took, from its first piece to its last.
    pub seconds: f64,
    /// How many connections its rows came over, from 1.
    #[serde(default)]
    pub connections: u32,
    /// The statement's line.
    pub line: u64,
    /// Whether the server rejected it: then a finding says why.
    pub failed: bool,
    /// Whether it failed because of the environment: then the missing rows say nothing about the
    /// backup.
    #[serde(default)]
    pub excused: bool,
}

/// An object that the archive declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// The object.
    pub object: Declaration,
    /// The statement's line.
    pub line: u64,
    /// Whether the statement was rejected because of the environment, or not sent: then the
    /// object's absence says nothing about the backup.
    pub excused: bool,
}

/// A `setval` of the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceSet {
    /// The sequence.
    pub sequence: ObjectName,
    /// The value set.
    pub value: i64,
    /// Whether `nextval` moves on before it answers.
    pub is_called: bool,
}

/// A statement and how long it took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlowStatement {
    /// The statement's head.
    pub head: String,
    /// The statement's line.
    pub line: u64,
    /// How long it took.
    pub seconds: f64,
}

/// Something that [`RestoreTarget::sweep`] found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Swept {
    /// A database or a directory.
    pub name: String,
    /// When the run that made it began.
    pub started: Timestamp,
    /// Why it could not be removed; `None` where it was.
    pub error: Option<String>,
}
