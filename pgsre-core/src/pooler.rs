//! PgBouncer: its console, its configuration, the sizes of its pools.
//!
//! [`Console`] asks a running PgBouncer, [`PoolerProbe`] does so for the monitor.
//!
//! ```no_run
//! # async fn read() -> Result<(), Box<dyn std::error::Error>> {
//! use pgsre_core::pooler::Console;
//! use pgsre_core::postgres::ConnectConfig;
//!
//! let config = ConnectConfig::parse("postgres://stats@db1:6432/pgbouncer")?;
//! let console = Console::connect(&config).await?;
//! for pool in console.pools().await? {
//!     println!("{}/{}: {} wait", pool.database, pool.user, pool.clients_waiting);
//! }
//! # Ok(())
//! # }
//! ```

mod console;
mod probe;
mod show;
mod version;

pub use console::{Console, ConsoleError};
pub use probe::PoolerProbe;
pub use show::{
    ClientRow, ConfigRow, DatabaseRow, MemoryRow, PoolRow, StateRow, StatsRow, UserRow,
};
pub use version::PoolerVersion;
