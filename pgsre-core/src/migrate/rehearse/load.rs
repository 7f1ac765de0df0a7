//! What others do while a migration is rehearsed: a script of `pgbench`, and how long each of its
//! transactions took.
//!
//! Transactions begin at a rate, whether or not those before them are done, and each is measured from
//! when it was due: a stall counts for all who would have come meanwhile, not only for those who were
//! in it (`pgbench --rate`, and chapter "Per-Transaction Logging" of its documentation).

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::RehearsalError;
use crate::postgres::{ClientProgram, Database, PostgresError, Running, Session};

/// How long the load works before the migration begins: what is usual.
const LEAD: Duration = Duration::from_secs(2);
/// How long it works on when the migration has ended: those who waited go on.
const TAIL: Duration = Duration::from_secs(1);
/// How often it is counted who waits for whom.
const LOOK: Duration = Duration::from_millis(50);
/// Transactions that are remembered; of a longer load those that come later are not measured.
const MOST: usize = 10_000_000;

/// A load: a script of `pgbench`, run by so many clients at a rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    script: PathBuf,
    clients: u32,
    rate: f64,
}

/// What a load saw.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LoadSeen {
    /// Its clients.
    pub clients: u32,
    /// Transactions a second that it was to begin.
    pub rate: f64,
    /// Before the migration began.
    pub before: Latency,
    /// Those that were under way while it ran.
    pub during: Latency,
    /// The most sessions that waited for others at one moment.
    pub most_blocked: u64,
    /// What the server said to a client that gave up; the load's statements no longer fit the schema.
    pub failure: Option<String>,
}

/// How long transactions took, in seconds from when they were due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Latency {
    pub transactions: u64,
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

impl Load {
    /// This script by 4 clients, 100 times a second.
    pub fn script(path: impl Into<PathBuf>) -> Self {
        Self { script: path.into(), clients: 4, rate: 100.0 }
    }

    /// By so many clients, at least one.
    #[must_use]
    pub fn clients(self, clients: u32) -> Self {
        Self { clients: clients.max(1), ..self }
    }

    /// So many transactions a second, of all clients together.
    #[must_use]
    pub fn per_second(self, rate: f64) -> Self {
        Self { rate: rate.clamp(0.1, 100_000.0), ..self }
    }

    /// Begins it, and waits until it is usual.
    pub(super) async fn start(&self, database: &Database) -> Result<Working, RehearsalError> {
        let server = database.version();
        // Runs programs and waits for them.
        let found = tokio::task::spawn_blocking(|| ClientProgram::discover("pgbench")).await;
        let found = found.unwrap_or_default();
        let newest = found.first().cloned();
        let program = ClientProgram::for_server("pgbench", found, server).ok().or(newest);
        let program = program.ok_or_else(|| {
            let what = "a load needs pgbench, which is not installed here";
            RehearsalError::Load(format!("{what}: it comes with PostgreSQL's server"))
        })?;
        let logs = tempfile::tempdir().map_err(|error| {
            RehearsalError::Load(format!("no directory for the load's log: {error}"))
        })?;
        let control = database.session().await?;
        let arguments = self.arguments(logs.path());
        let mut running = Running::start(program.path(), &arguments, database.config())?;
        // It prints its name at once, and more only when it ends.
        let ending = async { while running.next().await.is_ok_and(|chunk| chunk.is_some()) {} };
        if tokio::time::timeout(LEAD, ending).await.is_ok() {
            let said = running.ended().await.said;
            let why = complaint(&said).unwrap_or(said);
            return Err(RehearsalError::Load(format!("the load does not run: {why}")));
        }
        Ok(Working { load: self.clone(), running, control, logs })
    }

    fn arguments(&self, logs: &Path) -> Vec<String> {
        let threads = self.clients.min(2);
        let prefix = logs.join("transactions");
        let mut arguments = vec!["--no-vacuum".to_owned(), "--log".to_owned()];
        arguments.extend([
            format!("--log-prefix={}", prefix.display()),
            format!("--client={}", self.clients),
            format!("--jobs={threads}"),
            format!("--rate={}", self.rate),
            // It is ended when the migration is.
            "--time=864000".to_owned(),
            format!("--file={}", self.script.display()),
        ]);
        arguments
    }
}

/// A load at work. Dropped, it is ended.
#[derive(Debug)]
pub(super) struct Working {
    load: Load,
    running: Running,
    control: Session,
    logs: TempDir,
}

const BLOCKED: &str = "select count(*) from pg_stat_activity where datname = current_database() \
                       and cardinality(pg_blocking_pids(pid)) > 0";
/// Whoever else is connected: the migration's own sessions are closed by then.
const END: &str = "select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity \
                   where datname = current_database() and pid <> pg_backend_pid() \
                   and backend_type = 'client backend'";

impl Working {
    /// The most sessions that wait for others at one moment, until it is told to stop.
    pub(super) async fn most_blocked(
        &self,
        stop: &CancellationToken,
    ) -> Result<u64, PostgresError> {
        let mut most = 0;
        while !stop.is_cancelled() {
            let row = self.control.query_one(BLOCKED, &[]).await.map_err(unread)?;
            most = most.max(row.get::<_, i64>(0).unsigned_abs());
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = stop.cancelled() => {}
            }
        }
        Ok(most)
    }

    /// Ends it, and reads what it saw.
    pub(super) async fn finish(
        self,
        migration: [SystemTime; 2],
        most_blocked: u64,
    ) -> Result<LoadSeen, RehearsalError> {
        let Self { load, running, control, logs } = self;
        tokio::time::sleep(TAIL).await;
        // Its clients give up when their sessions are ended, and it writes its log to the end.
        let row = control.query_one(END, &[]).await.map_err(unread)?;
        let ended = row.get::<_, i64>(0).unsigned_abs();
        let said = drained(running).await;
        control.close().await;
        let failure = if ended < u64::from(load.clients) { complaint(&said) } else { None };
        let logs = logs.path().to_owned();
        let read = tokio::task::spawn_blocking(move || measured(&logs, migration)).await;
        let [before, during] = read
            .ok()
            .and_then(Result::ok)
            .ok_or_else(|| RehearsalError::Load("the log of the load cannot be read".to_owned()))?;
        let Load { clients, rate, .. } = load;
        Ok(LoadSeen { clients, rate, before, during, most_blocked, failure })
    }
}

/// What a program said, when it has ended.
async fn drained(mut running: Running) -> String {
    while running.next().await.is_ok_and(|chunk| chunk.is_some()) {}
    running.ended().await.said
}

/// What the server would not have, or the script's fault.
fn complaint(said: &str) -> Option<String> {
    let ours = |line: &&str| line.contains("57P01") || line.contains("administrator command");
    let lines = said.lines().filter(|line| line.contains("ERROR:") || line.contains("error:"));
    let mut lines = lines.filter(|line| !ours(line));
    lines.next().map(|line| line.trim().to_owned())
}

/// The transactions before the migration, and those that were under way while it ran.
fn measured(logs: &Path, migration: [SystemTime; 2]) -> std::io::Result<[Latency; 2]> {
    let [begun, over] =
        migration.map(|at| at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64());
    let (mut before, mut during) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(logs)? {
        for line in BufReader::new(File::open(entry?.path())?).lines() {
            let Some((end, took)) = transaction(&line?) else { continue };
            let seen = match (end < begun, end - took <= over) {
                (true, _) => &mut before,
                (false, true) => &mut during,
                (false, false) => continue,
            };
            if seen.len() < MOST {
                seen.push(took);
            }
        }
    }
    Ok([before, during].map(Latency::of))
}

/// When a transaction ended, in seconds of the epoch, and how long it took: `client_id transaction_no
/// time script_no time_epoch time_us …`, times in microseconds.
fn transaction(line: &str) -> Option<(f64, f64)> {
    let mut fields = line.split_ascii_whitespace();
    let took: f64 = fields.nth(2)?.parse().ok()?;
    let seconds: f64 = fields.nth(1)?.parse().ok()?;
    let micros: f64 = fields.next()?.parse().ok()?;
    Some((seconds + micros / 1e6, took / 1e6))
}

impl Latency {
    fn of(mut seconds: Vec<f64>) -> Self {
        seconds.sort_by(f64::total_cmp);
        // The nearest rank: so many of a hundred were as fast or faster.
        let at = |percent: usize| {
            let rank = (seconds.len() * percent).div_ceil(100).max(1) - 1;
            seconds.get(rank).copied().unwrap_or_default()
        };
        let transactions = seconds.len().try_into().unwrap_or(u64::MAX);
        Self { transactions, p50: at(50), p99: at(99), max: at(100) }
    }
}

fn unread(error: tokio_postgres::Error) -> PostgresError {
    PostgresError::from_driver("cannot watch the load", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_counts_for_when_it_was_under_way() -> std::io::Result<()> {
        let logs = tempfile::tempdir()?;
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        // Before; across the begin; within; begun before the end and done behind it; after.
        let lines = "0 1 500000 0 99 0\n0 2 2000000 0 101 0\n1 3 1000 0 105 500000\n\
                     1 4 4000000 0 113 0\n0 5 1000 0 114 0\n0 6 failed 0 114 0\n";
        fs::write(logs.path().join("transactions.1"), lines)?;
        let [before, during] = measured(logs.path(), [at(100), at(110)])?;
        assert_eq!((before.transactions, before.max), (1, 0.5));
        assert_eq!((during.transactions, during.p50, during.max), (3, 2.0, 4.0));
        Ok(())
    }

    #[test]
    fn a_hundred_transactions_have_their_hundredths() {
        let latency = Latency::of((1..=100).rev().map(f64::from).collect());
        assert_eq!((latency.p50, latency.p99, latency.max), (50.0, 99.0, 100.0));
        assert_eq!(Latency::of(Vec::new()), Latency::default());
    }

    #[test]
    fn what_we_ended_is_no_complaint_and_what_the_server_refused_is() {
        let ended = "pgbench: error: client 0 aborted: FATAL:  terminating connection due to administrator command";
        assert_eq!(complaint(ended), None);
        let refused = format!(
            "{ended}\npgbench: error: client 1 script 0 aborted in command 0 query 0: ERROR:  column \"a\" does not exist\n"
        );
        assert!(complaint(&refused).is_some_and(|line| line.contains("\"a\" does not exist")));
    }
}
