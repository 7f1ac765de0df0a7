//! One reading of every probe of one server.

use jiff::Timestamp;
use serde::Serialize;

use super::{Metric, Sample};
use crate::postgres::ServerVersion;

/// What one server looked like at one moment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reading {
    /// The server.
    pub server: ServerFacts,
    /// When the reading began, by the watcher's clock.
    pub at: Timestamp,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Every figure. A probe that failed has one without a value for each of its metrics.
    pub samples: Vec<Sample>,
    /// Which probes have no data, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// What was not visible, in sentences that say how to make it so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<String>,
}

impl Reading {
    /// The samples of one metric.
    pub fn samples_of(&self, metric: Metric) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |sample| sample.metric == metric)
    }
}

/// The server that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerFacts {
    /// What people call it.
    pub name: String,
    /// Its version; `None` while it was never reached.
    #[serde(serialize_with = "version")]
    pub version: Option<ServerVersion>,
    /// What it is; `None` while it is not reached.
    pub role: Option<Role>,
}

fn version<S: serde::Serializer>(
    version: &Option<ServerVersion>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match version {
        Some(version) => serializer.collect_str(version),
        None => serializer.serialize_none(),
    }
}

/// What a server is in its cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It takes writes.
    Primary,
    /// It replays those of another.
    Standby,
}

impl Role {
    /// The name as reports have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Standby => "standby",
        }
    }
}

/// A probe without data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The probe.
    pub probe: String,
    /// Why.
    pub why: String,
}
