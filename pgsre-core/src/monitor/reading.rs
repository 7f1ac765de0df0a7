//! One reading of every probe of one server.

use jiff::Timestamp;
use serde::Serialize;

use super::{Labels, Metric, Sample};
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

/// Under writes a replica answers within a moment: one that owes an answer for longer may be cut off.
const OWED: f64 = 2.0;

impl Reading {
    /// Whether another reading will soon say what this one cannot: a replica has not answered to what
    /// is written, but not for long enough to be told.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        let owed = self
            .samples_of(Metric::ReplicationWriteLagBytes)
            .filter(|sample| is_above(sample, 0.0));
        let late = |sample: &Sample| is_above(sample, OWED);
        let mut ages = self.samples_of(Metric::ReplicationAnswerAgeSeconds).filter(|age| late(age));
        let owed: Vec<&Labels> = owed.map(|sample| &sample.labels).collect();
        ages.any(|age| owed.contains(&&age.labels))
    }

    /// The samples of one metric.
    pub fn samples_of(&self, metric: Metric) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |sample| sample.metric == metric)
    }
}

fn is_above(sample: &Sample, bound: f64) -> bool {
    sample.value.is_some_and(|value| value > bound)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(owed: f64, age: Option<f64>, of: &str) -> Reading {
        let at = Timestamp::UNIX_EPOCH;
        let owed =
            Sample::exact(Metric::ReplicationWriteLagBytes, owed, at).about("replica", "db2");
        let age = Sample::maybe(Metric::ReplicationAnswerAgeSeconds, age, at).about("replica", of);
        Reading {
            server: ServerFacts { name: "shop".to_owned(), version: None, role: None },
            at,
            seconds: 0.0,
            samples: vec![owed, age],
            missing: Vec::new(),
            unseen: Vec::new(),
        }
    }

    #[test]
    fn a_replica_that_owes_an_answer_is_in_doubt_and_one_with_nothing_to_answer_is_not() {
        assert!(reading(100.0, Some(3.0), "db2").is_in_doubt());
        assert!(!reading(100.0, Some(0.1), "db2").is_in_doubt(), "it answers");
        assert!(!reading(0.0, Some(9.0), "db2").is_in_doubt(), "there was nothing to answer to");
        assert!(!reading(100.0, Some(9.0), "db3").is_in_doubt(), "another one is late");
        assert!(!reading(100.0, None, "db2").is_in_doubt(), "it is told already");
    }
}
