//! Asking the server, over a session of one's own or over the monitor's.

use async_trait::async_trait;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::error::QueriesError;
use crate::monitor::ProbeContext;
use crate::postgres::Session;

/// Nothing is left prepared, so that a pooler in between does no harm.
#[async_trait]
pub(super) trait Ask: Sync {
    async fn rows(
        &self,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, QueriesError>;

    /// The one row of a query that always has one.
    async fn row(&self, sql: &str) -> Result<Row, QueriesError> {
        let rows = self.rows(sql, &[]).await?;
        rows.into_iter().next().ok_or_else(QueriesError::no_row)
    }
}

#[async_trait]
impl Ask for Session {
    async fn rows(
        &self,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, QueriesError> {
        Ok(self.query_typed(sql, params).await?)
    }
}

#[async_trait]
impl Ask for ProbeContext<'_> {
    async fn rows(
        &self,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, QueriesError> {
        Ok(ProbeContext::rows(self, sql, params).await?)
    }
}
