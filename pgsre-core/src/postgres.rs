//! Talking to PostgreSQL: connections, versions, quoting, and the server programs on this machine.
//!
//! [`ConnectConfig`] reads connection strings as libpq does, [`Database`] is a pool over one,
//! [`Snapshot`] a read-only look at it, [`ServerPrograms`] finds installed servers, and [`Cluster`] runs a private one.

mod client;
mod cluster;
mod config;
mod connector;
mod database;
mod environment;
mod error;
mod programs;
mod quote;
mod session;
mod snapshot;
mod tls;
mod version;

pub use client::ClientProgram;
pub(crate) use client::{Ended, Running};
pub use cluster::{Cluster, ClusterOptions};
pub use config::{ConnectConfig, HostAddress, SslMode, TargetSession};
pub use database::Database;
pub use deadpool_postgres::Client;
pub use environment::Environment;
pub use error::{PostgresError, PostgresErrorKind};
pub use programs::ServerPrograms;
pub use quote::{quote_identifier, quote_literal};
pub use session::{CancelToken, Session};
pub use snapshot::Snapshot;
pub use version::ServerVersion;
