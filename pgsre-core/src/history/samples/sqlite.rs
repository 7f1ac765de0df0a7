//! Samples in an embedded SQLite file: [`SqliteSamples`].

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{
    Labels, Metric, Point, Reading, SampleRetention, SampleStore, SampleStoreError, Series,
    SeriesQuery, merged,
};

mod levels;

use levels::LEVELS;

/// The version of the file's shape.
const VERSION: i64 = 1;

/// How often what is old is taken together and removed, by the clock of the readings.
const MAINTENANCE: SignedDuration = SignedDuration::from_mins(5);

/// How long another process may hold the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pages that are given back to the file system at a time.
const VACUUM: &str = "PRAGMA incremental_vacuum(2000)";

/// Points lie by series and time, without a row id: what is asked for lies together.
const SCHEMA: &str = "\
    CREATE TABLE series (id INTEGER PRIMARY KEY, server TEXT NOT NULL, metric TEXT NOT NULL, \
      labels TEXT NOT NULL, UNIQUE (server, metric, labels)); \
    CREATE TABLE point (series INTEGER NOT NULL, at INTEGER NOT NULL, value REAL, \
      PRIMARY KEY (series, at)) WITHOUT ROWID; \
    CREATE TABLE stretch (series INTEGER NOT NULL, width INTEGER NOT NULL, at INTEGER NOT NULL, \
      mean REAL, min REAL, max REAL, count INTEGER NOT NULL, \
      PRIMARY KEY (series, width, at)) WITHOUT ROWID; \
    CREATE TABLE done (width INTEGER PRIMARY KEY, until INTEGER NOT NULL); \
    PRAGMA user_version = 1;";

/// Samples in one SQLite file, with retention and down-sampling.
///
/// A reading is one transaction in write-ahead mode: whenever the process dies, readings are there
/// as a whole or not at all. With `synchronous=NORMAL` the last ones may be lost when the machine
/// loses its power. Several processes may share the file; they wait for each other.
#[derive(Clone, Debug)]
pub struct SqliteSamples {
    path: PathBuf,
    file: Arc<Mutex<File>>,
}

#[derive(Debug)]
struct File {
    connection: Connection,
    retention: SampleRetention,
    maintained: Option<Timestamp>,
}

impl SqliteSamples {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// Where it cannot be opened, is no database of ours, or was made by a newer version. It is
    /// left as it is.
    pub async fn open(path: &Path, retention: SampleRetention) -> Result<Self, SampleStoreError> {
        let owned = path.to_owned();
        let opening = tokio::task::spawn_blocking(move || {
            connect(&owned).map_err(|error| error.told_of(&owned))
        });
        let connection = opening.await.map_err(ended)??;
        let file = File { connection, retention, maintained: None };
        Ok(Self { path: path.to_owned(), file: Arc::new(Mutex::new(file)) })
    }

    /// Runs what blocks where it may.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut File) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, SampleStoreError> {
        let file = Arc::clone(&self.file);
        let working = tokio::task::spawn_blocking(move || {
            work(&mut file.lock().unwrap_or_else(PoisonError::into_inner))
        });
        working.await.map_err(ended)?.map_err(|error| error.told_of(&self.path))
    }
}

#[async_trait]
impl SampleStore for SqliteSamples {
    async fn record(&self, reading: &Reading) -> Result<(), SampleStoreError> {
        let reading = reading.clone();
        self.with(move |file| file.record(&reading)).await
    }

    async fn series(&self, query: &SeriesQuery) -> Result<Vec<Series>, SampleStoreError> {
        let query = query.clone();
        self.with(move |file| file.series(&query)).await
    }

    async fn prune(&self, now: Timestamp) -> Result<(), SampleStoreError> {
        self.with(move |file| file.maintain(now)).await
    }
}

/// What goes wrong with the file.
#[derive(Debug)]
enum Trouble {
    Sqlite(rusqlite::Error),
    Newer(i64),
    Foreign,
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Trouble {
    fn told_of(self, path: &Path) -> SampleStoreError {
        let path = path.display();
        match self {
            Self::Sqlite(error) => {
                SampleStoreError::new(format!("the history {path} cannot be used"))
                    .with_cause(error)
            }
            Self::Newer(version) => SampleStoreError::new(format!(
                "the history {path} was made by a newer version (its shape is {version}): \
                 upgrade, or name another file"
            )),
            Self::Foreign => SampleStoreError::new(format!(
                "{path} is a database of something else: name another file"
            )),
        }
    }
}

fn ended(error: tokio::task::JoinError) -> SampleStoreError {
    SampleStoreError::new("the work on the history was broken off").with_cause(error)
}

fn connect(path: &Path) -> Result<Connection, Trouble> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    // Only a file without tables takes this up.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let transaction = writing(&mut connection)?;
    let version: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (version, tables) {
        (0, 0) => transaction.execute_batch(SCHEMA)?,
        (VERSION, _) => {}
        (0, _) => return Err(Trouble::Foreign),
        (newer, _) => return Err(Trouble::Newer(newer)),
    }
    transaction.commit()?;
    Ok(connection)
}

/// Begins to write. Others that write are waited for here: a transaction that has read before it
/// writes is refused at once where another wrote meanwhile (SQLITE_BUSY_SNAPSHOT).
fn writing(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
}

impl File {
    fn record(&mut self, reading: &Reading) -> Result<(), Trouble> {
        let transaction = writing(&mut self.connection)?;
        for sample in &reading.samples {
            let series =
                series_id(&transaction, &reading.server.name, sample.metric, &sample.labels)?;
            transaction
                .prepare_cached("INSERT OR IGNORE INTO point (series, at, value) VALUES (?, ?, ?)")?
                .execute(params![series, reading.at.as_millisecond(), sample.value])?;
        }
        transaction.commit()?;
        let is_due = |at: Timestamp| reading.at.duration_since(at) >= MAINTENANCE;
        if self.maintained.is_none_or(is_due) {
            self.maintain(reading.at)?;
        }
        Ok(())
    }

    /// Takes together what is complete, and removes what is too old.
    fn maintain(&mut self, now: Timestamp) -> Result<(), Trouble> {
        self.maintained = Some(now);
        let transaction = writing(&mut self.connection)?;
        for level in &LEVELS {
            level.take_together(&transaction, now)?;
        }
        let kept = [(0, self.retention.raw)].into_iter().chain([
            (LEVELS[0].width, self.retention.medium),
            (LEVELS[1].width, self.retention.long),
        ]);
        for (width, keep) in kept {
            levels::forget(&transaction, width, oldest(now, keep))?;
        }
        transaction.execute(
            "DELETE FROM series WHERE NOT EXISTS (SELECT 1 FROM point WHERE series = id) \
             AND NOT EXISTS (SELECT 1 FROM stretch WHERE series = id)",
            [],
        )?;
        transaction.commit()?;
        self.connection.execute_batch(VACUUM)?;
        Ok(())
    }

    fn series(&self, query: &SeriesQuery) -> Result<Vec<Series>, Trouble> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, labels FROM series WHERE server = ? AND metric = ?")?;
        let rows = statement.query_map(params![query.server, query.metric.as_str()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        let mut found = Vec::new();
        for row in rows {
            let (id, labels) = row?;
            let labels: Labels = serde_json::from_str(&labels).unwrap_or_default();
            if !query.labels.iter().all(|(name, value)| labels.get(name) == Some(value)) {
                continue;
            }
            let points = self.points(id, query)?;
            if !points.is_empty() {
                found.push(Series { metric: query.metric, labels, points });
            }
        }
        found.sort_by(|one, other| one.labels.cmp(&other.labels));
        Ok(found)
    }

    /// Points as fine as they are asked for, and coarser ones of what is too long ago for that.
    fn points(&self, series: i64, query: &SeriesQuery) -> Result<Vec<Point>, Trouble> {
        let (since, until) = (query.since.as_millisecond(), query.until.as_millisecond());
        let step = i64::try_from(query.step.as_millis()).unwrap_or(i64::MAX);
        let mut points = Vec::new();
        let mut from = since;
        for level in LEVELS.iter().rev() {
            let finer = if step >= level.width {
                level.done(&self.connection)?
            } else {
                level.finer_begins(&self.connection, series)?
            };
            let to = finer.unwrap_or(i64::MIN).min(until);
            if from < to {
                points.extend(level.points(&self.connection, series, from, to)?);
                from = to;
            }
        }
        points.extend(levels::raw(&self.connection, series, from, until)?);
        Ok(merged(points.into_iter(), query.step))
    }
}

/// Where what is kept begins: with a whole hour, so that no stretch is there by half.
fn oldest(now: Timestamp, keep: Duration) -> i64 {
    let keep = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
    let hour = LEVELS[1].width;
    now.as_millisecond().saturating_sub(keep).div_euclid(hour).saturating_mul(hour)
}

fn series_id(
    transaction: &Transaction<'_>,
    server: &str,
    metric: Metric,
    labels: &Labels,
) -> Result<i64, Trouble> {
    let labels = serde_json::Value::from_iter(labels.clone()).to_string();
    let known = transaction
        .prepare_cached("SELECT id FROM series WHERE server = ? AND metric = ? AND labels = ?")?
        .query_row(params![server, metric.as_str(), labels], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    let id = transaction
        .prepare_cached(
            "INSERT INTO series (server, metric, labels) VALUES (?, ?, ?) RETURNING id",
        )?
        .query_row(params![server, metric.as_str(), labels], |row| row.get(0))?;
    Ok(id)
}

#[cfg(test)]
mod tests;
