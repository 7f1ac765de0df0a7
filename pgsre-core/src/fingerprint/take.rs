//! Taking a fingerprint.

use std::fmt;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::error::FingerprintErrorKind;
use super::{
    Fingerprint, FingerprintError, Gap, LargeObjectsPrint, Level, TablePrint, Taken, inventory,
};
use crate::postgres::{Database, Snapshot};

/// The oldest server that a fingerprint can be taken of.
const OLDEST: u32 = 13;

/// The version of the shape and of the hashes.
const SCHEMA: u32 = 1;

const TAKEN: &str = "\
    SELECT (extract(epoch FROM now()) * 1000000)::int8, pg_is_in_recovery(), \
           (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() \
                 ELSE pg_current_wal_insert_lsn() END)::text, \
           current_database()::text";

const TABLES: &str = "\
    SELECT format('%I.%I', n.nspname, c.relname) \
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind = 'r' AND c.relpersistence <> 't' \
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
     ORDER BY 1";

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
    /// `ACCESS EXCLUSIVE` locks are in our way.
    pub lock_timeout: Duration,
    /// Rest of each session between two tables, or two parts of one.
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
            pause: Duration::ZERO,
        }
    }
}

/// What happens while a fingerprint is taken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FingerprintEvent {
    /// What there is to read is known.
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

impl Fingerprint {
    /// Looks at `database` as the request says.
    ///
    /// # Errors
    /// Where the server is too old, the snapshot is not there, or the connection breaks. What cannot
    /// be read of one object is a [`Gap`] and spoils nothing else.
    ///
    /// Cancelling `cancel` stops the server's statements and leaves nothing.
    pub async fn take(
        database: &Database,
        request: &FingerprintRequest,
        observer: &dyn FingerprintObserver,
        cancel: &CancellationToken,
    ) -> Result<Self, FingerprintError> {
        let version = database.version();
        if version.major() < OLDEST {
            let context = format!("cannot take a fingerprint of PostgreSQL {version}");
            return Err(FingerprintError::new(FingerprintErrorKind::Unsupported, context));
        }
        let snapshot = match &request.snapshot {
            Some(id) => Snapshot::import(database, id, cancel).await?,
            None => Snapshot::open(database, cancel).await?,
        };
        let rows = snapshot.rows("read the state of the server", TAKEN, &[]).await?;
        let row = rows.first().ok_or_else(|| no_answer("read the state of the server"))?;
        let taken = Taken {
            at: jiff::Timestamp::from_microsecond(row.get(0)).unwrap_or_default(),
            server_version_num: version.num(),
            lsn: row.get(2),
            standby: row.get(1),
        };
        let name = row.get(3);
        let (objects, gaps) = inventory::read(&snapshot, version).await?;
        observer.on_event(&FingerprintEvent::Inventory { objects: objects.len() as u64 });
        let mut tables = Vec::new();
        for row in snapshot.rows("list the tables", TABLES, &[]).await? {
            let name: String = row.get(0);
            let rows = Some(snapshot.count(&name).await?);
            tables.push(TablePrint {
                name,
                partition_of: None,
                rows,
                content: None,
                sampled: None,
                key: Vec::new(),
            });
        }
        snapshot.close().await;
        Ok(Self {
            schema: SCHEMA,
            level: Level::Counts,
            sample_one_in: None,
            database: name,
            taken,
            objects,
            tables,
            sequences: Vec::new(),
            large_objects: LargeObjectsPrint::default(),
            gaps,
        })
    }
}

fn no_answer(what: &str) -> FingerprintError {
    let kind = FingerprintErrorKind::Postgres(crate::postgres::PostgresErrorKind::Protocol);
    FingerprintError::new(kind, format!("cannot {what}: no answer"))
}
