//! A read-only transaction at one snapshot: how a database is looked at.

use std::future::Future;
use std::time::Duration;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row, SimpleQueryMessage};
use tokio_util::sync::CancellationToken;

use super::error::{PostgresError, PostgresErrorKind};
use super::{Database, Session, quote_literal};

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Nothing of the database's own is found by name, rows that a policy hides are an error instead of
/// a smaller count, and whoever imports the snapshot finds it however long that takes.
const SETTINGS: &str = "\
    SET LOCAL row_security = off; \
    SET LOCAL search_path = pg_catalog; \
    SET LOCAL idle_in_transaction_session_timeout = 0; \
    SET LOCAL TimeZone = 'UTC'";

/// The longest wait for a server to take a request to cancel.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);

/// One session inside a read-only transaction that sees one snapshot of its database. Rows that a
/// policy hides are an error, the search path is `pg_catalog`, the time zone UTC.
///
/// Dropped, it ends with its session. Cancelling stops the statement in the server, too.
#[derive(Debug)]
pub struct Snapshot<'a> {
    session: Session,
    cancel: &'a CancellationToken,
}

impl<'a> Snapshot<'a> {
    /// Connects and begins. `cancel` stops this and everything that is asked later.
    ///
    /// # Errors
    /// Where no connection could be made; `Cancelled`. Cancel safe.
    pub async fn open(
        database: &Database,
        cancel: &'a CancellationToken,
    ) -> Result<Self, PostgresError> {
        Self::begin(database, cancel, &format!("{BEGIN}; {SETTINGS}")).await
    }

    /// Connects and begins at the snapshot that another transaction of the same database
    /// [exported](Self::export) and still holds open.
    ///
    /// # Errors
    /// As [`open`](Self::open); where there is no snapshot of this name.
    pub async fn import(
        database: &Database,
        id: &str,
        cancel: &'a CancellationToken,
    ) -> Result<Self, PostgresError> {
        let at = quote_literal(id);
        Self::begin(
            database,
            cancel,
            &format!("{BEGIN}; SET TRANSACTION SNAPSHOT {at}; {SETTINGS}"),
        )
        .await
    }

    async fn begin(
        database: &Database,
        cancel: &'a CancellationToken,
        begin: &str,
    ) -> Result<Self, PostgresError> {
        let session = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(cancelled("connecting to the database")),
            session = database.session() => session?,
        };
        let snapshot = Self { session, cancel };
        snapshot.execute("begin a read-only transaction", begin).await?;
        Ok(snapshot)
    }

    /// A name for this snapshot, for [`import`](Self::import) and `pg_dump --snapshot`: valid as
    /// long as this transaction is open. Works on a standby, too.
    ///
    /// # Errors
    /// Where the server refuses; `Cancelled`.
    pub async fn export(&self) -> Result<String, PostgresError> {
        const EXPORT: &str = "SELECT pg_catalog.pg_export_snapshot()";
        let what = "export the snapshot";
        let rows = self.rows(what, EXPORT, &[]).await?;
        let row = rows.first().ok_or_else(|| {
            PostgresError::new(PostgresErrorKind::Protocol, format!("cannot {what}: no answer"))
        })?;
        Ok(row.try_get(0)?)
    }

    /// Ends the transaction and the session in good order, so that the server has let go of them
    /// when this returns.
    pub async fn close(self) {
        self.session.close().await;
    }

    /// The rows of one query; `what` says in an error what was attempted.
    ///
    /// Nothing is left prepared, so that a pooler in between does no harm.
    ///
    /// # Errors
    /// What the server or the driver reports; `Cancelled`.
    pub async fn rows(
        &self,
        what: &str,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, PostgresError> {
        self.guard(what, self.session.query_typed(sql, params)).await
    }

    /// Runs statements whose rows do not matter.
    ///
    /// # Errors
    /// What the server or the driver reports; `Cancelled`.
    pub async fn execute(&self, what: &str, sql: &str) -> Result<(), PostgresError> {
        self.guard(what, self.session.batch_execute(sql)).await
    }

    /// Exact rows of one table without its children.
    ///
    /// # Errors
    /// What the server or the driver reports; `Cancelled`.
    pub async fn count(&self, table: &str) -> Result<u64, PostgresError> {
        let sql = format!("SELECT pg_catalog.count(*) FROM ONLY {table}");
        let rows = self.rows(&format!("count the rows of {table}"), &sql, &[]).await?;
        Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0).unsigned_abs()))
    }

    /// Rows of one table without its children, counted no further than `limit`.
    ///
    /// # Errors
    /// What the server or the driver reports; `Cancelled`.
    pub async fn count_up_to(&self, table: &str, limit: u64) -> Result<u64, PostgresError> {
        let sql = format!(
            "SELECT pg_catalog.count(*) FROM (SELECT FROM ONLY {table} LIMIT {}) AS r",
            limit.min(i64::MAX.unsigned_abs())
        );
        let rows = self.rows(&format!("count the rows of {table}"), &sql, &[]).await?;
        Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0).unsigned_abs()))
    }

    /// The type of a query's first column, without running it; `None` where it has no columns.
    ///
    /// # Errors
    /// What the server or the driver reports; `Cancelled`.
    pub async fn first_column(&self, what: &str, sql: &str) -> Result<Option<Type>, PostgresError> {
        let statement = self.guard(what, self.session.prepare(sql)).await?;
        Ok(statement.columns().first().map(|column| column.type_().clone()))
    }

    /// Runs a query and hands each row, as text, to `each`: whatever their number, none is kept.
    ///
    /// # Errors
    /// What the server or the driver reports; `Cancelled`.
    pub async fn stream(
        &self,
        what: &str,
        sql: &str,
        mut each: impl FnMut(&[Option<&str>]),
    ) -> Result<(), PostgresError> {
        use futures::TryStreamExt;
        self.guard(what, async {
            let mut messages = std::pin::pin!(self.session.simple_query_raw(sql).await?);
            while let Some(message) = messages.try_next().await? {
                if let SimpleQueryMessage::Row(row) = message {
                    let values: Vec<_> = (0..row.len()).map(|at| row.get(at)).collect();
                    each(&values);
                }
            }
            Ok(())
        })
        .await
    }

    /// Awaits an answer; on cancellation the server is told to stop, too.
    async fn guard<T>(
        &self,
        what: &str,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, PostgresError> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => {
                // The session ends with us; a request that is lost only costs the server time.
                let request = self.session.cancel_token();
                let _ = tokio::time::timeout(CANCEL_TIMEOUT, request.cancel()).await;
                Err(cancelled(what))
            }
            answer = answer => {
                answer.map_err(|error| PostgresError::from_driver(format!("cannot {what}"), error))
            }
        }
    }
}

fn cancelled(what: &str) -> PostgresError {
    PostgresError::new(PostgresErrorKind::Cancelled, format!("cancelled: {what}"))
}
