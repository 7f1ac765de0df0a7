//! PgBouncer: its console, its configuration, the sizes of its pools.
//!
//! [`Console`] asks a running PgBouncer, [`PoolerProbe`] does so for the monitor; [`lint`] judges a
//! configuration by [`RULES`], [`size`] says how large its pools should be, and [`PoolerIni`] writes it.
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

mod config;
mod console;
mod evidence;
mod ini;
mod lint;
mod load;
mod probe;
mod settings;
mod show;
mod size;
mod version;
mod window;
mod write;

pub use config::PoolerConfig;
pub use console::{Console, ConsoleError};
pub use evidence::{Breaking, ServerEvidence};
pub use ini::{ConfigFiles, LocalFiles};
pub use lint::{LintOptions, PoolFinding, PoolRule, RULES, lint};
pub use load::{DatabaseLoad, ServerLoad};
pub use probe::PoolerProbe;
pub use show::{
    ClientRow, ConfigRow, DatabaseRow, MemoryRow, PoolRow, StateRow, StatsRow, UserRow,
};
pub use size::{Demand, PoolSize, SizeRequest, Sizing, mean_wait, size};
pub use version::PoolerVersion;
pub use window::StatsWindow;
pub use write::{PoolerIni, ServerAddress};
