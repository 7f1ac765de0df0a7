//! What the console shows, as plain data. Times are in seconds.

use serde::Serialize;

use super::console::ConsoleError;
use super::console::row::Row;

const MICROSECONDS: f64 = 1e-6;

/// One pool: the server connections that a database and a user share.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolRow {
    /// The database, as clients name it.
    pub database: String,
    /// The user.
    pub user: String,
    /// Clients that are linked to a server connection or idle: none of them waits.
    pub clients_active: u64,
    /// Clients that sent a query and have no server connection yet.
    pub clients_waiting: u64,
    /// Server connections that a client uses.
    pub servers_active: u64,
    /// Server connections at hand at once.
    pub servers_idle: u64,
    /// Server connections that must be checked before they are used.
    pub servers_used: u64,
    /// Server connections that are being checked or reset.
    pub servers_tested: u64,
    /// Server connections that are logging in.
    pub servers_login: u64,
    /// How long the first of those who wait has waited. The only figure that rises in a total stall.
    pub max_wait_seconds: f64,
    /// `session`, `transaction` or `statement`.
    pub mode: Option<String>,
}

impl PoolRow {
    pub(super) fn read(row: &Row) -> Result<Self, ConsoleError> {
        Ok(Self {
            database: row.text("database")?,
            user: row.text("user")?,
            clients_active: row.count("cl_active")?,
            clients_waiting: row.count("cl_waiting")?,
            servers_active: row.count("sv_active")?,
            servers_idle: row.count("sv_idle")?,
            servers_used: row.count("sv_used")?,
            servers_tested: row.count("sv_tested")?,
            servers_login: row.count("sv_login")?,
            max_wait_seconds: row.count("maxwait")? as f64
                + row.maybe_count("maxwait_us").unwrap_or(0) as f64 * MICROSECONDS,
            mode: row.maybe_text("pool_mode"),
        })
    }

    /// Server connections that are there and logged in.
    #[must_use]
    pub fn servers(&self) -> u64 {
        self.servers_active + self.servers_idle + self.servers_used + self.servers_tested
    }

    /// Whether this is the console's own.
    #[must_use]
    pub fn is_console(&self) -> bool {
        self.database == "pgbouncer"
    }
}

/// Counters of one database since PgBouncer started.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatsRow {
    /// The database, as clients name it.
    pub database: String,
    /// Transactions.
    pub transactions: u64,
    /// Queries.
    pub queries: u64,
    /// Bytes from clients.
    pub received: u64,
    /// Bytes to clients.
    pub sent: u64,
    /// Time that transactions took, from the moment at which the client asked: its wait for a server
    /// connection and idle time within the transaction count.
    pub transaction_seconds: f64,
    /// Time that queries took on the server.
    pub query_seconds: f64,
    /// Time that clients waited for a server connection. It rises only when one is assigned.
    pub wait_seconds: f64,
    /// How often a server connection was given to a client; `None` before 1.23.
    pub assignments: Option<u64>,
}

impl StatsRow {
    pub(super) fn read(row: &Row) -> Result<Self, ConsoleError> {
        let seconds = |column| Ok::<_, ConsoleError>(row.count(column)? as f64 * MICROSECONDS);
        Ok(Self {
            database: row.text("database")?,
            transactions: row.count("total_xact_count")?,
            queries: row.count("total_query_count")?,
            received: row.count("total_received")?,
            sent: row.count("total_sent")?,
            transaction_seconds: seconds("total_xact_time")?,
            query_seconds: seconds("total_query_time")?,
            wait_seconds: seconds("total_wait_time")?,
            assignments: row.maybe_count("total_server_assignment_count"),
        })
    }
}

/// One configured database.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DatabaseRow {
    /// The name that clients use.
    pub name: String,
    /// The server; `None` for a Unix socket.
    pub host: Option<String>,
    /// Its port.
    pub port: u64,
    /// The database on the server.
    pub database: String,
    /// The user that everybody connects as, where one is set.
    pub force_user: Option<String>,
    /// Server connections of each pool.
    pub pool_size: u64,
    /// How many more there may be when clients wait for too long.
    pub reserve_pool_size: u64,
    /// The mode, where it is set for this database.
    pub pool_mode: Option<String>,
    /// Server connections of all its pools; 0 for no limit.
    pub max_connections: u64,
    /// Server connections that there are.
    pub current_connections: u64,
    /// Whether it is paused.
    pub paused: bool,
    /// Whether clients are turned away.
    pub disabled: bool,
}

impl DatabaseRow {
    pub(super) fn read(row: &Row) -> Result<Self, ConsoleError> {
        Ok(Self {
            name: row.text("name")?,
            host: row.maybe_text("host"),
            port: row.count("port")?,
            database: row.text("database")?,
            force_user: row.maybe_text("force_user"),
            pool_size: row.count("pool_size")?,
            // 1.24 gave it the name of the setting.
            reserve_pool_size: row.count_of_any(&["reserve_pool_size", "reserve_pool"])?,
            pool_mode: row.maybe_text("pool_mode"),
            max_connections: row.count("max_connections")?,
            current_connections: row.count("current_connections")?,
            paused: row.count("paused")? > 0,
            disabled: row.count("disabled")? > 0,
        })
    }
}

/// One connection: of a client, or to a server.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClientRow {
    /// The user.
    pub user: String,
    /// The database.
    pub database: String,
    /// `active`, `idle`, `waiting`, `used`, …
    pub state: String,
    /// The other end.
    pub address: String,
    /// Its port.
    pub port: u64,
    /// How long it has waited.
    pub wait_seconds: f64,
    /// What the client calls itself.
    pub application_name: Option<String>,
}

impl ClientRow {
    pub(super) fn read(row: &Row) -> Result<Self, ConsoleError> {
        Ok(Self {
            user: row.text("user")?,
            database: row.text("database")?,
            state: row.text("state")?,
            address: row.text("addr")?,
            port: row.count("port")?,
            wait_seconds: row.count("wait")? as f64
                + row.maybe_count("wait_us").unwrap_or(0) as f64 * MICROSECONDS,
            application_name: row.maybe_text("application_name"),
        })
    }
}

/// One user.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UserRow {
    /// The name.
    pub name: String,
    /// The mode, where it is set for this user.
    pub pool_mode: Option<String>,
    /// Server connections of each of the user's pools, where that is set.
    pub pool_size: Option<u64>,
    /// Server connections of all pools of the user, where that is set.
    pub max_user_connections: Option<u64>,
}

impl UserRow {
    pub(super) fn read(row: &Row) -> Result<Self, ConsoleError> {
        Ok(Self {
            name: row.text("name")?,
            pool_mode: row.maybe_text("pool_mode"),
            pool_size: row.maybe_count("pool_size"),
            max_user_connections: row.maybe_count("max_user_connections").filter(|n| *n > 0),
        })
    }
}

/// One setting in force.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConfigRow {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What it is where nobody sets it.
    pub default: Option<String>,
    /// Whether `RELOAD` changes it.
    pub changeable: bool,
}

impl ConfigRow {
    pub(super) fn read(row: &Row) -> Result<Self, ConsoleError> {
        Ok(Self {
            key: row.text("key")?,
            value: row.text("value")?,
            default: row.maybe_text("default"),
            changeable: row.text("changeable")? == "yes",
        })
    }
}

/// One cache of PgBouncer's memory.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemoryRow {
    /// Its name.
    pub name: String,
    /// Bytes of one item.
    pub size: u64,
    /// Items in use.
    pub used: u64,
    /// Items that are free.
    pub free: u64,
    /// Bytes of all of it.
    pub total: u64,
}

impl MemoryRow {
    pub(super) fn read(row: &Row) -> Result<Self, ConsoleError> {
        Ok(Self {
            name: row.text("name")?,
            size: row.count("size")?,
            used: row.count("used")?,
            free: row.count("free")?,
            total: row.count("memtotal")?,
        })
    }
}

/// Whether all of PgBouncer stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StateRow {
    /// `PAUSE` without a database.
    pub paused: bool,
    /// `SUSPEND`.
    pub suspended: bool,
}

#[cfg(test)]
mod tests;
