//! Where a loader works, and how it connects.

use crate::finding::chain;
use crate::postgres::{ConnectConfig, Database, PostgresError, PostgresErrorKind};

use super::super::{TargetError, TargetErrorKind};

/// Where a load goes: one database of a server that is not ours, or a whole server of our own.
#[derive(Clone, Debug)]
pub(in crate::restore) struct Place {
    /// The server; its database does not matter.
    pub(in crate::restore) config: ConnectConfig,
    /// The database that the load begins in, and that a scratch load stays in.
    pub(in crate::restore) database: String,
    /// Whether the whole server is a throw-away: then roles and databases are made as written.
    pub(in crate::restore) owns_server: bool,
    /// Whether the database that the load begins in has the locale of the source.
    pub(in crate::restore) locale_known: bool,
    /// The role that restores.
    pub(in crate::restore) superuser: String,
}

impl Place {
    /// Connects to one database of the place.
    pub(in crate::restore) async fn connect(
        &self,
        database: &str,
    ) -> Result<Database, TargetError> {
        Database::connect(self.config.with_database(database))
            .await
            .map_err(|error| from_postgres(&error))
    }

    #[cfg(test)]
    pub(super) fn for_tests(owns_server: bool) -> Self {
        let directory = std::path::Path::new("/nowhere");
        Self {
            config: ConnectConfig::socket(directory, 5432, "postgres", "postgres"),
            database: "pgsre_drill_test".to_owned(),
            owns_server,
            locale_known: true,
            superuser: "postgres".to_owned(),
        }
    }
}

/// An error of the connection as an error of the target.
pub(in crate::restore) fn from_postgres(error: &PostgresError) -> TargetError {
    let kind = match error.kind() {
        PostgresErrorKind::Invalid => TargetErrorKind::Invalid,
        PostgresErrorKind::NoServer => TargetErrorKind::NoServer,
        PostgresErrorKind::Authentication => TargetErrorKind::Denied,
        PostgresErrorKind::Unreachable | PostgresErrorKind::TimedOut | PostgresErrorKind::Start => {
            TargetErrorKind::Unreachable
        }
        _ => TargetErrorKind::Failed,
    };
    TargetError::new(kind, chain(error)).with_hint(error.hint())
}
