//! One batch: its rows and the state in one transaction.

use std::time::{Duration, Instant};

use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use super::pace::Pace;
use super::part::Part;
use super::statement::Change;
use crate::migrate::error::{ApplyError, ApplyErrorKind};
use crate::migrate::hold::Hold;
use crate::migrate::state::Wanted;

/// How a batch went.
#[derive(Debug)]
pub(super) enum Tried {
    Done(Finished),
    /// Somebody wants it to pause or to end: nothing was done.
    Held,
}

/// A batch that is done.
#[derive(Debug)]
pub(super) struct Finished {
    /// Where it ended.
    pub(super) last: Vec<String>,
    /// Rows that it changed.
    pub(super) rows: u64,
    /// Rows that it went past: not known of the last one, which is smaller.
    pub(super) passed: u64,
    /// Whether it was a whole one.
    pub(super) is_full: bool,
    pub(super) took: Duration,
    pub(super) part_done: bool,
}

/// The row of the run first: an operator's wish and a batch exclude each other.
const STATE: &str = "\
    SELECT r.wanted, p.last, p.done FROM pgsre_migrate.run r \
      JOIN pgsre_migrate.part p ON p.run = r.name \
     WHERE r.name = $1 AND p.number = $2 FOR UPDATE OF r";

const NOTE: &str = "\
    WITH beat AS (UPDATE pgsre_migrate.run SET heartbeat = clock_timestamp() WHERE name = $1) \
    UPDATE pgsre_migrate.part SET last = $3, done = $4, passed = passed + $5, rows = rows + $6, \
           batches = batches + 1, size = $7 \
     WHERE run = $1 AND number = $2";

/// Beyond what the server allows a batch: then nobody is there any more.
const SILENCE: Duration = Duration::from_secs(15);

/// Does the batch after `part.last`, or nothing of it.
pub(super) async fn run(
    hold: &Hold,
    change: &Change,
    part: &Part,
    pace: &Pace,
) -> Result<Tried, ApplyError> {
    let silence = pace.statement_timeout * 3 + SILENCE;
    let tried = tokio::time::timeout(silence, in_transaction(hold, change, part, pace)).await;
    tried.unwrap_or_else(|_| {
        let context = format!("the server gave no answer for {} s", silence.as_secs());
        Err(ApplyError::new(ApplyErrorKind::Unreachable, context))
    })
}

async fn in_transaction(
    hold: &Hold,
    change: &Change,
    part: &Part,
    pace: &Pace,
) -> Result<Tried, ApplyError> {
    let client = hold.session();
    client.batch_execute(&begin(pace)).await?;
    let tried = attempt(hold, change, part).await;
    match &tried {
        Ok(Tried::Done(_)) => client.batch_execute("COMMIT").await?,
        Ok(Tried::Held) => client.batch_execute("ROLLBACK").await?,
        Err(error) if error.is_lost() => {}
        // The first error tells more than one of this.
        Err(_) => drop(client.batch_execute("ROLLBACK").await),
    }
    tried
}

/// A composite key whose first column has few values looks to the planner like half of the table:
/// without this it would read all of it for each batch.
fn begin(pace: &Pace) -> String {
    format!(
        "BEGIN; SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {}; \
         SET LOCAL idle_in_transaction_session_timeout = 10000; SET LOCAL enable_seqscan = off",
        milliseconds(pace.lock_timeout),
        milliseconds(pace.statement_timeout)
    )
}

/// At least one: 0 would be no limit at all.
fn milliseconds(limit: Duration) -> u128 {
    limit.as_millis().clamp(1, 2_147_483_647)
}

async fn attempt(hold: &Hold, change: &Change, part: &Part) -> Result<Tried, ApplyError> {
    let begin = Instant::now();
    let client: &Client = hold.session();
    if !is_wanted(hold, part).await? {
        return Ok(Tried::Held);
    }
    let last = part.last.as_deref();
    let bound = part.target.bound(&part.key, last, &part.ends, part.size);
    let bound = client.query_typed(&bound, &[]).await?;
    let bound: Option<Vec<String>> = bound.first().map(|row| row.try_get(0)).transpose()?;
    let is_full = bound.is_some();
    let last_now = bound.unwrap_or_else(|| part.ends.clone());
    let update = change.update(&part.target, &part.key, last, &last_now);
    let rows = client.execute_typed(&update, &[]).await?;
    let finished = Finished {
        part_done: last_now == part.ends,
        last: last_now,
        rows,
        passed: if is_full { u64::from(part.size) } else { rows },
        is_full,
        took: begin.elapsed(),
    };
    note(hold, part, &finished).await?;
    Ok(Tried::Done(finished))
}

async fn is_wanted(hold: &Hold, part: &Part) -> Result<bool, ApplyError> {
    let of_run: [(&(dyn ToSql + Sync), Type); 2] =
        [(&hold.run(), Type::TEXT), (&part.number, Type::INT4)];
    let rows = hold.session().query_typed(STATE, &of_run).await?;
    let Some(row) = rows.first() else {
        let context = format!("{} is no longer in pgsre_migrate", hold.run());
        return Err(ApplyError::new(ApplyErrorKind::Aborted, context));
    };
    let (last, done): (Option<Vec<String>>, bool) = (row.try_get(1)?, row.try_get(2)?);
    if last != part.last || done {
        let context = format!("{} got on without this runner", hold.run());
        return Err(ApplyError::new(ApplyErrorKind::Running, context));
    }
    Ok(Wanted::read(row.try_get(0)?) == Wanted::Run)
}

async fn note(hold: &Hold, part: &Part, finished: &Finished) -> Result<(), ApplyError> {
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let (passed, rows) = (signed(finished.passed), signed(finished.rows));
    let size = i32::try_from(part.size).unwrap_or(i32::MAX);
    let values: [(&(dyn ToSql + Sync), Type); 7] = [
        (&hold.run(), Type::TEXT),
        (&part.number, Type::INT4),
        (&finished.last, Type::TEXT_ARRAY),
        (&finished.part_done, Type::BOOL),
        (&passed, Type::INT8),
        (&rows, Type::INT8),
        (&size, Type::INT4),
    ];
    hold.session().execute_typed(NOTE, &values).await?;
    Ok(())
}
