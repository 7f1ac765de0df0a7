//! [`Console`]: asking a running PgBouncer.

use std::time::Duration;

use tokio_postgres::SimpleQueryMessage;

use super::PoolerVersion;
use super::show::{
    ClientRow, ConfigRow, DatabaseRow, MemoryRow, PoolRow, StateRow, StatsRow, UserRow,
};
use crate::postgres::{ConnectConfig, Session};
use row::Rows;

mod error;
pub(super) mod row;

pub use error::ConsoleError;

/// The longest that the console takes to let us in, and for one answer.
const DEADLINE: Duration = Duration::from_secs(3);

/// The console is the database of this name.
const DATABASE: &str = "pgbouncer";

/// A connection to the console.
///
/// The console is no PostgreSQL: the extended protocol ends the connection, and so do the start-up
/// parameters `options`, `extra_float_digits` and their like; `SELECT 1` and the empty query are
/// errors. So everything is one command by the simple protocol, and columns are read by their names,
/// since versions add some in the middle. A user of `stats_users` may do all that is done here.
#[derive(Debug)]
pub struct Console {
    session: Session,
    version: PoolerVersion,
}

impl Console {
    /// Connects. Only where to, who and TLS are taken from the configuration: the database is
    /// always the console, and `options` are left out.
    ///
    /// # Errors
    /// Where nobody listens or we are not let in, and where it is not PgBouncer that answers. Waits
    /// 3 seconds at most. Cancel safe.
    pub async fn connect(config: &ConnectConfig) -> Result<Self, ConsoleError> {
        let config = config.with_database(DATABASE).without_session_settings();
        let at = config.to_string();
        let opening = Session::connect(config);
        let session = tokio::time::timeout(DEADLINE, opening)
            .await
            .map_err(|_| ConsoleError::late(&at))?
            .map_err(|error| ConsoleError::unreached(&at, error))?;
        let mut console = Self { session, version: PoolerVersion::new(0, 0) };
        // A PostgreSQL server knows no setting of this name.
        let said =
            console.show("VERSION").await.and_then(|rows| rows.read(|row| row.text("version")));
        let found = said.as_ref().ok().and_then(|said| said.first()).map(|said| said.as_str());
        console.version = match found.filter(|said| said.starts_with("PgBouncer")) {
            Some(said) => PoolerVersion::find(said).ok_or_else(|| ConsoleError::no_pooler(&at))?,
            None => return Err(ConsoleError::no_pooler(&at)),
        };
        Ok(console)
    }

    /// PgBouncer's version, as it said at the beginning.
    #[must_use]
    pub fn version(&self) -> PoolerVersion {
        self.version
    }

    /// `SHOW POOLS`: one row for each pair of database and user that had a client.
    ///
    /// # Errors
    /// What PgBouncer says, or that it does not answer.
    pub async fn pools(&self) -> Result<Vec<PoolRow>, ConsoleError> {
        self.show("POOLS").await?.read(PoolRow::read)
    }

    /// `SHOW STATS`: counters of each database since PgBouncer started.
    ///
    /// # Errors
    /// As [`pools`](Self::pools).
    pub async fn stats(&self) -> Result<Vec<StatsRow>, ConsoleError> {
        self.show("STATS").await?.read(StatsRow::read)
    }

    /// `SHOW DATABASES`: what is configured, and what of it is paused or disabled.
    ///
    /// # Errors
    /// As [`pools`](Self::pools).
    pub async fn databases(&self) -> Result<Vec<DatabaseRow>, ConsoleError> {
        self.show("DATABASES").await?.read(DatabaseRow::read)
    }

    /// `SHOW CLIENTS`: the connections of clients.
    ///
    /// # Errors
    /// As [`pools`](Self::pools).
    pub async fn clients(&self) -> Result<Vec<ClientRow>, ConsoleError> {
        self.show("CLIENTS").await?.read(ClientRow::read)
    }

    /// `SHOW SERVERS`: the connections to servers, in the same shape.
    ///
    /// # Errors
    /// As [`pools`](Self::pools).
    pub async fn servers(&self) -> Result<Vec<ClientRow>, ConsoleError> {
        self.show("SERVERS").await?.read(ClientRow::read)
    }

    /// `SHOW USERS`.
    ///
    /// # Errors
    /// As [`pools`](Self::pools).
    pub async fn users(&self) -> Result<Vec<UserRow>, ConsoleError> {
        self.show("USERS").await?.read(UserRow::read)
    }

    /// `SHOW LISTS`: how many there are of each kind of thing, by its name.
    ///
    /// # Errors
    /// As [`pools`](Self::pools).
    pub async fn lists(&self) -> Result<Vec<(String, u64)>, ConsoleError> {
        self.show("LISTS").await?.read(|row| Ok((row.text("list")?, row.count("items")?)))
    }

    /// `SHOW CONFIG`: every setting in force.
    ///
    /// # Errors
    /// As [`pools`](Self::pools).
    pub async fn config(&self) -> Result<Vec<ConfigRow>, ConsoleError> {
        self.show("CONFIG").await?.read(ConfigRow::read)
    }

    /// `SHOW MEM`: caches and their sizes.
    ///
    /// # Errors
    /// As [`pools`](Self::pools).
    pub async fn memory(&self) -> Result<Vec<MemoryRow>, ConsoleError> {
        self.show("MEM").await?.read(MemoryRow::read)
    }

    /// `SHOW STATE`: whether all of it is paused or suspended; `None` before 1.19, which cannot say.
    ///
    /// # Errors
    /// As [`pools`](Self::pools).
    pub async fn state(&self) -> Result<Option<StateRow>, ConsoleError> {
        if !self.version.is_since(1, 19) {
            return Ok(None);
        }
        let entries = self
            .show("STATE")
            .await?
            .read(|row| Ok((row.text("key")?, row.text("value")? == "yes")))?;
        let is = |key: &str| entries.iter().any(|(name, is)| name == key && *is);
        Ok(Some(StateRow { paused: is("paused"), suspended: is("suspended") }))
    }

    /// Ends the connection in good order.
    pub async fn close(self) {
        self.session.close().await;
    }

    async fn show(&self, what: &'static str) -> Result<Rows, ConsoleError> {
        let command = format!("SHOW {what}");
        let answer = tokio::time::timeout(DEADLINE, self.session.simple_query(&command)).await;
        let messages = match answer {
            Ok(Ok(messages)) => messages,
            Ok(Err(error)) => return Err(ConsoleError::refused(what, error)),
            Err(_) => return Err(ConsoleError::late(&command)),
        };
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(Rows::of(what, rows))
    }
}
