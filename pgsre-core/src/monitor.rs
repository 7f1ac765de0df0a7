//! Watching servers: probes, readings, rules and the alerts that come of them.
//!
//! A [`Probe`] measures one aspect of a server; a [`ServerMonitor`] runs all of them over one
//! connection, each under a deadline; a [`Rule`] says which figures are out of bounds, and
//! [`Incidents`] turns readings into alerts that begin once and end once. What is not known is
//! [`None`], a state of its own: never 0.
//!
//! ```no_run
//! # async fn read() -> Result<(), Box<dyn std::error::Error>> {
//! use pgsre_core::monitor::{Metric, ServerMonitor};
//! use pgsre_core::postgres::ConnectConfig;
//!
//! let config = ConnectConfig::parse("postgres://pgsre@db1/shop")?;
//! let mut monitor = ServerMonitor::new("shop", config).expecting(["db2", "db3"]);
//! let reading = monitor.read().await;
//! for sample in reading.samples_of(Metric::ReplicationReplayLagSeconds) {
//!     println!("{:?} {:?} s", sample.labels.get("replica"), sample.value);
//! }
//! # Ok(())
//! # }
//! ```

mod error;
mod incident;
mod metric;
mod probe;
mod prometheus;
mod reading;
mod rule;
mod sample;
mod server;

pub use error::ProbeError;
pub use incident::{
    Change, Incident, IncidentState, Incidents, IncidentsFile, IncidentsFileError, Judgement,
    Quiet, Silence,
};
pub use metric::{Metric, Unit};
pub use probe::{
    Archiver, Cache, Checkpoints, Connections, Disk, FileSystem, FreeSpace, IndependentProbe,
    Limits, Locks, Measured, Migrations, Probe, ProbeContext, Receiver, Replication,
    ServerDirectories, Slots, Subscriptions, Transactions, Wraparound, default_probes,
};
pub(crate) use prometheus::label_name;
pub use prometheus::{prometheus_rules, scrape_config};
pub use reading::{Missing, Reading, Role, ServerFacts};
pub use rule::{Bound, Needs, Rule, Threshold, default_rules};
pub use sample::{Labels, Sample};
pub use server::ServerMonitor;
