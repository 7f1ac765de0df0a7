//! What goes wrong with a history in a database.

use super::{RETRY, SampleStoreError};
use crate::postgres::{ConnectConfig, PostgresError};

#[derive(Debug)]
pub(super) enum Trouble {
    Postgres(PostgresError),
    TimedOut,
    Busy,
    JustFailed,
    Newer(i32),
    Foreign,
}

impl From<PostgresError> for Trouble {
    fn from(error: PostgresError) -> Self {
        Self::Postgres(error)
    }
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error.into())
    }
}

impl Trouble {
    pub(super) fn told_of(self, config: &ConnectConfig) -> SampleStoreError {
        match self {
            Self::Postgres(error) => {
                SampleStoreError::new(format!("the history in {config} cannot be used"))
                    .with_cause(error)
            }
            Self::TimedOut => SampleStoreError::new(format!(
                "the history in {config} does not answer in time: look what its server waits for"
            )),
            Self::Busy => SampleStoreError::new(format!(
                "the history in {config} is still at work for others: it is too slow for so many \
                 servers, or so short an interval"
            )),
            Self::JustFailed => SampleStoreError::new(format!(
                "the history in {config} failed less than {} s ago, and is left alone",
                RETRY.as_secs()
            )),
            Self::Newer(version) => SampleStoreError::new(format!(
                "the history in {config} was made by a newer version (its shape is {version}): \
                 upgrade, or name another database"
            )),
            Self::Foreign => SampleStoreError::new(format!(
                "the schema pgsre_samples in {config} is something else: name another database"
            )),
        }
    }
}
