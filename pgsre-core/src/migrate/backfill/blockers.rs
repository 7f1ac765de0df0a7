//! Who is in the way of a statement that waits.

use std::time::Duration;

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::migrate::error::ApplyError;
use crate::migrate::event::Blocker;
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

/// The longest that a look takes.
const DEADLINE: Duration = Duration::from_secs(2);

/// Watches statements of other connections, over one of its own that is made when it is needed.
#[derive(Debug)]
pub(in crate::migrate) struct Watched {
    database: Database,
    session: Option<Session>,
}

impl Watched {
    pub(in crate::migrate) fn new(database: &Database) -> Self {
        Self { database: database.clone(), session: None }
    }

    /// Does the work on the connection of process `pid`, and looks who blocks it each time that this
    /// interval is over. Who was seen last is in the way.
    pub(in crate::migrate) async fn run<T>(
        &mut self,
        pid: i32,
        interval: Duration,
        work: impl Future<Output = T>,
    ) -> (T, Vec<Blocker>) {
        let mut blockers = Vec::new();
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return (done, blockers),
                seen = self.look_after(interval, pid) => {
                    if !seen.is_empty() {
                        blockers = seen;
                    }
                }
            }
        }
    }

    async fn look_after(&mut self, interval: Duration, pid: i32) -> Vec<Blocker> {
        tokio::time::sleep(interval).await;
        match tokio::time::timeout(DEADLINE, self.look(pid)).await {
            Ok(Ok(seen)) => seen,
            Ok(Err(error)) => {
                tracing::debug!(%error, "who blocks is not known");
                self.session = None;
                Vec::new()
            }
            Err(_) => {
                self.session = None;
                Vec::new()
            }
        }
    }

    async fn look(&mut self, pid: i32) -> Result<Vec<Blocker>, ApplyError> {
        if self.session.is_none() {
            let session = self.database.session().await?;
            session.batch_execute("SET application_name = 'pgsre migrate watch'").await?;
            self.session = Some(session);
        }
        let Some(session) = &self.session else { return Ok(Vec::new()) };
        let rows = session.query_typed(BLOCKERS, &[(&pid, Type::INT4)]).await?;
        rows.iter().map(read).collect()
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
