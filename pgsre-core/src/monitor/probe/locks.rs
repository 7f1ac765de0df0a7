//! Who waits for whom, and which transactions are old.

use async_trait::async_trait;
use tokio_postgres::types::Type;

use super::{Measured, Probe, ProbeContext};
use crate::monitor::{Metric, ProbeError, Sample};

mod chains;

use chains::Head;

/// Backends that wait for another's lock. `waitstart` came with 14; before, the statement's
/// age is the bound. It is NULL for the first instants of a wait.
const WAITERS: &[(u32, &str)] = &[
    (
        14,
        "\
    SELECT count(DISTINCT l.pid)::float8, \
           max(extract(epoch FROM clock_timestamp() - l.waitstart))::float8 \
      FROM pg_lock_status() l WHERE NOT l.granted",
    ),
    (
        0,
        "\
    SELECT count(DISTINCT l.pid)::float8, \
           max(extract(epoch FROM clock_timestamp() - a.state_change))::float8 \
      FROM pg_lock_status() l JOIN pg_stat_get_activity(NULL) a USING (pid) WHERE NOT l.granted",
    ),
];

/// Whom each waiter waits for; asked only while somebody waits. `pg_blocking_pids` holds up the lock
/// manager for a moment each time, so that a crowd is looked at in part.
const WAITS: &str = "\
    SELECT pid, pg_blocking_pids(pid) FROM \
      (SELECT DISTINCT pid FROM pg_lock_status() WHERE NOT granted LIMIT 50) AS waiter";

/// A backend, for people. No query: it may hold what is nobody's business.
const BACKEND: &str = "\
    SELECT pg_get_userbyid(usesysid)::text, application_name, \
           (SELECT datname::text FROM pg_database WHERE oid = datid), state, \
           extract(epoch FROM clock_timestamp() - \
             CASE WHEN state LIKE 'idle%' THEN state_change ELSE query_start END)::float8 \
      FROM pg_stat_get_activity($1)";

/// The oldest transaction of a client, and the oldest row version that vacuum must keep.
const OLDEST: &str = "\
    SELECT (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 \
              FROM pg_stat_get_activity(NULL) WHERE backend_type = 'client backend' \
               AND pid <> pg_backend_pid()), \
           greatest((SELECT max(age(backend_xmin)) FROM pg_stat_get_activity(NULL)), \
                    (SELECT max(age(xmin)) FROM pg_get_replication_slots()), \
                    (SELECT max(age(catalog_xmin)) FROM pg_get_replication_slots()), \
                    (SELECT max(age(transaction)) FROM pg_prepared_xact()), 0)::float8";

/// Waiting for locks, old transactions.
#[derive(Debug)]
pub struct Locks;

#[async_trait]
impl Probe for Locks {
    fn name(&self) -> &'static str {
        "locks"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[
            Metric::LocksBlocked,
            Metric::LocksLongestWaitSeconds,
            Metric::LongestTransactionSeconds,
            Metric::OldestXminAge,
        ]
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        let waiters = cx.row(cx.choose(WAITERS)).await?;
        let blocked: f64 = waiters.try_get(0)?;
        let longest: Option<f64> = waiters.try_get(1)?;
        let longest = if blocked == 0.0 { Some(0.0) } else { longest.map(|wait| wait.max(0.0)) };
        let note = if blocked > 0.0 { note(cx).await? } else { None };
        let oldest = cx.row(OLDEST).await?;
        let of = |metric, value| Sample::maybe(metric, value, cx.now);
        let noted = |metric, value| match &note {
            Some(note) => of(metric, value).noting(note),
            None => of(metric, value),
        };
        Ok(vec![
            noted(Metric::LocksBlocked, Some(blocked)),
            noted(Metric::LocksLongestWaitSeconds, longest),
            of(Metric::LongestTransactionSeconds, oldest.try_get(0)?),
            of(Metric::OldestXminAge, oldest.try_get(1)?),
        ]
        .into())
    }
}

/// Names are looked up in catalogues, which may be what is locked: then there is no note, and the
/// figures are there all the same.
async fn note(cx: &ProbeContext<'_>) -> Result<Option<String>, ProbeError> {
    cx.session.batch_execute("SAVEPOINT note").await?;
    match blocker(cx).await {
        Ok(note) => Ok(note),
        Err(_) => {
            cx.session.batch_execute("ROLLBACK TO SAVEPOINT note").await?;
            Ok(None)
        }
    }
}

/// Who holds up the most, in words; `None` where they are through meanwhile.
async fn blocker(cx: &ProbeContext<'_>) -> Result<Option<String>, ProbeError> {
    let mut waits = Vec::new();
    for row in cx.rows(WAITS, &[]).await? {
        waits.push((row.try_get(0)?, row.try_get(1)?));
    }
    let Some((head, heads)) = chains::worst(&waits) else { return Ok(None) };
    let who = if head.pid == 0 {
        "a prepared transaction".to_owned()
    } else {
        let rows = cx.rows(BACKEND, &[(&head.pid, Type::INT4)]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let backend = Backend {
            user: row.try_get(0)?,
            application: row.try_get(1)?,
            database: row.try_get(2)?,
            state: row.try_get(3)?,
            seconds: row.try_get(4)?,
        };
        backend.told(head.pid)
    };
    Ok(Some(told(&who, head, heads)))
}

/// A backend as `pg_stat_activity` has it; what this role may not see is NULL.
#[derive(Debug, Default)]
struct Backend {
    user: Option<String>,
    application: Option<String>,
    database: Option<String>,
    state: Option<String>,
    seconds: Option<f64>,
}

impl Backend {
    /// `pid 4711 (billing, user shop, database shop, idle in transaction for 73 s)`.
    fn told(self, pid: i32) -> String {
        let of = |what: &str, name: Option<String>| {
            name.filter(|name| !name.is_empty()).map(|name| format!("{what}{name}"))
        };
        let state = self.state.map(|state| match self.seconds {
            Some(seconds) => format!("{state} for {:.0} s", seconds.max(0.0)),
            None => state,
        });
        let parts = [
            of("", self.application),
            of("user ", self.user),
            of("database ", self.database),
            state,
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("pid {pid} ({})", parts.join(", "))
    }
}

fn told(who: &str, head: Head, heads: usize) -> String {
    let backends = if head.blocked == 1 { "backend" } else { "backends" };
    let mut text = format!("{who} holds up {} {backends}", head.blocked);
    if head.depth > 1 {
        text.push_str(&format!(", {} one behind the other", head.depth));
    }
    if heads > 1 {
        text.push_str(&format!("; {} others hold up fewer", heads - 1));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocker_is_told_as_far_as_it_is_seen() {
        let backend = Backend {
            user: Some("shop".into()),
            application: Some("billing".into()),
            database: Some("orders".into()),
            state: Some("idle in transaction".into()),
            seconds: Some(72.6),
        };
        let head = Head { pid: 4711, blocked: 12, depth: 3 };
        assert_eq!(
            told(&backend.told(4711), head, 3),
            "pid 4711 (billing, user shop, database orders, idle in transaction for 73 s) holds up \
             12 backends, 3 one behind the other; 2 others hold up fewer"
        );
        let hidden = Backend { user: Some("shop".into()), ..Backend::default() };
        let head = Head { pid: 5, blocked: 1, depth: 1 };
        assert_eq!(told(&hidden.told(5), head, 1), "pid 5 (user shop) holds up 1 backend");
    }
}
