//! The roles that a dump mentions: a dump of one database carries none of them.

use std::collections::BTreeSet;

use super::super::TargetError;
use super::super::TargetErrorKind;
use super::Place;
use super::connection::Connection;
use super::place::from_postgres;
use crate::postgres::quote_identifier;

/// Which roles the server has, as far as was asked.
#[derive(Debug, Default)]
pub(super) struct Roles {
    known: BTreeSet<String>,
    missing: BTreeSet<String>,
}

impl Roles {
    /// Those of the mentioned roles that the server does not have.
    pub(super) async fn missing(
        &mut self,
        connection: &mut Connection,
        mentioned: Vec<String>,
    ) -> Result<Vec<String>, TargetError> {
        let unsure = |role: &String| !self.known.contains(role) && !self.missing.contains(role);
        if mentioned.iter().any(unsure) {
            self.ask(connection, &mentioned).await?;
        }
        Ok(mentioned.into_iter().filter(|role| !self.known.contains(role)).collect())
    }

    /// Creates a role that can do nothing, over a connection of its own: the loading one may act
    /// as somebody else.
    pub(super) async fn create(
        &mut self,
        place: &Place,
        database: &str,
        role: &str,
    ) -> Result<(), TargetError> {
        let session = place.connect(database).await?.session().await;
        let session = session.map_err(|error| from_postgres(&error))?;
        let sql = format!("CREATE ROLE {} NOLOGIN", quote_identifier(role));
        session.batch_execute(&sql).await.map_err(|error| {
            TargetError::new(TargetErrorKind::Failed, format!("cannot create role {role:?}"))
                .with_cause(error)
        })?;
        session.close().await;
        self.missing.remove(role);
        self.known.insert(role.to_owned());
        Ok(())
    }

    /// A role may come or go by a statement of the dump: ask again.
    pub(super) fn forget(&mut self) {
        self.known.clear();
        self.missing.clear();
    }

    async fn ask(
        &mut self,
        connection: &mut Connection,
        mentioned: &[String],
    ) -> Result<(), TargetError> {
        self.known = connection
            .column("SELECT rolname FROM pg_catalog.pg_roles")
            .await?
            .into_iter()
            .collect();
        let missing = mentioned.iter().filter(|role| !self.known.contains(*role));
        self.missing.extend(missing.cloned());
        Ok(())
    }
}
