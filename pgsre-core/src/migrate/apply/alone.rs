//! A step that runs outside of transactions: nothing notes in the same breath that it is done, so what an
//! attempt left is looked at before the next.

use std::time::Duration;

use tokio_postgres::types::{ToSql, Type};

use super::runner::Runner;
use super::transaction::{breakable, milliseconds, of_statement};
use crate::migrate::error::{ApplyError, ApplyErrorKind};
use crate::migrate::event::{ApplyEvent, Blocker};
use crate::migrate::hold::{Hold, TIMEOUTS};
use crate::migrate::lint::Lock;
use crate::migrate::state;
use crate::postgres::quote_identifier;

/// How often the statement is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// A statement that runs outside of transactions.
#[derive(Debug)]
pub(super) struct Solo<'a> {
    pub(super) statement: &'a str,
    /// The index that it makes.
    pub(super) index: Option<&'a str>,
    /// Whether it was begun before: it may have had its effect.
    pub(super) began: bool,
    /// How long it may wait for a lock, where others wait behind it.
    pub(super) limit: Duration,
    /// What it locks.
    pub(super) locks: &'a [Lock],
}

/// An index by its name: whether it is whole, and who builds it now.
const INDEX: &str = "\
    SELECT i.indisvalid, \
           (SELECT p.pid FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid) \
      FROM pg_index i WHERE i.indexrelid = to_regclass($1)";

/// What REINDEX CONCURRENTLY leaves where it fails: invalid indexes that end so.
const LEFT_BY_REINDEX: &str = "\
    SELECT n.nspname::text, c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
      JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' \
       AND i.indrelid = ANY (SELECT to_regclass(name) FROM unnest($1::text[]) AS name) AND NOT EXISTS \
           (SELECT FROM pg_locks l WHERE l.relation = i.indrelid AND l.pid <> pg_backend_pid() \
               AND l.mode = 'ShareUpdateExclusiveLock')";

pub(super) async fn run(
    runner: &mut Runner<'_>,
    solo: &Solo<'_>,
) -> (Result<(), ApplyError>, Vec<Blocker>) {
    match prepare(runner, solo).await {
        Ok(true) => {}
        Ok(false) => return (Ok(()), Vec::new()),
        Err(error) => return (Err(error), Vec::new()),
    }
    let (hold, cancel, observer) = (&*runner.hold, runner.cancel, runner.observer);
    let work = breakable(hold, execute(hold, solo), cancel);
    let mut told = None;
    let (ended, blockers) = runner
        .watched
        .run(hold.pid(), LOOK, work, |seen| {
            if let Some((phase, done)) = &seen.build
                && told.as_ref() != Some(&(phase.clone(), *done))
            {
                told = Some((phase.clone(), *done));
                let blockers = seen.blockers.clone();
                let (phase, done) = (phase.clone(), *done);
                observer.on_event(&ApplyEvent::IndexBuild { phase, done, blockers });
            }
        })
        .await;
    let ended = match ended {
        Err(error) if !error.is_lost() => after_failure(runner, solo, error).await,
        other => other,
    };
    (ended, blockers)
}

/// Whether there is something to run: not where an earlier attempt had its effect.
async fn prepare(runner: &Runner<'_>, solo: &Solo<'_>) -> Result<bool, ApplyError> {
    if let Some(index) = solo.index
        && let Some(is_whole) = found(runner.hold, index).await?
    {
        match is_whole {
            true if solo.began => return Ok(false),
            // The server says so in its own words, or leaves it where the statement says so.
            true => {}
            false => drop_index(runner, index).await?,
        }
    }
    if is_reindex(solo.statement) && solo.began {
        drop_leftovers(runner, solo).await?;
    }
    if !solo.began {
        state::mark_begun(runner.hold).await?;
    }
    Ok(true)
}

async fn execute(hold: &Hold, solo: &Solo<'_>) -> Result<(), ApplyError> {
    let session = hold.session();
    // What is CONCURRENTLY stops nobody while it waits.
    let limit = if is_concurrent(solo.statement) { 0 } else { milliseconds(solo.limit) };
    let limits = format!("SET lock_timeout = {limit}; SET statement_timeout = 0");
    session.batch_execute(&limits).await?;
    if let Some(role) = hold.role() {
        session.batch_execute(role).await?;
    }
    let ran = session.batch_execute(solo.statement).await;
    let ran = ran.map_err(|error| of_statement(error, solo.statement));
    if ran.as_ref().is_err_and(ApplyError::is_lost) {
        return ran;
    }
    session.batch_execute("SET role = DEFAULT").await?;
    session.batch_execute(TIMEOUTS).await?;
    ran?;
    match solo.index {
        Some(index) if found(hold, index).await? == Some(false) => Err(ApplyError::new(
            ApplyErrorKind::Statement,
            format!("the index {index} is not valid after it was built"),
        )),
        _ => Ok(()),
    }
}

/// Whether there is such an index, and whether it is whole. One that somebody else builds now is an error.
async fn found(hold: &Hold, index: &str) -> Result<Option<bool>, ApplyError> {
    let rows = hold.session().query_typed(INDEX, &[(&index, Type::TEXT)]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    if let Some(pid) = row.try_get::<_, Option<i32>>(1)? {
        let context = format!("process {pid} is building the index {index}");
        return Err(ApplyError::new(ApplyErrorKind::Running, context));
    }
    Ok(Some(row.try_get(0)?))
}

/// What a failed attempt left is dropped at once: an invalid index slows down every write. Where the
/// attempt before had its effect, this one fails by that.
async fn after_failure(
    runner: &Runner<'_>,
    solo: &Solo<'_>,
    error: ApplyError,
) -> Result<(), ApplyError> {
    if solo.began && is_done_already(solo.statement, &error) {
        return Ok(());
    }
    if solo.began && is_pending_detach(solo.statement, &error) {
        return finalize(runner.hold, solo.statement).await;
    }
    let left = match solo.index {
        Some(index) => match found(runner.hold, index).await {
            Ok(Some(false)) => drop_index(runner, index).await,
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        },
        None if is_reindex(solo.statement) => drop_leftovers(runner, solo).await,
        None => Ok(()),
    };
    if let Err(left) = left {
        tracing::warn!(error = %left, "an invalid index is left; the next attempt drops it");
    }
    Err(error)
}

async fn drop_index(runner: &Runner<'_>, index: &str) -> Result<(), ApplyError> {
    let session = runner.hold.session();
    session.batch_execute("SET lock_timeout = 0; SET statement_timeout = 0").await?;
    // A constraint may have taken it meanwhile: then the server refuses.
    let sql = format!("DROP INDEX CONCURRENTLY IF EXISTS {index}");
    let dropped = session.batch_execute(&sql).await.map_err(|error| of_statement(error, &sql));
    session.batch_execute(TIMEOUTS).await?;
    dropped?;
    runner.observer.on_event(&ApplyEvent::InvalidIndexDropped { index: index.to_owned() });
    Ok(())
}

async fn drop_leftovers(runner: &Runner<'_>, solo: &Solo<'_>) -> Result<(), ApplyError> {
    let tables: Vec<&str> = solo.locks.iter().map(|lock| lock.object.as_str()).collect();
    let tables = [(&tables as &(dyn ToSql + Sync), Type::TEXT_ARRAY)];
    for row in runner.hold.session().query_typed(LEFT_BY_REINDEX, &tables).await? {
        let (schema, name): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let index = format!("{}.{}", quote_identifier(&schema), quote_identifier(&name));
        drop_index(runner, &index).await?;
    }
    Ok(())
}

/// Whether the server refuses because what the statement makes is there, or what it drops is gone.
fn is_done_already(statement: &str, error: &ApplyError) -> bool {
    let Some(state) = error.sqlstate() else { return false };
    let words: Vec<String> = statement.split_whitespace().map(str::to_lowercase).collect();
    match words.first().map(String::as_str) {
        Some("create") => matches!(state.code(), "42P07" | "42710" | "42P04"),
        Some("drop") => matches!(state.code(), "42704" | "42P01" | "3D000"),
        // DETACH PARTITION … CONCURRENTLY of what is no partition any more.
        Some("alter") if words.iter().any(|word| word == "detach") => state.code() == "42P01",
        _ => false,
    }
}

/// Whether an earlier attempt of DETACH PARTITION … CONCURRENTLY stopped half-way.
fn is_pending_detach(statement: &str, error: &ApplyError) -> bool {
    let not_ready = error.sqlstate().is_some_and(|state| state.code() == "55000");
    not_ready && is_concurrent(statement) && statement.to_lowercase().contains("detach")
}

async fn finalize(hold: &Hold, statement: &str) -> Result<(), ApplyError> {
    let words = statement.split_whitespace();
    let words = words.map(|word| match word.eq_ignore_ascii_case("concurrently") {
        true => "FINALIZE",
        false => word,
    });
    let sql = words.collect::<Vec<_>>().join(" ");
    hold.session().batch_execute(&sql).await.map_err(|error| of_statement(error, &sql))
}

fn is_concurrent(statement: &str) -> bool {
    statement.split_whitespace().any(|word| word.eq_ignore_ascii_case("concurrently"))
}

fn is_reindex(statement: &str) -> bool {
    statement.trim_start().get(..7).is_some_and(|word| word.eq_ignore_ascii_case("reindex"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_concurrent_waits_for_locks_without_end() {
        assert!(is_concurrent("create index concurrently a on b (c)"));
        assert!(!is_concurrent("vacuum full orders"));
    }

    #[test]
    fn statements_that_build_anew_are_known() {
        assert!(is_reindex(" REINDEX INDEX CONCURRENTLY a"));
        assert!(!is_reindex("drop index concurrently reindex") && !is_reindex("é"));
    }
}
