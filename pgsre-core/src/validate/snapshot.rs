//! A read-only transaction at one snapshot: how every validator asks.

use std::future::Future;
use std::time::Duration;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row, SimpleQueryMessage};
use tokio_util::sync::CancellationToken;

use super::ValidatorError;
use crate::postgres::{Database, Session};

/// Nothing of the database's own is found by name, and rows that a policy hides are an error
/// instead of a smaller count.
const BEGIN: &str = "\
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL row_security = off; \
    SET LOCAL search_path = pg_catalog; \
    SET LOCAL TimeZone = 'UTC'";

/// The longest wait for a server to take a request to cancel.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);

/// One session inside a read-only transaction. Dropped, it ends with its session.
#[derive(Debug)]
pub(super) struct Snapshot<'a> {
    session: Session,
    cancel: &'a CancellationToken,
}

impl<'a> Snapshot<'a> {
    /// Connects and begins.
    pub(super) async fn open(
        database: &Database,
        cancel: &'a CancellationToken,
    ) -> Result<Self, ValidatorError> {
        let session = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(cancelled("connecting to the database")),
            session = database.session() => session.map_err(|error| {
                ValidatorError::new("cannot connect to the database").with_cause(error)
            })?,
        };
        let snapshot = Self { session, cancel };
        snapshot.execute("begin a read-only transaction", BEGIN).await?;
        Ok(snapshot)
    }

    /// The rows of one query; `what` says in an error what was attempted.
    ///
    /// Nothing is left prepared, so that a pooler in between does no harm.
    pub(super) async fn rows(
        &self,
        what: &str,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, ValidatorError> {
        self.guard(what, self.session.query_typed(sql, params)).await
    }

    /// Runs statements whose rows do not matter.
    pub(super) async fn execute(&self, what: &str, sql: &str) -> Result<(), ValidatorError> {
        self.guard(what, self.session.batch_execute(sql)).await
    }

    /// Exact rows of one table without its children.
    pub(super) async fn count(&self, table: &str) -> Result<u64, ValidatorError> {
        let sql = format!("SELECT pg_catalog.count(*) FROM ONLY {table}");
        let rows = self.rows(&format!("count the rows of {table}"), &sql, &[]).await?;
        Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0).unsigned_abs()))
    }

    /// Rows of one table without its children, counted no further than `limit`.
    pub(super) async fn count_up_to(&self, table: &str, limit: u64) -> Result<u64, ValidatorError> {
        let sql = format!(
            "SELECT pg_catalog.count(*) FROM (SELECT FROM ONLY {table} LIMIT {}) AS r",
            limit.min(i64::MAX.unsigned_abs())
        );
        let rows = self.rows(&format!("count the rows of {table}"), &sql, &[]).await?;
        Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0).unsigned_abs()))
    }

    /// The type of a query's first column, without running it; `None` where it has no columns.
    pub(super) async fn first_column(
        &self,
        what: &str,
        sql: &str,
    ) -> Result<Option<Type>, ValidatorError> {
        let statement = self.guard(what, self.session.prepare(sql)).await?;
        Ok(statement.columns().first().map(|column| column.type_().clone()))
    }

    /// Runs a query and hands each row, as text, to `each`: whatever their number, none is kept.
    pub(super) async fn stream(
        &self,
        what: &str,
        sql: &str,
        mut each: impl FnMut(&[Option<&str>]),
    ) -> Result<(), ValidatorError> {
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
    ) -> Result<T, ValidatorError> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => {
                // The session ends with us; a request that is lost only costs the server time.
                let request = self.session.cancel_token();
                let _ = tokio::time::timeout(CANCEL_TIMEOUT, request.cancel()).await;
                Err(cancelled(what))
            }
            answer = answer => answer.map_err(|error| {
                ValidatorError::new(format!("cannot {what}")).with_cause(error)
            }),
        }
    }
}

fn cancelled(what: &str) -> ValidatorError {
    ValidatorError::new(format!("cancelled: {what}"))
}
