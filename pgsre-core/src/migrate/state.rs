//! What a run has done, kept in the database that it changes: the schema `pgsre_migrate`.
//!
//! A row of `run` for each run that is under way, a row of `part` for each table or partition of its
//! backfill. Both are written in the transaction of the work that they tell of, so that they are true
//! after any crash. The end of the last run removes them and the schema. To remove it by hand, while
//! nothing runs: `DROP SCHEMA pgsre_migrate CASCADE`.

use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use super::error::{ApplyError, ApplyErrorKind};
use super::hold::{Hold, row};
use super::plan::Plan;
use crate::postgres::Database;

const EXISTS: &str = "SELECT to_regclass('pgsre_migrate.part') IS NOT NULL";

/// One makes or removes the schema at a time; the key stands beside those of the runs.
const ALONE: &str = "SELECT pg_advisory_xact_lock(1885827954, 0)";

const CREATE: &str = "\
CREATE SCHEMA IF NOT EXISTS pgsre_migrate;
COMMENT ON SCHEMA pgsre_migrate IS
    'pgsre: migrations and backfills under way; removed when they are done';
CREATE TABLE IF NOT EXISTS pgsre_migrate.run (
    name text PRIMARY KEY,
    -- what it does, as a hash: it is not gone on with when that has changed
    contents text NOT NULL,
    -- the step that is next or under way, from 1, and how many there are
    step integer NOT NULL DEFAULT 1,
    steps integer NOT NULL DEFAULT 1,
    title text NOT NULL,
    -- whether a statement that runs outside of transactions has been begun in this step
    begun boolean NOT NULL DEFAULT false,
    -- what an operator wants of it
    wanted text NOT NULL DEFAULT 'run' CHECK (wanted IN ('run', 'pause', 'abort')),
    -- why it was begun on a server that is not fit for it
    forced text,
    -- a migration's steps, as JSON
    plan text,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE IF NOT EXISTS pgsre_migrate.part (
    run text NOT NULL REFERENCES pgsre_migrate.run ON DELETE CASCADE,
    number integer NOT NULL,
    relation oid NOT NULL,
    key text[] NOT NULL,
    -- the keys that it has gone past, and where it ends
    last text[],
    ends text[],
    size integer NOT NULL,
    passed bigint NOT NULL DEFAULT 0,
    rows bigint NOT NULL DEFAULT 0,
    batches bigint NOT NULL DEFAULT 0,
    estimate bigint NOT NULL,
    done boolean NOT NULL,
    PRIMARY KEY (run, number)
)";

const BEGIN_RUN: &str = "\
    INSERT INTO pgsre_migrate.run (name, contents, steps, title, forced, plan) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name) DO NOTHING";

const RUNS: &str = "\
    SELECT r.name, r.contents, r.step, r.steps, r.title, r.wanted, r.forced, r.started_at, \
           r.heartbeat, \
           (SELECT l.pid FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted \
               AND l.classid = 1885827954 AND l.objid = hashtext(r.name)::oid \
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
             LIMIT 1), \
           sum(p.passed)::int8, sum(p.rows)::int8, sum(p.batches)::int8, sum(p.estimate)::int8, r.begun, r.plan \
      FROM pgsre_migrate.run r LEFT JOIN pgsre_migrate.part p ON p.run = r.name \
     GROUP BY r.name ORDER BY r.started_at";

/// A migration or a backfill that is under way, or was interrupted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunStatus {
    /// Its name.
    pub name: String,
    /// What it does, as a hash.
    pub contents: String,
    /// The step that is next or under way, from 1.
    pub step: u32,
    /// How many there are.
    pub steps: u32,
    /// What that step does.
    pub title: String,
    /// What an operator wants of it.
    pub wanted: Wanted,
    /// Why it was begun on a server that is not fit for it.
    pub forced: Option<String>,
    /// When it was begun, by the server's clock.
    pub started_at: Timestamp,
    /// When it last got on, by the server's clock.
    pub heartbeat: Timestamp,
    /// The server's process of its runner; `None` where nobody is at it.
    pub runner: Option<i32>,
    /// Its backfill, where the step is one.
    pub backfill: Option<BackfillStatus>,
    /// The steps, where it is a migration.
    #[serde(skip)]
    pub plan: Option<Plan>,
    #[serde(skip)]
    pub(crate) begun: bool,
}

/// How far a backfill is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackfillStatus {
    /// Rows that it has gone past.
    pub passed: u64,
    /// Rows that it has changed.
    pub rows: u64,
    /// Batches that it has done.
    pub batches: u64,
    /// Rows that it will have gone past at its end: an estimate of the planner's.
    pub estimate: u64,
}

/// What an operator wants of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// It goes on.
    Run,
    /// It waits before its next batch or step.
    Pause,
    /// It ends before its next batch or step, and is not to be gone on with.
    Abort,
}

impl Wanted {
    fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Pause => "pause",
            Self::Abort => "abort",
        }
    }

    pub(crate) fn read(text: &str) -> Self {
        match text {
            "pause" => Self::Pause,
            "abort" => Self::Abort,
            _ => Self::Run,
        }
    }
}

impl RunStatus {
    fn read(row: &Row) -> Result<Self, ApplyError> {
        let count = |at: usize| row.try_get::<_, Option<i64>>(at).map(|n| n.map(unsigned));
        let backfill = match (count(10)?, count(11)?, count(12)?, count(13)?) {
            (Some(passed), Some(rows), Some(batches), Some(estimate)) => {
                Some(BackfillStatus { passed, rows, batches, estimate })
            }
            _ => None,
        };
        let step = |at: usize| row.try_get::<_, i32>(at).map(i32::unsigned_abs);
        Ok(Self {
            name: row.try_get(0)?,
            contents: row.try_get(1)?,
            step: step(2)?,
            steps: step(3)?,
            title: row.try_get(4)?,
            wanted: Wanted::read(row.try_get(5)?),
            forced: row.try_get(6)?,
            started_at: row.try_get(7)?,
            heartbeat: row.try_get(8)?,
            runner: row.try_get(9)?,
            backfill,
            begun: row.try_get(14)?,
            plan: row.try_get::<_, Option<&str>>(15)?.map(plan_of).transpose()?,
        })
    }
}

fn plan_of(text: &str) -> Result<Plan, ApplyError> {
    serde_json::from_str(text).map_err(|error| {
        let context = "the plan in pgsre_migrate.run is not one of this version's";
        ApplyError::new(ApplyErrorKind::Changed, context).with_cause(error)
    })
}

/// The runs that are under way or were interrupted, the oldest first.
///
/// # Errors
/// What the server says. Cancel safe.
pub async fn runs(database: &Database) -> Result<Vec<RunStatus>, ApplyError> {
    let client = database.client().await?;
    all(&client).await
}

/// Asks the run of this name to pause, to go on or to end: before its next batch or step. A run that
/// nobody is at and that is to end is forgotten at once. Whether there is such a run.
///
/// # Errors
/// What the server says. Cancel safe.
pub async fn steer(database: &Database, run: &str, wanted: Wanted) -> Result<bool, ApplyError> {
    const STEER: &str = "UPDATE pgsre_migrate.run SET wanted = $2 WHERE name = $1";
    let client = database.client().await?;
    if !exists(&client).await? {
        return Ok(false);
    }
    let word = wanted.as_str();
    let steered = client.execute_typed(STEER, &[(&run, Type::TEXT), (&word, Type::TEXT)]).await?;
    let idle = all(&client).await?.into_iter().any(|own| own.name == run && own.runner.is_none());
    if wanted == Wanted::Abort && idle {
        drop(client);
        forget_idle(database, run).await?;
    }
    Ok(steered > 0)
}

async fn forget_idle(database: &Database, run: &str) -> Result<(), ApplyError> {
    match Hold::take(database, run).await {
        Ok(hold) => {
            forget(&hold).await?;
            hold.close().await;
            Ok(())
        }
        // Somebody took it meanwhile, and will see what is wanted.
        Err(error) if error.kind() == ApplyErrorKind::Running => Ok(()),
        Err(error) => Err(error),
    }
}

/// What a run does, for its row.
#[derive(Debug)]
pub(crate) struct Contents<'a> {
    pub(crate) hash: &'a str,
    pub(crate) steps: u32,
    pub(crate) title: &'a str,
    pub(crate) forced: Option<&'a str>,
    pub(crate) plan: Option<&'a str>,
}

/// Begins the run that is held, or goes on with it: where it stands. What was begun with other contents
/// is refused.
pub(crate) async fn begin(hold: &Hold, contents: &Contents<'_>) -> Result<RunStatus, ApplyError> {
    let session = hold.session();
    session.batch_execute("BEGIN").await?;
    session.batch_execute(ALONE).await?;
    if !exists(session).await? {
        session.batch_execute(CREATE).await.map_err(|error| {
            ApplyError::from(error).about("the schema pgsre_migrate, for the state, cannot be made")
        })?;
    }
    let steps = i32::try_from(contents.steps).unwrap_or(i32::MAX);
    let values: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 6] = [
        (&hold.run(), Type::TEXT),
        (&contents.hash, Type::TEXT),
        (&steps, Type::INT4),
        (&contents.title, Type::TEXT),
        (&contents.forced, Type::TEXT),
        (&contents.plan, Type::TEXT),
    ];
    session.execute_typed(BEGIN_RUN, &values).await?;
    session.batch_execute("COMMIT").await?;
    let status = standing(hold).await?;
    if status.contents == contents.hash {
        return Ok(status);
    }
    Err(ApplyError::new(
        ApplyErrorKind::Changed,
        format!(
            "{} was begun with other contents ({}) and is not done",
            status.name, status.contents
        ),
    ))
}

/// Whether the run that is held was begun and is not done.
pub(crate) async fn is_under_way(hold: &Hold) -> Result<bool, ApplyError> {
    Ok(all(hold.session()).await?.iter().any(|run| run.name == hold.run()))
}

/// Where the run that is held stands.
pub(crate) async fn standing(hold: &Hold) -> Result<RunStatus, ApplyError> {
    let runs = all(hold.session()).await?;
    runs.into_iter().find(|run| run.name == hold.run()).ok_or_else(|| {
        let context = format!("{} is no longer in pgsre_migrate.run", hold.run());
        ApplyError::new(ApplyErrorKind::Aborted, context)
    })
}

/// Notes, in the transaction that is open or in one of its own, that a step is done. Its backfill is
/// forgotten: the next one has a state of its own.
pub(crate) async fn advance(hold: &Hold, step: u32, next_title: &str) -> Result<(), ApplyError> {
    const ADVANCE: &str = "\
        WITH parts AS (DELETE FROM pgsre_migrate.part WHERE run = $1) \
        UPDATE pgsre_migrate.run SET step = step + 1, begun = false, title = $3, \
               heartbeat = clock_timestamp() WHERE name = $1 AND step = $2";
    let number = i32::try_from(step).unwrap_or(i32::MAX);
    let values: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 3] =
        [(&hold.run(), Type::TEXT), (&number, Type::INT4), (&next_title, Type::TEXT)];
    match hold.session().execute_typed(ADVANCE, &values).await? {
        1 => Ok(()),
        _ => {
            let context = format!("{} is no longer at step {step}", hold.run());
            Err(ApplyError::new(ApplyErrorKind::Aborted, context))
        }
    }
}

/// Notes that a statement outside of transactions is about to run: from now on it may have had its effect.
pub(crate) async fn mark_begun(hold: &Hold) -> Result<(), ApplyError> {
    const MARK: &str = "UPDATE pgsre_migrate.run SET begun = true WHERE name = $1";
    hold.session().execute_typed(MARK, &[(&hold.run(), Type::TEXT)]).await?;
    Ok(())
}

/// What is wanted of the run that is held; to end it where somebody removed it.
async fn wanted(hold: &Hold) -> Result<Wanted, ApplyError> {
    const BEAT: &str = "\
        UPDATE pgsre_migrate.run SET heartbeat = clock_timestamp() WHERE name = $1 RETURNING wanted";
    if !exists(hold.session()).await? {
        return Ok(Wanted::Abort);
    }
    let rows = hold.session().query_typed(BEAT, &[(&hold.run(), Type::TEXT)]).await?;
    match rows.first() {
        Some(row) => Ok(Wanted::read(row.try_get(0)?)),
        None => Ok(Wanted::Abort),
    }
}

/// The same; an end that is wanted is made, and is an error.
pub(crate) async fn heed(hold: &Hold) -> Result<Wanted, ApplyError> {
    match wanted(hold).await? {
        Wanted::Abort => {
            forget(hold).await?;
            let context = format!("{} was aborted", hold.run());
            Err(ApplyError::new(ApplyErrorKind::Aborted, context))
        }
        other => Ok(other),
    }
}

/// Removes what is kept of the run that is held, and the schema where no other run is kept in it.
pub(crate) async fn forget(hold: &Hold) -> Result<(), ApplyError> {
    const FORGET: &str = "DELETE FROM pgsre_migrate.run WHERE name = $1";
    const EMPTY: &str = "SELECT NOT EXISTS (SELECT FROM pgsre_migrate.run)";
    const DROP: &str = "\
        SAVEPOINT whole; DROP TABLE pgsre_migrate.part, pgsre_migrate.run; \
        DROP SCHEMA pgsre_migrate RESTRICT";
    const KEEP: &str = "ROLLBACK TO whole; COMMIT";
    let session = hold.session();
    if !exists(session).await? {
        return Ok(());
    }
    // All in one: who is killed in between leaves either everything or nothing.
    session.batch_execute("BEGIN").await?;
    session.batch_execute(ALONE).await?;
    session.execute_typed(FORGET, &[(&hold.run(), Type::TEXT)]).await?;
    let dropped = match row(session, EMPTY, &[]).await?.try_get(0)? {
        true => session.batch_execute(DROP).await,
        false => Ok(()),
    };
    session.batch_execute(if dropped.is_ok() { "COMMIT" } else { KEEP }).await?;
    if let Err(error) = dropped {
        // Made by another role, or with something of somebody else's in it.
        tracing::warn!(error = %ApplyError::from(error), "the schema pgsre_migrate is left, empty");
    }
    Ok(())
}

async fn exists(client: &Client) -> Result<bool, ApplyError> {
    Ok(row(client, EXISTS, &[]).await?.try_get(0)?)
}

async fn all(client: &Client) -> Result<Vec<RunStatus>, ApplyError> {
    if !exists(client).await? {
        return Ok(Vec::new());
    }
    client.query_typed(RUNS, &[]).await?.iter().map(RunStatus::read).collect()
}

/// A count of the server's, which is never below 0.
pub(crate) fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
