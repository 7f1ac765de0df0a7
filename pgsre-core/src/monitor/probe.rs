//! The [`Probe`] seam: one aspect of a server, measured over a connection that all probes share.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::sample::Sample;
use super::{Metric, ProbeError};
use crate::postgres::{HostAddress, ServerVersion, Session};

mod archiver;
mod cache;
mod checkpoints;
mod connections;
mod disk;
mod limits;
mod locks;
mod migrations;
mod positions;
mod receiver;
mod replication;
mod slots;
mod subscriptions;
mod transactions;
mod window;
mod wraparound;

pub use archiver::Archiver;
pub use cache::Cache;
pub use checkpoints::Checkpoints;
pub use connections::Connections;
pub use disk::{Disk, FileSystem, FreeSpace, ServerDirectories};
pub use limits::Limits;
pub use locks::Locks;
pub use migrations::Migrations;
pub use receiver::Receiver;
pub use replication::Replication;
pub use slots::Slots;
pub use subscriptions::Subscriptions;
pub use transactions::Transactions;
pub use wraparound::Wraparound;

const MAY_CALL: &str = "SELECT has_function_privilege($1, 'EXECUTE')";

/// One aspect of a server.
///
/// A probe keeps what it needs of earlier readings: rates and the age of a reply are differences.
/// It writes nothing, makes no temporary files, and waits on no lock.
#[async_trait]
pub trait Probe: Debug + Send + 'static {
    /// A short name, as reports have it.
    fn name(&self) -> &'static str;

    /// What it emits: nothing else, and where it fails each of these is without data.
    fn metrics(&self) -> &'static [Metric];

    /// Measures. Dropping the future loses this reading and nothing else.
    ///
    /// # Errors
    /// Where nothing could be measured.
    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError>;
}

/// An aspect that is measured without the server's connection, and also while the server is down:
/// the console of its pooler, the catalogue of its backups.
#[async_trait]
pub trait IndependentProbe: Debug + Send + 'static {
    /// A short name, as reports have it.
    fn name(&self) -> &'static str;

    /// What it emits: nothing else, and where it fails each of these is without data.
    fn metrics(&self) -> &'static [Metric];

    /// Measures, within the deadline of the reading: what takes longer goes on by itself, and is
    /// answered from what was found last. Dropping the future loses this reading and nothing else.
    ///
    /// # Errors
    /// Where nothing could be measured.
    async fn measure(&mut self, now: Timestamp) -> Result<Measured, ProbeError>;
}

/// What a probe measured.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Measured {
    /// The figures.
    pub samples: Vec<Sample>,
    /// What was not visible, in sentences that say how to make it so.
    pub unseen: Vec<String>,
}

impl From<Vec<Sample>> for Measured {
    fn from(samples: Vec<Sample>) -> Self {
        Self { samples, unseen: Vec::new() }
    }
}

/// Every probe that suits any server.
#[must_use]
pub fn default_probes() -> Vec<Box<dyn Probe>> {
    vec![
        Box::new(Replication::default()),
        Box::new(Receiver::default()),
        Box::new(Slots),
        Box::new(Subscriptions::default()),
        Box::new(Connections),
        Box::new(Limits),
        Box::new(Transactions::default()),
        Box::new(Cache::default()),
        Box::new(Locks),
        Box::new(Wraparound),
        Box::new(Checkpoints::default()),
        Box::new(Archiver),
        Box::new(Migrations),
        Box::new(Disk::default()),
    ]
}

/// What a probe may look at.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProbeContext<'a> {
    /// The server's version.
    pub version: ServerVersion,
    /// Whether it is a standby.
    pub standby: bool,
    /// The watcher's clock.
    pub now: Timestamp,
    /// The same moment on a clock that never jumps.
    pub instant: Instant,
    /// Replicas that the configuration names: by application name, slot or address.
    pub standbys: &'a [String],
    /// How late some of them are on purpose.
    pub delays: &'a BTreeMap<String, Duration>,
    /// Where the server is reached: one of these.
    pub hosts: &'a [HostAddress],
    pub(super) session: &'a Session,
}

impl ProbeContext<'_> {
    /// The rows of one query.
    ///
    /// Nothing is left prepared, so that a pooler in between does no harm.
    ///
    /// # Errors
    /// What the server says.
    pub async fn rows(
        &self,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, ProbeError> {
        Ok(self.session.query_typed(sql, params).await?)
    }

    /// The one row of a query that always has one.
    ///
    /// # Errors
    /// What the server says.
    pub async fn row(&self, sql: &str) -> Result<Row, ProbeError> {
        let rows = self.rows(sql, &[]).await?;
        rows.into_iter().next().ok_or_else(|| ProbeError::new("the server answered with no row"))
    }

    /// The figure of a query that calls a function which only some roles may call; `None` for the
    /// others. The server checks that privilege before it looks at any condition, so the query is
    /// not asked at all then.
    pub(super) async fn figure_of(
        &self,
        function: &str,
        sql: &str,
    ) -> Result<Option<f64>, ProbeError> {
        let rows = self.rows(MAY_CALL, &[(&function, Type::TEXT)]).await?;
        let may_call = rows.first().map_or(Ok(false), |row| row.try_get(0))?;
        if may_call { Ok(self.row(sql).await?.try_get(0)?) } else { Ok(None) }
    }

    /// The variant of a query that suits the server: the first whose major version is not newer.
    /// The table is sorted, the newest first, and ends with that of the oldest server.
    pub(super) fn choose<'t>(&self, table: &[(u32, &'t str)]) -> &'t str {
        let known = table.iter().find(|(since, _)| self.version.major() >= *since);
        known.or(table.last()).map_or("", |(_, sql)| sql)
    }
}
