//! [`Snapshot`]: the counters of every statement at one moment.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;

use super::ask::Ask;
use super::error::QueriesError;
use super::extension::Extension;
use super::histogram::Histograms;
use crate::postgres::Session;

/// How often a snapshot is taken anew that a reset fell into.
const ATTEMPTS: usize = 3;

/// What tells one statement from another: the same query of two databases, or of two users, is two.
/// Query ids do not compare across major versions of the server.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct StatementKey {
    /// The database's oid.
    pub database: u32,
    /// The user's oid.
    pub user: u32,
    /// Whether a client sent it; otherwise a function ran it. Before 1.9 always true.
    pub toplevel: bool,
    /// The server's hash of the parsed query.
    pub query_id: i64,
}

/// What is counted of one statement. Times are in milliseconds, blocks in the server's block size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    /// Executions. Those that were cancelled or failed are not counted.
    pub calls: u64,
    /// Time of execution.
    pub total_ms: f64,
    /// Standard deviation of the time of an execution, over all calls.
    pub stddev_ms: f64,
    /// The shortest execution.
    pub min_ms: f64,
    /// The longest execution.
    pub max_ms: f64,
    /// Rows returned or affected.
    pub rows: u64,
    /// Blocks found in shared buffers.
    pub blocks_hit: u64,
    /// Blocks read into shared buffers.
    pub blocks_read: u64,
    /// Blocks made dirty.
    pub blocks_dirtied: u64,
    /// Blocks written.
    pub blocks_written: u64,
    /// Temporary blocks read.
    pub temporary_read: u64,
    /// Temporary blocks written.
    pub temporary_written: u64,
    /// Write-ahead log, in bytes.
    pub wal_bytes: f64,
    /// Time of reading and writing blocks; 0 where `track_io_timing` is off.
    pub io_ms: f64,
    /// Times that it was planned; 0 where `pg_stat_statements.track_planning` is off.
    pub plans: u64,
    /// Time of planning.
    pub plan_ms: f64,
    /// Since when it is counted, in microseconds since 1970; `None` before 1.11.
    pub since_us: Option<i64>,
    /// Since when its shortest and longest execution are kept; `None` before 1.11.
    pub minmax_since_us: Option<i64>,
}

impl Counters {
    /// The mean time of an execution; 0 without calls.
    #[must_use]
    pub fn mean_ms(&self) -> f64 {
        if self.calls == 0 { 0.0 } else { self.total_ms / self.calls as f64 }
    }

    /// Blocks found in shared buffers as a share of all asked for; `None` where none was.
    #[must_use]
    pub fn hit_ratio(&self) -> Option<f64> {
        let asked = self.blocks_hit + self.blocks_read;
        (asked > 0).then(|| self.blocks_hit as f64 / asked as f64)
    }

    fn read(row: &Row) -> Result<Self, tokio_postgres::Error> {
        let count = |at| Ok::<_, tokio_postgres::Error>(row.try_get::<_, i64>(at)?.max(0) as u64);
        Ok(Self {
            calls: count(4)?,
            total_ms: row.try_get(5)?,
            stddev_ms: row.try_get(6)?,
            min_ms: row.try_get(7)?,
            max_ms: row.try_get(8)?,
            rows: count(9)?,
            blocks_hit: count(10)?,
            blocks_read: count(11)?,
            blocks_dirtied: count(12)?,
            blocks_written: count(13)?,
            temporary_read: count(14)?,
            temporary_written: count(15)?,
            wal_bytes: row.try_get(16)?,
            io_ms: row.try_get(17)?,
            plans: count(18)?,
            plan_ms: row.try_get(19)?,
            since_us: row.try_get(20)?,
            minmax_since_us: row.try_get(21)?,
        })
    }
}

/// The counters of every statement at one moment. Texts are fetched apart, for those that are shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// When, by the server's clock.
    pub at: Timestamp,
    /// The version of the extension.
    pub version: (u32, u32),
    /// The most statements that it keeps.
    pub max: Option<u64>,
    /// When the server was started, in microseconds since 1970.
    pub started_us: i64,
    /// When the whole was reset; before 1.9, when the server's other statistics were.
    pub reset_us: Option<i64>,
    /// How often the least used statements were evicted; `None` before 1.9.
    pub evictions: Option<u64>,
    /// The counters.
    pub statements: HashMap<StatementKey, Counters>,
    /// What this role may not tell apart: other users' statements, summed.
    pub hidden: Hidden,
    /// How long executions took, where pg_stat_monitor counts that.
    pub histograms: Option<Histograms>,
}

/// Statements that this role may not see one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hidden {
    /// How many.
    pub statements: u64,
    /// Their calls.
    pub calls: u64,
    /// Their time of execution.
    pub total_ms: f64,
}

/// What is read beside the counters.
#[derive(Clone, Copy, Debug)]
struct Info {
    now_us: i64,
    started_us: i64,
    evictions: Option<u64>,
    reset_us: Option<i64>,
}

impl Snapshot {
    /// Reads the counters of every statement: no text, no temporary file, no lock that anybody else
    /// waits for.
    ///
    /// # Errors
    /// What the server says. Cancel safe.
    pub async fn take(session: &Session, extension: &Extension) -> Result<Self, QueriesError> {
        Self::taken(session, extension).await
    }

    pub(super) async fn taken(
        server: &impl Ask,
        extension: &Extension,
    ) -> Result<Self, QueriesError> {
        let mut before = info(server, extension).await?;
        for attempt in 1.. {
            let rows = server.rows(&extension.counters_sql(), &[]).await?;
            let after = info(server, extension).await?;
            // Counters of before a reset under the mark of after it would be taken for a rise.
            if before.reset_us == after.reset_us || attempt == ATTEMPTS {
                let histograms = match &extension.histograms {
                    Some(schema) => Histograms::read(server, schema).await?,
                    None => None,
                };
                return Ok(Self { histograms, ..Self::of(&rows, extension, after)? });
            }
            before = after;
        }
        Err(QueriesError::no_row())
    }

    fn of(rows: &[Row], extension: &Extension, info: Info) -> Result<Self, QueriesError> {
        let mut statements = HashMap::with_capacity(rows.len());
        let mut hidden = Hidden::default();
        for row in rows {
            let counters = Counters::read(row)?;
            match row.try_get::<_, Option<i64>>(3)? {
                Some(query_id) => {
                    let key = StatementKey {
                        user: row.try_get(0)?,
                        database: row.try_get(1)?,
                        toplevel: row.try_get(2)?,
                        query_id,
                    };
                    statements.insert(key, counters);
                }
                None => {
                    hidden.statements += 1;
                    hidden.calls += counters.calls;
                    hidden.total_ms += counters.total_ms;
                }
            }
        }
        Ok(Self {
            at: Timestamp::from_microsecond(info.now_us).unwrap_or(Timestamp::UNIX_EPOCH),
            version: extension.version,
            max: extension.max,
            started_us: info.started_us,
            reset_us: info.reset_us,
            evictions: info.evictions,
            statements,
            hidden,
            histograms: None,
        })
    }
}

async fn info(server: &impl Ask, extension: &Extension) -> Result<Info, QueriesError> {
    let row = server.row(&extension.info_sql()).await?;
    Ok(Info {
        now_us: row.try_get(0)?,
        started_us: row.try_get(1)?,
        evictions: row.try_get::<_, Option<i64>>(2)?.map(|count| count.max(0) as u64),
        reset_us: row.try_get(3)?,
    })
}
