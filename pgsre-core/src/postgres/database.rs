//! A database of a server: a pool of connections and sessions beside it.

use std::fmt;
use std::sync::Arc;

use deadpool_postgres::{Client, Manager, ManagerConfig, Pool, RecyclingMethod};

use super::config::ConnectConfig;
use super::connector::Connector;
use super::error::{PostgresError, PostgresErrorKind};
use super::session::{CancelToken, Session};
use super::version::ServerVersion;

mod pooled;

/// Connections that a pool holds at most.
const POOL_SIZE: usize = 4;

/// A database that can be reached. Clones share the pool.
#[derive(Clone)]
pub struct Database {
    connector: Arc<Connector>,
    pool: Pool,
    version: ServerVersion,
}

impl Database {
    /// Connects once, to learn the server's version and that everything is right; later connections
    /// are made when they are asked for. No statement time-out is set.
    ///
    /// # Errors
    /// Where no connection could be made; the kind says why. Cancel safe.
    pub async fn connect(config: ConnectConfig) -> Result<Self, PostgresError> {
        for warning in config.warnings() {
            tracing::warn!("{warning}");
        }
        let connector = Arc::new(Connector::new(config)?);
        let session = Session::open(&connector).await?;
        let version = server_version(&session).await?;
        session.close().await;
        let pool = pool(Arc::clone(&connector))?;
        Ok(Self { connector, pool, version })
    }

    /// A connection from the pool, clean of what its last user set; waits while all
    /// 4 are in use. Derefs to [`tokio_postgres::Client`].
    ///
    /// # Errors
    /// Where a new connection was needed and could not be made. Cancel safe.
    pub async fn client(&self) -> Result<Client, PostgresError> {
        self.pool.get().await.map_err(pooled::unpack)
    }

    /// A connection of one's own, outside of the pool.
    ///
    /// # Errors
    /// Where it could not be made. Cancel safe.
    pub async fn session(&self) -> Result<Session, PostgresError> {
        Session::open(&self.connector).await
    }

    /// What cancels the statement that runs on a connection of this pool.
    #[must_use]
    pub fn cancel_token(&self, client: &Client) -> CancelToken {
        CancelToken::new(client, self.connector.tls().cloned())
    }

    /// The server's version.
    #[must_use]
    pub fn version(&self) -> ServerVersion {
        self.version
    }

    /// How this database is reached.
    #[must_use]
    pub fn config(&self) -> &ConnectConfig {
        self.connector.config()
    }

    /// Closes the pool: idle connections at once, those in use when they are given back.
    pub fn close(&self) {
        self.pool.close();
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("config", self.config())
            .field("version", &self.version)
            .field("pool", &self.pool.status())
            .finish()
    }
}

fn pool(connector: Arc<Connector>) -> Result<Pool, PostgresError> {
    let settings = ManagerConfig { recycling_method: RecyclingMethod::Clean };
    // The driver's configuration stays empty: deadpool's `Debug` would show what is in it.
    let driver = tokio_postgres::Config::new();
    let manager = Manager::from_connect(driver, pooled::PooledConnector(connector), settings);
    Pool::builder(manager).max_size(POOL_SIZE).build().map_err(|error| {
        PostgresError::new(PostgresErrorKind::Invalid, "cannot make a pool").with_cause(error)
    })
}

async fn server_version(session: &Session) -> Result<ServerVersion, PostgresError> {
    const VERSION: &str = "SELECT pg_catalog.current_setting('server_version_num')";
    let text: String = session.query_one(VERSION, &[]).await?.try_get(0)?;
    text.parse().map(ServerVersion::from_num).map_err(|error| {
        PostgresError::new(
            PostgresErrorKind::Protocol,
            format!("the server's server_version_num is {text:?}"),
        )
        .with_cause(error)
    })
}
