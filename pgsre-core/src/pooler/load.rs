//! [`ServerLoad`]: the load of a server that has no pooler yet.

use std::time::Instant;

use crate::postgres::{Database, PostgresError};

/// What a server says of its load: counters since it started.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerLoad {
    /// Connections that ordinary roles may hold.
    pub usable_slots: Option<u64>,
    /// Client backends.
    pub backends: u64,
    /// Those of them that run a statement or wait within a transaction.
    pub busy: u64,
    /// Counters of each database.
    pub databases: Vec<DatabaseLoad>,
    at: Instant,
}

/// Counters of one database.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseLoad {
    /// Its name.
    pub name: String,
    /// Time that sessions were busy: statements and idle within transactions. `None` before 14.
    pub busy_seconds: Option<f64>,
    /// Transactions that ended.
    pub transactions: f64,
}

const SLOTS: &str = "\
    SELECT current_setting('max_connections')::int8 \
           - current_setting('superuser_reserved_connections')::int8 \
           - coalesce(current_setting('reserved_connections', true), '0')::int8, \
           count(*)::int8, \
           count(*) FILTER (WHERE state <> 'idle' AND pid <> pg_backend_pid())::int8 \
      FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'";

/// The times exist from 14 on; read as JSON, their absence is no error.
const DATABASES: &str = "\
    SELECT d.datname::text, \
           (to_jsonb(d) ->> 'active_time')::float8 \
           + (to_jsonb(d) ->> 'idle_in_transaction_time')::float8, \
           (d.xact_commit + d.xact_rollback)::float8 \
      FROM pg_catalog.pg_stat_database d WHERE d.datname IS NOT NULL";

impl ServerLoad {
    /// Reads the counters.
    ///
    /// # Errors
    /// Where the server cannot be asked. Cancel safe.
    pub async fn read(database: &Database) -> Result<Self, PostgresError> {
        let session = database.session().await?;
        let rows = session.query_typed(SLOTS, &[]).await?;
        let row = rows.first();
        let count = |at: usize| -> Result<Option<u64>, PostgresError> {
            let count: Option<i64> = row.map(|row| row.try_get(at)).transpose()?;
            Ok(count.and_then(|count| u64::try_from(count).ok()))
        };
        let (usable_slots, backends, busy) = (count(0)?, count(1)?, count(2)?);
        let rows = session.query_typed(DATABASES, &[]).await?;
        let at = Instant::now();
        let databases = rows
            .iter()
            .map(|row| {
                let milliseconds: Option<f64> = row.try_get(1)?;
                Ok(DatabaseLoad {
                    name: row.try_get(0)?,
                    busy_seconds: milliseconds.map(|milliseconds| milliseconds / 1e3),
                    transactions: row.try_get(2)?,
                })
            })
            .collect::<Result<_, tokio_postgres::Error>>()?;
        session.close().await;
        let (backends, busy) = (backends.unwrap_or(0), busy.unwrap_or(0));
        Ok(Self { usable_slots, backends, busy, databases, at })
    }

    /// Sessions of a database that were busy on average since an earlier reading, and the mean time
    /// of a transaction. `None` where that cannot be said: before 14, and after a reset.
    #[must_use]
    pub fn concurrency_since(&self, before: &Self, database: &str) -> Option<(f64, Option<f64>)> {
        let of = |load: &Self| load.databases.iter().find(|d| d.name == database).cloned();
        let (before_it, it) = (of(before)?, of(self)?);
        let busy = it.busy_seconds? - before_it.busy_seconds?;
        let transactions = it.transactions - before_it.transactions;
        let seconds = self.at.saturating_duration_since(before.at).as_secs_f64();
        let is_one_window = seconds > 0.0 && busy >= 0.0 && transactions >= 0.0;
        let mean = (transactions > 0.0).then(|| busy / transactions);
        is_one_window.then(|| (busy / seconds, mean))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn load(at: Instant, busy_seconds: Option<f64>, transactions: f64) -> ServerLoad {
        let shop = DatabaseLoad { name: "shop".to_owned(), busy_seconds, transactions };
        ServerLoad { usable_slots: Some(97), backends: 200, busy: 7, databases: vec![shop], at }
    }

    #[test]
    fn busy_sessions_are_busy_time_by_time() {
        let begin = Instant::now();
        let before = load(begin, Some(100.0), 1_000.0);
        let after = load(begin + Duration::from_secs(10), Some(170.0), 8_000.0);
        assert_eq!(after.concurrency_since(&before, "shop"), Some((7.0, Some(0.01))));
        assert_eq!(after.concurrency_since(&before, "other"), None);
    }

    #[test]
    fn a_reset_and_a_server_without_the_times_say_nothing() {
        let begin = Instant::now();
        let before = load(begin, Some(100.0), 1_000.0);
        let later = begin + Duration::from_secs(10);
        assert_eq!(load(later, Some(3.0), 2_000.0).concurrency_since(&before, "shop"), None);
        assert_eq!(load(later, None, 2_000.0).concurrency_since(&before, "shop"), None);
        assert_eq!(before.concurrency_since(&before, "shop"), None);
    }
}
