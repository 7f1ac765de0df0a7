//! A statement seen from beside it: who is in its way, how far it is, whether it is still there.

use std::time::{Duration, Instant};

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::error::{ApplyError, ApplyErrorKind};
use super::event::Blocker;
use super::hold::row;
use crate::postgres::{Database, Session};

/// Process 0 stands for prepared transactions.
const BLOCKERS: &str = "\
    SELECT b.pid, \
           CASE WHEN b.pid = 0 THEN 'a prepared transaction' \
                ELSE concat_ws(' ', coalesce(a.usename, a.backend_type), nullif(a.application_name, '')) END, \
           coalesce(a.state, a.backend_type, ''), \
           left(regexp_replace(coalesce(a.query, ''), '\\s+', ' ', 'g'), 120), \
           coalesce(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.backend_start)), \
                    0)::float8 \
      FROM unnest(pg_blocking_pids($1)) AS b (pid) LEFT JOIN pg_stat_activity a USING (pid) \
     ORDER BY 5 DESC LIMIT 5";

/// How much of the present phase is done, by what that phase counts.
const BUILD: &str = "\
    SELECT phase, (CASE WHEN blocks_total > 0 THEN blocks_done / blocks_total::float8 \
                        WHEN tuples_total > 0 THEN tuples_done / tuples_total::float8 \
                        WHEN lockers_total > 0 THEN lockers_done / lockers_total::float8 END)::float8 \
      FROM pg_stat_progress_create_index WHERE pid = $1";

const IS_THERE: &str = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)";

/// The longest that a look takes.
const DEADLINE: Duration = Duration::from_secs(2);

/// So long may the server give no answer to a look before the statement is given up, too.
const SILENCE: Duration = Duration::from_secs(30);

/// What a look saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) blockers: Vec<Blocker>,
    /// What an index build does, and how much of that is done.
    pub(crate) build: Option<(String, Option<f64>)>,
    is_gone: bool,
}

/// Watches statements of other connections, over one of its own that is made when it is needed.
#[derive(Debug)]
pub(crate) struct Watched {
    database: Database,
    session: Option<Session>,
    /// Whether the server answered the last look, if only with an error: it may let nobody else in.
    was_answered: bool,
}

impl Watched {
    pub(crate) fn new(database: &Database) -> Self {
        Self { database: database.clone(), session: None, was_answered: false }
    }

    /// Does the work on the connection of process `pid`, and looks at it each time that this interval is
    /// over. Returns who was seen in its way last.
    ///
    /// The work is given up as lost where its process is gone, and where the server cannot be looked at for
    /// a long time: a connection that a network swallowed says nothing by itself.
    pub(crate) async fn run<T>(
        &mut self,
        pid: i32,
        interval: Duration,
        work: impl Future<Output = Result<T, ApplyError>>,
        mut on_look: impl FnMut(&Seen),
    ) -> (Result<T, ApplyError>, Vec<Blocker>) {
        let (mut blockers, mut gone, mut last_look) = (Vec::new(), 0, Instant::now());
        let mut work = std::pin::pin!(work);
        loop {
            let seen = tokio::select! {
                biased;
                done = &mut work => return (done, blockers),
                seen = self.look_after(interval, pid) => seen,
            };
            if seen.is_some() || self.was_answered {
                last_look = Instant::now();
            }
            if let Some(seen) = seen {
                // The answer may still be on its way.
                gone = if seen.is_gone { gone + 1 } else { 0 };
                on_look(&seen);
                if !seen.blockers.is_empty() {
                    blockers = seen.blockers;
                }
            }
            if gone > 2 || last_look.elapsed() > SILENCE {
                let context =
                    format!("the server's process {pid}, which ran the statement, is gone");
                return (Err(ApplyError::new(ApplyErrorKind::Unreachable, context)), blockers);
            }
        }
    }

    /// None where it could not be looked.
    async fn look_after(&mut self, interval: Duration, pid: i32) -> Option<Seen> {
        tokio::time::sleep(interval).await;
        self.was_answered = false;
        match tokio::time::timeout(DEADLINE, self.look(pid)).await {
            Ok(Ok(seen)) => return Some(seen),
            Ok(Err(error)) => {
                self.was_answered = error.sqlstate().is_some();
                tracing::debug!(%error, "who blocks is not known");
            }
            Err(_) => tracing::debug!("who blocks is not known: no answer"),
        }
        self.session = None;
        None
    }

    async fn look(&mut self, pid: i32) -> Result<Seen, ApplyError> {
        if self.session.is_none() {
            let session = self.database.session().await?;
            session.batch_execute("SET application_name = 'pgsre migrate watch'").await?;
            self.session = Some(session);
        }
        let Some(session) = &self.session else { return Ok(Seen::default()) };
        let own = [(&pid as &(dyn tokio_postgres::types::ToSql + Sync), Type::INT4)];
        let blockers = session.query_typed(BLOCKERS, &own).await?;
        let build = session.query_typed(BUILD, &own).await?;
        let there: bool = row(session, IS_THERE, &own).await?.try_get(0)?;
        let build =
            build.first().map(|row| Ok::<_, ApplyError>((row.try_get(0)?, row.try_get(1)?)));
        Ok(Seen {
            blockers: blockers.iter().map(read).collect::<Result<_, _>>()?,
            build: build.transpose()?,
            is_gone: !there,
        })
    }
}

fn read(row: &Row) -> Result<Blocker, ApplyError> {
    Ok(Blocker {
        pid: row.try_get(0)?,
        who: row.try_get(1)?,
        state: row.try_get(2)?,
        query: row.try_get(3)?,
        seconds: row.try_get(4)?,
    })
}
