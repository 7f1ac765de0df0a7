//! Statements run on a copy that nobody else uses, each with what it did.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_postgres::SimpleQueryMessage;
use tokio_util::sync::CancellationToken;

use super::super::backfill::{Backfill, Change};
use super::super::event::{ApplyEvent, ApplyObserver};
use super::super::facts::LockMode;
use super::report::{HeldLock, Measured, Run, TableSize};
use crate::postgres::{Database, PostgresError, Session};

/// How often a statement that runs outside of transactions is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// How often a step is tried that does not get its locks, and the pause between.
const TRIES: u32 = 30;
const PAUSE: Duration = Duration::from_millis(500);

/// Statements that are one transaction, or one that refuses to be in one.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) statements: Vec<String>,
    kind: Kind,
    /// The longest wait for its locks, in milliseconds; it is tried again then.
    patience: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Transaction,
    Alone,
    /// In a transaction, unless the server refuses that.
    Either,
    /// In batches.
    Backfill(Change),
}

impl Unit {
    pub(super) fn transaction(statements: Vec<String>) -> Self {
        Self { statements, kind: Kind::Transaction, patience: None }
    }

    pub(super) fn alone(statement: String) -> Self {
        Self { statements: vec![statement], kind: Kind::Alone, patience: None }
    }

    pub(super) fn backfill(change: Change) -> Self {
        let statements = vec![change.as_statement()];
        Self { statements, kind: Kind::Backfill(change), patience: None }
    }

    pub(super) fn of_file(statement: String) -> Self {
        Self { statements: vec![statement], kind: Kind::Either, patience: None }
    }

    /// Waits for no lock longer than that at a time, as in earnest.
    pub(super) fn patient(self, milliseconds: Option<u64>) -> Self {
        Self { patience: milliseconds, ..self }
    }
}

/// The two sessions of a run: one works, the other looks.
#[derive(Debug)]
pub(super) struct Measuring {
    database: Database,
    worker: Session,
    pid: i32,
    control: Session,
    has_temp: bool,
}

/// A relation's file and sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Relation {
    name: String,
    file: Option<u32>,
    bytes: u64,
    total: u64,
}

/// A look at the database between two statements.
#[derive(Clone, Debug)]
struct Look {
    relations: BTreeMap<u32, Relation>,
    wal: u64,
    temp: Option<u64>,
}

const RELATIONS: &str = "\
select c.oid, c.oid::regclass::text, pg_relation_filenode(c.oid) as file,
       pg_relation_size(c.oid)::text, pg_total_relation_size(c.oid)::text
from pg_class c
where c.relkind in ('r', 'm', 'p', 'v') and c.relpersistence <> 't'
  and c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'pg_toast')";

const LOCKS: &str =
    "select relation, mode from pg_locks where locktype = 'relation' and granted and pid = ";

impl Measuring {
    pub(super) async fn open(database: &Database) -> Result<Self, PostgresError> {
        let (worker, control) = (database.session().await?, database.session().await?);
        let pid = worker.query_one("select pg_backend_pid()", &[]).await.map_err(unread)?.get(0);
        let has_temp = database.version().major() >= 15;
        Ok(Self { database: database.clone(), worker, pid, control, has_temp })
    }

    /// Runs the units to the end, or to the first statement that fails.
    pub(super) async fn run(self, units: &[Unit]) -> Result<Run, PostgresError> {
        let mut run = Run::default();
        for unit in units {
            let failed = match &unit.kind {
                Kind::Backfill(change) => self.backfill(unit, change, &mut run).await?,
                Kind::Alone => self.alone(unit, &mut run).await?,
                Kind::Transaction => self.insistent(unit, &mut run).await?,
                Kind::Either => match self.transaction(unit, &mut run).await? {
                    Some(failure) if failure.refuses_transactions => {
                        self.alone(unit, &mut run).await?
                    }
                    other => other,
                },
            };
            if let Some(failure) = failed {
                run.failure = Some(failure.message);
                break;
            }
        }
        self.worker.close().await;
        self.control.close().await;
        Ok(run)
    }

    /// Tries again where a lock is not to be had in time.
    async fn insistent(
        &self,
        unit: &Unit,
        run: &mut Run,
    ) -> Result<Option<Failure>, PostgresError> {
        for _ in 1..TRIES {
            match self.transaction(unit, run).await? {
                Some(failure) if failure.waited => tokio::time::sleep(PAUSE).await,
                other => return Ok(other),
            }
        }
        self.transaction(unit, run).await
    }

    async fn transaction(
        &self,
        unit: &Unit,
        run: &mut Run,
    ) -> Result<Option<Failure>, PostgresError> {
        let mut before = self.look().await?;
        let first = run.statements.len();
        let mut starts = Vec::new();
        let patience = unit.patience.unwrap_or_default();
        let begin = format!("begin; set local lock_timeout = {patience}");
        self.worker.batch_execute(&begin).await.map_err(unread)?;
        for statement in &unit.statements {
            let start = Instant::now();
            let told = match self.worker.simple_query(statement).await {
                Ok(told) => told,
                Err(error) => {
                    self.worker.batch_execute("rollback").await.map_err(unread)?;
                    run.statements.truncate(first);
                    return Ok(Some(Failure::of(statement, &error)));
                }
            };
            let mut measured = Measured {
                statement: statement.clone(),
                seconds: start.elapsed().as_secs_f64(),
                rows: rows(&told),
                ..Measured::default()
            };
            let locks =
                self.worker.query(&format!("{LOCKS} {}", self.pid), &[]).await.map_err(unread)?;
            add_locks(&locks, &before, &mut measured);
            let earlier = &run.statements[first..];
            measured.locks.retain(|lock| !earlier.iter().any(|one| holds(one, lock)));
            starts.push(start);
            run.statements.push(measured);
        }
        self.worker.batch_execute("commit").await.map_err(unread)?;
        for (measured, start) in run.statements[first..].iter_mut().zip(starts) {
            let held = start.elapsed().as_secs_f64();
            measured.locks.iter_mut().for_each(|lock| lock.held_seconds = held);
        }
        let after = self.look().await?;
        if let Some(last) = run.statements[first..].last_mut() {
            before.compare(&after, last);
        }
        Ok(None)
    }

    async fn alone(&self, unit: &Unit, run: &mut Run) -> Result<Option<Failure>, PostgresError> {
        for statement in &unit.statements {
            let mut before = self.look().await?;
            let start = Instant::now();
            let mut measured = Measured { statement: statement.clone(), ..Measured::default() };
            let mut running = std::pin::pin!(self.worker.batch_execute(statement));
            let ended = loop {
                tokio::select! {
                    ended = &mut running => break ended,
                    () = tokio::time::sleep(LOOK) => {}
                }
                let sql = format!("{LOCKS} {}", self.pid);
                add_locks(
                    &self.control.query(&sql, &[]).await.map_err(unread)?,
                    &before,
                    &mut measured,
                );
            };
            if let Err(error) = ended {
                return Ok(Some(Failure::of(statement, &error)));
            }
            measured.seconds = start.elapsed().as_secs_f64();
            let held = measured.seconds;
            measured.locks.iter_mut().for_each(|lock| lock.held_seconds = held);
            before.compare(&self.look().await?, &mut measured);
            run.statements.push(measured);
        }
        Ok(None)
    }

    /// As it will be done in earnest. What waits for it waits for a batch.
    async fn backfill(
        &self,
        unit: &Unit,
        change: &Change,
        run: &mut Run,
    ) -> Result<Option<Failure>, PostgresError> {
        let mut before = self.look().await?;
        let statement = unit.statements.concat();
        let watch = Batches::default();
        let backfill = Backfill::of(change.clone());
        let report = match backfill.run(&self.database, &watch, &CancellationToken::new()).await {
            Ok(report) => report,
            Err(error) => {
                let message = format!("{}: {statement}", crate::finding::chain(&error));
                return Ok(Some(Failure { message, refuses_transactions: false, waited: false }));
            }
        };
        let held_seconds = watch.longest();
        let object = change.table.clone();
        let mut measured = Measured {
            statement,
            seconds: report.seconds,
            rows: report.rows,
            batches: Some(report.batches),
            locks: vec![HeldLock { object, mode: LockMode::RowExclusiveLock, held_seconds }],
            ..Measured::default()
        };
        before.compare(&self.look().await?, &mut measured);
        run.statements.push(measured);
        Ok(None)
    }

    async fn look(&self) -> Result<Look, PostgresError> {
        let mut relations = BTreeMap::new();
        for row in self.control.query(RELATIONS, &[]).await.map_err(unread)? {
            let bytes = |column: usize| row.get::<_, &str>(column).parse().unwrap_or_default();
            let relation =
                Relation { name: row.get(1), file: row.get(2), bytes: bytes(3), total: bytes(4) };
            relations.insert(row.get(0), relation);
        }
        let wal = "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text";
        let wal = self.control.query_one(wal, &[]).await.map_err(unread)?;
        let wal = wal.get::<_, &str>(0).parse().unwrap_or_default();
        Ok(Look { relations, wal, temp: self.temp().await? })
    }

    /// What the database's statements wrote to temporary files so far.
    async fn temp(&self) -> Result<Option<u64>, PostgresError> {
        if !self.has_temp {
            return Ok(None);
        }
        // Statistics are told when a transaction ends, and not more than once a second unasked.
        self.worker.batch_execute("select pg_stat_force_next_flush()").await.map_err(unread)?;
        self.worker.batch_execute("select 1").await.map_err(unread)?;
        let sql =
            "select temp_bytes::text from pg_stat_database where datname = current_database()";
        let row = self.control.query_one(sql, &[]).await.map_err(unread)?;
        Ok(row.get::<_, &str>(0).parse().ok())
    }
}

/// How long the longest batch took.
#[derive(Debug, Default)]
struct Batches {
    longest: Mutex<f64>,
}

impl Batches {
    fn longest(&self) -> f64 {
        *self.longest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ApplyObserver for Batches {
    fn on_event(&self, event: &ApplyEvent) {
        if let ApplyEvent::Batch(batch) = event {
            let mut longest = self.longest.lock().unwrap_or_else(PoisonError::into_inner);
            *longest = longest.max(batch.seconds);
        }
    }
}

impl Look {
    fn compare(&mut self, after: &Self, measured: &mut Measured) {
        measured.wal_bytes = after.wal.saturating_sub(self.wal);
        measured.temp_bytes =
            after.temp.zip(self.temp).map(|(after, before)| after.saturating_sub(before));
        for (oid, old) in &self.relations {
            let Some(new) = after.relations.get(oid) else { continue };
            if old.file != new.file && new.file.is_some() && old.bytes > 0 {
                measured.rewrites.push(new.name.clone());
                measured.rewritten_bytes += new.bytes;
            }
            if old.total != new.total {
                let (table, before, after) = (new.name.clone(), old.total, new.total);
                measured.sizes.push(TableSize { table, before, after });
            }
        }
    }
}

fn holds(measured: &Measured, lock: &HeldLock) -> bool {
    measured.locks.iter().any(|one| one.object == lock.object && one.mode >= lock.mode)
}

/// The strongest mode on each relation that was there before.
fn add_locks(rows: &[tokio_postgres::Row], before: &Look, measured: &mut Measured) {
    for row in rows {
        let relation = before.relations.get(&row.get::<_, u32>(0));
        let mode = LockMode::named(row.get(1));
        let Some((relation, mode)) = relation.zip(mode) else { continue };
        match measured.locks.iter_mut().find(|lock| lock.object == relation.name) {
            Some(lock) => lock.mode = lock.mode.max(mode),
            None => measured.locks.push(HeldLock {
                object: relation.name.clone(),
                mode,
                held_seconds: 0.0,
            }),
        }
    }
}

fn rows(told: &[SimpleQueryMessage]) -> u64 {
    let counts = told.iter().filter_map(|message| match message {
        SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
        _ => None,
    });
    counts.sum()
}

/// A statement that the server would not have.
struct Failure {
    message: String,
    refuses_transactions: bool,
    /// It did not get a lock in time.
    waited: bool,
}

impl Failure {
    fn of(statement: &str, error: &tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState;
        let refuses_transactions = error.code() == Some(&SqlState::ACTIVE_SQL_TRANSACTION);
        let waited = error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE);
        Self { message: format!("{}: {statement}", told(error)), refuses_transactions, waited }
    }
}

/// What the server said, or what became of the connection.
pub(super) fn told(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())
}

fn unread(error: tokio_postgres::Error) -> PostgresError {
    PostgresError::from_driver("cannot measure the rehearsal", error)
}
