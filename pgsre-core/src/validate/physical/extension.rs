//! Where amcheck is: as the database has it, or made for the time of the check.

use super::super::ValidatorError;
use super::regclass;
use super::relations::{Storage, StorageKind};
use crate::postgres::{Session, quote_identifier};

/// The schema of an amcheck of our own.
const SCHEMA: &str = "pgsre_amcheck";

const INSTALLED: &str = "\
    SELECT n.nspname, e.extversion FROM pg_catalog.pg_extension e \
      JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'";

/// In a role of replicas, no event trigger of the database's own fires.
const CREATE: &str = "\
    BEGIN; SET LOCAL session_replication_role = replica; \
    CREATE SCHEMA pgsre_amcheck; CREATE EXTENSION amcheck SCHEMA pgsre_amcheck; COMMIT";

const DROP: &str = "\
    BEGIN; SET LOCAL session_replication_role = replica; \
    DROP EXTENSION IF EXISTS amcheck; DROP SCHEMA IF EXISTS pgsre_amcheck; COMMIT";

/// amcheck in the restored database.
#[derive(Debug)]
pub(super) struct Amcheck {
    schema: String,
    /// `bt_index_check` also compares the values of unique indexes: from 1.4, which 17 brought.
    checks_unique: bool,
    /// Whether it is ours, to be removed again.
    own: bool,
}

impl Amcheck {
    /// The one that is there, or one of our own. The inner error says why there is none.
    pub(super) async fn find(
        session: &Session,
        major: u32,
    ) -> Result<Result<Self, String>, ValidatorError> {
        if let Some(there) = installed(session, major, false).await? {
            return Ok(Ok(there));
        }
        if let Err(error) = session.batch_execute(CREATE).await {
            // A transaction that failed is still open.
            session.batch_execute("ROLLBACK").await.map_err(failed)?;
            return match error.as_db_error() {
                Some(answer) => Ok(Err(answer.message().to_owned())),
                None => Err(failed(error)),
            };
        }
        let made = installed(session, major, true).await?;
        Ok(made.ok_or_else(|| "it was made and is not there".to_owned()))
    }

    /// Removes one of our own. What is left in a place that is removed anyway does no harm.
    pub(super) async fn remove(&self, session: &Session) {
        if !self.own {
            return;
        }
        if let Err(error) = session.batch_execute(DROP).await {
            tracing::warn!(%error, schema = SCHEMA, "amcheck could not be removed");
        }
    }

    /// What looks at a relation: its first column is empty where all is well.
    pub(super) fn query(&self, storage: &Storage) -> String {
        let (schema, relation) = (quote_identifier(&self.schema), regclass(storage));
        match storage.kind {
            StorageKind::Table => format!(
                "SELECT pg_catalog.format('block %s, item %s: %s', blkno, offnum, msg) \
                   FROM {schema}.verify_heapam({relation}, on_error_stop => true, \
                        check_toast => true) LIMIT 1"
            ),
            StorageKind::Index => {
                let unique = storage.unique && self.checks_unique;
                let unique = if unique { ", checkunique => true" } else { "" };
                format!(
                    "SELECT ''::pg_catalog.text FROM {schema}.bt_index_check({relation}, \
                     heapallindexed => true{unique})"
                )
            }
        }
    }
}

async fn installed(
    session: &Session,
    major: u32,
    own: bool,
) -> Result<Option<Amcheck>, ValidatorError> {
    let rows = session.query_typed(INSTALLED, &[]).await.map_err(failed)?;
    Ok(rows.first().map(|row| {
        let version: &str = row.get(1);
        let minor = version.strip_prefix("1.").and_then(|minor| minor.parse::<u32>().ok());
        let checks_unique = major >= 17 && minor.is_some_and(|minor| minor >= 4);
        Amcheck { schema: row.get(0), checks_unique, own }
    }))
}

fn failed(error: tokio_postgres::Error) -> ValidatorError {
    ValidatorError::new("make amcheck ready").with_cause(error)
}
