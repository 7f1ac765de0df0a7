//! The one connection that a run has, and its hold on the run: one runner at a time.

use std::time::{Duration, Instant};

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};
use tokio_util::sync::CancellationToken;

use super::error::{ApplyError, ApplyErrorKind};
use super::event::{ApplyEvent, ApplyObserver};
use crate::postgres::{Database, Session, quote_literal};

/// The first key of our advisory locks: "pgsr".
const LOCKS: i32 = 0x7067_7372;

/// What runs is bounded on the server's side too: where we vanish, it lets go by itself. Row security
/// would leave rows out in silence: with this it is an error. Times as ISO has them, so that a key
/// reads the same wherever it is read.
const SETTINGS: &str = "\
    SET row_security = off; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; \
    SET extra_float_digits = 1; SET bytea_output = 'hex'; SET jit = off; \
    SET idle_in_transaction_session_timeout = '30s'; \
    SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off; \
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";

/// For everything that says none of its own.
pub(crate) const TIMEOUTS: &str = "SET lock_timeout = '2s'; SET statement_timeout = '30s'";

/// So that a statement whose client is gone ends at once. Since 14.
const CHECK_CLIENT: &str = "SET client_connection_check_interval = '500ms'";

const IDENTITY: &str = "SELECT pg_backend_pid(), pg_is_in_recovery()";

const TAKE: &str = "SELECT pg_try_advisory_lock($1, hashtext($2))";

/// Who holds it: the second key of an advisory lock is its `objid`.
const HOLDER: &str = "\
    SELECT a.pid, coalesce(a.application_name, ''), coalesce(host(a.client_addr), 'this machine') \
      FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
     WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1::int4::oid \
       AND l.objid = hashtext($2)::oid \
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// How long a runner that was killed may take to be gone from the server.
const LINGER: Duration = Duration::from_secs(3);

/// The longest that is waited between two attempts to connect.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// A hold on a run.
#[derive(Debug)]
pub(crate) struct Hold {
    database: Database,
    /// The run's name.
    run: String,
    session: Session,
    pid: i32,
    /// Settings of the migration's own that a new connection begins with.
    settings: Vec<String>,
    /// The role that the migration has taken: `SET ROLE app`. The state is written without it.
    role: Option<String>,
}

impl Hold {
    /// Connects and takes the run; it is let go of with the connection.
    pub(crate) async fn take(database: &Database, run: &str) -> Result<Self, ApplyError> {
        let (session, pid) = open(database, run).await?;
        refuse_pooler(database, &session, pid).await?;
        let (database, run) = (database.clone(), run.to_owned());
        let hold = Self { database, run, session, pid, settings: Vec::new(), role: None };
        hold.lock().await?;
        Ok(hold)
    }

    /// The run's name.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// The database.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The server's process.
    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    /// The connection.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Has each connection that is made from now on begin with these settings of the migration's.
    pub(crate) fn keep(&mut self, settings: impl IntoIterator<Item = String>) {
        for setting in settings {
            match role_of(&setting) {
                Some(role) => self.role = role,
                None => self.settings.push(setting),
            }
        }
    }

    /// The statement by which the migration has taken its role.
    pub(crate) fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// Makes the settings that are kept.
    pub(crate) async fn settle(&self) -> Result<(), ApplyError> {
        for setting in &self.settings {
            self.session.batch_execute(setting).await?;
        }
        Ok(())
    }

    /// Says goodbye, so that the next runner need not wait.
    pub(crate) async fn close(self) {
        self.session.close().await;
    }

    /// Makes the connection anew and takes the run again, for as long as `patience` allows.
    pub(crate) async fn restore(
        &mut self,
        lost: ApplyError,
        patience: Duration,
        observer: &dyn ApplyObserver,
        cancel: &CancellationToken,
    ) -> Result<(), ApplyError> {
        let begin = Instant::now();
        let error = crate::finding::chain(&lost);
        observer.on_event(&ApplyEvent::ConnectionLost { error });
        let mut wait = Duration::from_millis(50);
        let mut last = lost;
        while begin.elapsed() < patience && !cancel.is_cancelled() {
            match self.anew().await {
                Ok(()) => {
                    let seconds = begin.elapsed().as_secs_f64();
                    observer.on_event(&ApplyEvent::Reconnected { seconds });
                    return Ok(());
                }
                // After a failover the role or the database may be there a moment later; behind a network
                // that was cut the server may hold our old session, and with it the run, a while longer.
                Err(error) => last = error,
            }
            rest(jittered(wait), cancel).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        if last.kind() == ApplyErrorKind::Running {
            return Err(last);
        }
        let waited = begin.elapsed().as_secs();
        let context = format!("there is no connection to the server any more, after {waited} s");
        Err(ApplyError::new(ApplyErrorKind::Unreachable, context).with_cause(last))
    }

    async fn anew(&mut self) -> Result<(), ApplyError> {
        (self.session, self.pid) = open(&self.database, &self.run).await?;
        self.lock().await?;
        self.settle().await
    }

    async fn lock(&self) -> Result<(), ApplyError> {
        let begin = Instant::now();
        loop {
            let key: [(&(dyn ToSql + Sync), Type); 2] =
                [(&LOCKS, Type::INT4), (&self.run, Type::TEXT)];
            let taken = self.session.query_typed(TAKE, &key).await?;
            if taken.first().map_or(Ok(false), |row| row.try_get(0))? {
                return Ok(());
            }
            if begin.elapsed() > LINGER {
                let holder = self.session.query_typed(HOLDER, &key).await?;
                return Err(already_running(&self.run, holder.first())?);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// What a statement does to the role, where it does something: taken by this statement, or given back.
fn role_of(setting: &str) -> Option<Option<String>> {
    let words: Vec<String> =
        setting.trim_end_matches(';').split_whitespace().map(str::to_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["reset", "role"] | ["set", "role", "none"] | ["set", "session", "role", "none"] => {
            Some(None)
        }
        ["set", "role", ..] | ["set", "session", "role", ..] => {
            Some(Some(setting.trim_end_matches(';').to_owned()))
        }
        _ => None,
    }
}

/// Waits, unless the caller asks to stop.
pub(crate) async fn rest(time: Duration, cancel: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = cancel.cancelled() => {}
    }
}

/// Half of it to one and a half, so that several that wait do not come back at once.
pub(crate) fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(0.5 + rand::random::<f64>())
}

/// One row of a query that always has one.
pub(crate) async fn row(
    client: &Client,
    sql: &str,
    params: &[(&(dyn ToSql + Sync), Type)],
) -> Result<Row, ApplyError> {
    let rows = client.query_typed(sql, params).await?;
    let none = || ApplyError::new(ApplyErrorKind::Statement, "the server answered with no row");
    rows.into_iter().next().ok_or_else(none)
}

async fn open(database: &Database, run: &str) -> Result<(Session, i32), ApplyError> {
    let session = database.session().await?;
    // Longer names are cut by the server, with a notice.
    let name: String = format!("pgsre migrate {run}").chars().take(40).collect();
    let name = quote_literal(&name);
    session
        .batch_execute(&format!("SET application_name = {name}; {SETTINGS}; {TIMEOUTS}"))
        .await?;
    if database.version().major() >= 14 {
        // Not on every platform.
        let _ = session.batch_execute(CHECK_CLIENT).await;
    }
    let row = row(&session, IDENTITY, &[]).await?;
    if row.try_get(1)? {
        let context = format!("{} is a standby", database.config());
        return Err(ApplyError::new(ApplyErrorKind::Unreachable, context));
    }
    Ok((session, row.try_get(0)?))
}

/// Two connections that are open at once have two processes, unless a pooler lends one to both.
async fn refuse_pooler(database: &Database, session: &Session, pid: i32) -> Result<(), ApplyError> {
    let other = database.session().await?;
    let theirs: i32 = row(&other, IDENTITY, &[]).await?.try_get(0)?;
    let ours: i32 = row(session, IDENTITY, &[]).await?.try_get(0)?;
    other.close().await;
    if ours == pid && theirs != pid {
        return Ok(());
    }
    Err(ApplyError::new(
        ApplyErrorKind::Pooled,
        format!("{} leads through a pooler in transaction mode", database.config()),
    ))
}

fn already_running(run: &str, holder: Option<&Row>) -> Result<ApplyError, ApplyError> {
    let who = match holder {
        Some(row) => {
            let (pid, name, address): (i32, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            format!(": process {pid} ({name}) from {address}")
        }
        None => String::new(),
    };
    let context = format!("another runner is at {run}{who}");
    Ok(ApplyError::new(ApplyErrorKind::Running, context))
}

#[cfg(test)]
mod tests {
    use super::role_of;

    #[test]
    fn a_role_is_told_from_other_settings() {
        assert_eq!(role_of("SET ROLE app;"), Some(Some("SET ROLE app".to_owned())));
        assert_eq!(
            role_of("set session role \"App\""),
            Some(Some("set session role \"App\"".to_owned()))
        );
        for back in ["RESET ROLE;", "set role none"] {
            assert_eq!(role_of(back), Some(None), "{back}");
        }
        assert_eq!(role_of("SET search_path TO shop"), None);
    }
}
