//! Reading one object so that its failure spoils no other.

use std::future::Future;

use super::super::{FingerprintError, Gap};
use crate::finding::chain;
use crate::postgres::{PostgresError, PostgresErrorKind, Snapshot};

/// How reading an object ended.
#[derive(Debug)]
pub(super) enum Attempt<T> {
    Done(T),
    /// The server refused this one; the transaction goes on.
    Refused(Refusal),
}

/// Why a server refused to read an object.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) why: String,
    /// A lock that was not to be had in time.
    pub(super) is_lock: bool,
}

impl Refusal {
    pub(super) fn of(error: &PostgresError) -> Self {
        let is_lock = error.sqlstate().is_some_and(|state| state.code() == "55P03");
        Self { why: server_message(error).unwrap_or_else(|| chain(error)), is_lock }
    }

    pub(super) fn gap(self, subject: String) -> Gap {
        Gap { subject, why: self.why }
    }
}

/// What the server said, without what was attempted: a gap's subject says that.
fn server_message(error: &PostgresError) -> Option<String> {
    let cause = std::error::Error::source(error)?.downcast_ref::<tokio_postgres::Error>()?;
    Some(cause.as_db_error()?.message().to_owned())
}

/// Runs what reads an object inside a savepoint, which is rolled back where the server refuses.
pub(super) async fn run<T>(
    snapshot: &Snapshot<'_>,
    reading: impl Future<Output = Result<T, PostgresError>>,
) -> Result<Attempt<T>, FingerprintError> {
    snapshot.execute("set a savepoint", "SAVEPOINT attempt").await?;
    let ended = reading.await;
    settle(snapshot, ended, Some("RELEASE SAVEPOINT attempt")).await
}

/// After a statement that set the savepoint by itself, and released it where it succeeded.
pub(super) async fn settle<T>(
    snapshot: &Snapshot<'_>,
    ended: Result<T, PostgresError>,
    release: Option<&str>,
) -> Result<Attempt<T>, FingerprintError> {
    match ended {
        Ok(value) => {
            if let Some(release) = release {
                snapshot.execute("release a savepoint", release).await?;
            }
            Ok(Attempt::Done(value))
        }
        Err(error) if is_about_one_object(&error) => {
            let refusal = Refusal::of(&error);
            snapshot
                .execute("roll back", "ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt")
                .await?;
            Ok(Attempt::Refused(refusal))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether the server is well, and only this object is not. A server that shuts down (57P..), or a
/// standby that took the snapshot away (40001), spoils everything.
fn is_about_one_object(error: &PostgresError) -> bool {
    error.kind() == PostgresErrorKind::Server
        && error.sqlstate().is_some_and(|state| {
            let code = state.code();
            !code.starts_with("57P") && code != "40001"
        })
}
