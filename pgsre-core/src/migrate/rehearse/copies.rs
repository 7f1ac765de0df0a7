//! Copies of a database, made from it as a template.

use crate::postgres::{Database, PostgresError, Session, quote_identifier};

/// Those that were made, to be dropped.
#[derive(Debug)]
pub(super) struct Copies {
    restored: Database,
    /// On the database itself: CREATE DATABASE does not mind the session that runs it.
    session: Session,
    names: Vec<String>,
}

const OTHERS: &str = "select pg_terminate_backend(pid) from pg_stat_activity \
                      where datname = current_database() and pid <> pg_backend_pid() \
                      and usename = current_user and state = 'idle'";

impl Copies {
    pub(super) async fn of(restored: &Database) -> Result<Self, PostgresError> {
        let session = restored.session().await?;
        Ok(Self { restored: restored.clone(), session, names: Vec::new() })
    }

    /// Makes one. Idle sessions of the same role on the template are ended: nobody else may be
    /// connected to it.
    pub(super) async fn make(&mut self, label: &str) -> Result<Database, PostgresError> {
        let template = self.restored.config().database().to_owned();
        let pid = std::process::id();
        let name = format!("pgsre_rehearsal_{pid}_{label}");
        let failed = |error| {
            PostgresError::from_driver(format!("cannot copy the database {template}"), error)
        };
        self.session.simple_query(OTHERS).await.map_err(failed)?;
        let (new, old) = (quote_identifier(&name), quote_identifier(&template));
        self.names.push(name.clone());
        let sql = format!("CREATE DATABASE {new} TEMPLATE {old}");
        self.session.batch_execute(&sql).await.map_err(failed)?;
        Database::connect(self.restored.config().with_database(name)).await
    }

    /// Drops them, whoever is still connected to them.
    pub(super) async fn drop_all(self) -> Result<(), PostgresError> {
        let Self { session, names, .. } = self;
        for name in names {
            let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quote_identifier(&name));
            let dropped = session.batch_execute(&sql).await;
            dropped.map_err(|error| {
                PostgresError::from_driver(format!("cannot drop the copy {name}"), error)
            })?;
        }
        session.close().await;
        Ok(())
    }
}
