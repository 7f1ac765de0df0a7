//! Samples over time: the [`SampleStore`] seam.
//!
//! A watcher hands each reading to its store; forecasts and plots ask for [`Series`]. What was not
//! known stays unknown, and where nothing was read there is no point: a gap is a gap, never 0.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::monitor::{Labels, Metric, Reading};

mod error;
mod merge;
mod postgres;
#[cfg(feature = "history")]
mod sqlite;

pub use error::SampleStoreError;
pub use postgres::PostgresSamples;
#[cfg(feature = "history")]
pub use sqlite::SqliteSamples;

use merge::merged;

/// How long samples are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleRetention {
    /// Each sample. Default 48 hours.
    pub raw: Duration,
    /// Five minutes taken together. Default 30 days.
    pub medium: Duration,
    /// An hour taken together. Default two years.
    pub long: Duration,
}

impl Default for SampleRetention {
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        Self { raw: days(2), medium: days(30), long: days(730) }
    }
}

/// Where samples are kept.
#[async_trait]
pub trait SampleStore: Debug + Send + Sync + 'static {
    /// Keeps every figure of a reading, the unknown ones among them. A second reading of the same
    /// server and moment changes nothing.
    ///
    /// # Errors
    /// Where it could not be kept; what was kept before is still there.
    async fn record(&self, reading: &Reading) -> Result<(), SampleStoreError>;

    /// What was kept, one series for each combination of labels, points in the order of time.
    ///
    /// # Errors
    /// Where it could not be read.
    async fn series(&self, query: &SeriesQuery) -> Result<Vec<Series>, SampleStoreError>;

    /// Removes what is older than it is to be kept. A store does so by itself while it records.
    ///
    /// # Errors
    /// Where it could not be done.
    async fn prune(&self, now: Timestamp) -> Result<(), SampleStoreError>;
}

/// Which samples.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesQuery {
    /// Of this server.
    pub server: String,
    /// Of this metric.
    pub metric: Metric,
    /// Only with these labels, others beside them.
    pub labels: Labels,
    /// From here on.
    pub since: Timestamp,
    /// Until here, and not at this moment itself.
    pub until: Timestamp,
    /// The points of so long a time become one; each point by itself where zero. A store may keep
    /// coarser points of what is long ago.
    pub step: Duration,
}

impl SeriesQuery {
    /// The last `span` before `now`, whatever the labels, each point by itself.
    #[must_use]
    pub fn last(server: impl Into<String>, metric: Metric, span: Duration, now: Timestamp) -> Self {
        let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
        Self {
            server: server.into(),
            metric,
            labels: Labels::new(),
            since: now.checked_sub(span).unwrap_or(Timestamp::MIN),
            until: now.checked_add(SignedDuration::from_millis(1)).unwrap_or(now),
            step: Duration::ZERO,
        }
    }

    /// The same with the points of so long a time taken together.
    #[must_use]
    pub fn by(mut self, step: Duration) -> Self {
        self.step = step;
        self
    }
}

/// One figure over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// What it is.
    pub metric: Metric,
    /// What it is about.
    pub labels: Labels,
    /// The oldest first.
    pub points: Vec<Point>,
}

impl Series {
    /// The known points, as forecasts want them.
    #[must_use]
    pub fn known(&self) -> Vec<(Timestamp, f64)> {
        self.points.iter().filter_map(|point| Some((point.at, point.value?))).collect()
    }
}

/// One moment, or one stretch of time, of a [`Series`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// When it begins.
    pub at: Timestamp,
    /// The mean of what is known; `None` where nothing is.
    pub value: Option<f64>,
    /// The smallest.
    pub min: Option<f64>,
    /// The largest.
    pub max: Option<f64>,
    /// How many known figures it is made of.
    pub count: u64,
}

impl Point {
    /// One figure.
    #[must_use]
    pub fn of(at: Timestamp, value: Option<f64>) -> Self {
        Self { at, value, min: value, max: value, count: u64::from(value.is_some()) }
    }
}

/// Keeps nothing: for a watcher without forecasts.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSamples;

#[async_trait]
impl SampleStore for NoSamples {
    async fn record(&self, _: &Reading) -> Result<(), SampleStoreError> {
        Ok(())
    }

    async fn series(&self, _: &SeriesQuery) -> Result<Vec<Series>, SampleStoreError> {
        Ok(Vec::new())
    }

    async fn prune(&self, _: Timestamp) -> Result<(), SampleStoreError> {
        Ok(())
    }
}

/// The server, the metric and its labels.
type SeriesKey = (String, Metric, Labels);

/// Keeps the last readings in memory: for tests, and for services that need no more.
#[derive(Debug)]
pub struct MemorySamples {
    keep: SignedDuration,
    kept: Mutex<BTreeMap<SeriesKey, BTreeMap<Timestamp, Option<f64>>>>,
}

impl MemorySamples {
    /// Keeps what is not older than this.
    #[must_use]
    pub fn new(keep: Duration) -> Self {
        let keep = SignedDuration::try_from(keep).unwrap_or(SignedDuration::MAX);
        Self { keep, kept: Mutex::default() }
    }

    fn forget(&self, now: Timestamp) {
        let Ok(oldest) = now.checked_sub(self.keep) else { return };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for points in kept.values_mut() {
            *points = points.split_off(&oldest);
        }
        kept.retain(|_, points| !points.is_empty());
    }
}

#[async_trait]
impl SampleStore for MemorySamples {
    async fn record(&self, reading: &Reading) -> Result<(), SampleStoreError> {
        {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            for sample in &reading.samples {
                let key = (reading.server.name.clone(), sample.metric, sample.labels.clone());
                kept.entry(key).or_default().entry(reading.at).or_insert(sample.value);
            }
        }
        self.forget(reading.at);
        Ok(())
    }

    async fn series(&self, query: &SeriesQuery) -> Result<Vec<Series>, SampleStoreError> {
        if query.since >= query.until {
            return Ok(Vec::new());
        }
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_asked_for = |labels: &Labels| {
            query.labels.iter().all(|(name, value)| labels.get(name) == Some(value))
        };
        Ok(kept
            .iter()
            .filter(|((server, metric, labels), _)| {
                *server == query.server && *metric == query.metric && is_asked_for(labels)
            })
            .map(|((_, metric, labels), points)| {
                let points = points.range(query.since..query.until);
                let points = points.map(|(at, value)| Point::of(*at, *value));
                Series {
                    metric: *metric,
                    labels: labels.clone(),
                    points: merged(points, query.step),
                }
            })
            .filter(|series| !series.points.is_empty())
            .collect())
    }

    async fn prune(&self, now: Timestamp) -> Result<(), SampleStoreError> {
        self.forget(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
