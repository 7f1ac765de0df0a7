//! One connection of one's own, outside of the pool.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::config::ConnectConfig;
use super::connector::Connector;
use super::error::PostgresError;

/// A dedicated connection: what is set, locked or begun on it stays on it.
///
/// Dropping it closes the socket at once, whatever runs; [`close`](Self::close) says goodbye first.
pub struct Session {
    client: Client,
    driver: Driver,
    tls: Option<MakeRustlsConnect>,
}

/// Aborts the task when dropped; empty once it was waited for.
struct Driver(Option<JoinHandle<()>>);

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

impl Session {
    pub(super) async fn open(connector: &Connector) -> Result<Self, PostgresError> {
        let (client, driver) = connector.open().await?;
        Ok(Self { client, driver: Driver(Some(driver)), tls: connector.tls().cloned() })
    }

    /// Opens a connection and asks nothing over it: also for what speaks the protocol but is no
    /// PostgreSQL, as a pooler's console.
    ///
    /// # Errors
    /// Where it could not be made. Cancel safe.
    pub async fn connect(config: ConnectConfig) -> Result<Self, PostgresError> {
        for warning in config.warnings() {
            tracing::warn!("{warning}");
        }
        Self::open(&Connector::new(config)?).await
    }

    /// What cancels the statement that runs on this session, from anywhere.
    #[must_use]
    pub fn cancel_token(&self) -> CancelToken {
        CancelToken::new(&self.client, self.tls.clone())
    }

    /// Ends the session in good order, so that the server has let go of it when this returns; waits
    /// 5 seconds at most. Cancel safe: a dropped future closes the socket.
    pub async fn close(self) {
        let Self { client, mut driver, .. } = self;
        drop(client);
        let Some(task) = &mut driver.0 else { return };
        if tokio::time::timeout(Duration::from_secs(5), task).await.is_err() {
            tracing::debug!("a session did not end in time; its socket is closed");
        }
    }

    /// Cancels what runs and closes the socket, so that the server lets go of the session soon;
    /// waits 10 seconds at most. Nothing can be done on it afterwards, but to drop it.
    pub(crate) async fn break_off(&mut self) {
        if let Err(error) = self.cancel_token().cancel().await {
            tracing::debug!(%error, "the server could not be asked to cancel");
        }
        if let Some(task) = self.driver.0.take() {
            task.abort();
            // It was aborted, which is no news.
            let _ = task.await;
        }
    }
}

impl Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("closed", &self.client.is_closed()).finish_non_exhaustive()
    }
}

/// Cancels what runs on one connection, over TLS where that connection uses it.
#[derive(Clone)]
pub struct CancelToken {
    token: tokio_postgres::CancelToken,
    tls: Option<MakeRustlsConnect>,
}

impl CancelToken {
    pub(super) fn new(client: &Client, tls: Option<MakeRustlsConnect>) -> Self {
        Self { token: client.cancel_token(), tls }
    }

    /// Asks the server to cancel what runs. The statement then fails with SQLSTATE 57014, unless
    /// it was done before.
    ///
    /// # Errors
    /// Where the server could not be reached; waits 10 seconds at most.
    pub async fn cancel(&self) -> Result<(), PostgresError> {
        let asking = async {
            match &self.tls {
                Some(tls) => self.token.cancel_query(tls.clone()).await,
                None => self.token.cancel_query(NoTls).await,
            }
        };
        match tokio::time::timeout(Duration::from_secs(10), asking).await {
            Ok(asked) => asked
                .map_err(|error| PostgresError::from_driver("cannot cancel a statement", error)),
            Err(_) => Err(PostgresError::new(
                super::error::PostgresErrorKind::TimedOut,
                "the server did not take a request to cancel within 10 s",
            )),
        }
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken").finish_non_exhaustive()
    }
}
