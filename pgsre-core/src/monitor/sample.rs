//! One figure of one reading.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::metric::Metric;

/// What a sample is about, beside the server: the replica, the database, the slot.
pub type Labels = BTreeMap<String, String>;

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sample {
    /// What was measured.
    pub metric: Metric,
    /// What it is about.
    pub labels: Labels,
    /// The figure in the metric's unit. `None` where it is not known, which is never the same as 0.
    pub value: Option<f64>,
    /// The metric's unit.
    #[serde(serialize_with = "unit")]
    unit: Metric,
    /// How it was come by, where there are several ways.
    pub method: Option<&'static str>,
    /// By how much it may be wrong, in the metric's unit; `None` where that is not known, 0 where
    /// the server counts exactly.
    pub error: Option<f64>,
    /// When it was measured, by the watcher's clock.
    pub at: Timestamp,
    /// What people want to know beside the figure: which backend it is that blocks others. Kept out
    /// of the labels, which stay the same from reading to reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Sample {
    /// A figure that the server counts exactly.
    #[must_use]
    pub fn exact(metric: Metric, value: f64, at: Timestamp) -> Self {
        Self { error: Some(0.0), ..Self::of(metric, Some(value), at) }
    }

    /// A figure that is not known.
    #[must_use]
    pub fn unknown(metric: Metric, at: Timestamp) -> Self {
        Self::of(metric, None, at)
    }

    fn of(metric: Metric, value: Option<f64>, at: Timestamp) -> Self {
        // Infinite or no number: not a figure that anybody could compare.
        let value = value.filter(|value| value.is_finite());
        Self {
            metric,
            labels: Labels::new(),
            value,
            unit: metric,
            method: None,
            error: None,
            at,
            note: None,
        }
    }

    /// A figure that may be missing.
    #[must_use]
    pub fn maybe(metric: Metric, value: Option<f64>, at: Timestamp) -> Self {
        match value {
            Some(value) => Self::exact(metric, value, at),
            None => Self::unknown(metric, at),
        }
    }

    /// The same about this.
    #[must_use]
    pub fn about(mut self, label: &str, value: impl Into<String>) -> Self {
        self.labels.insert(label.to_owned(), value.into());
        self
    }

    /// The same with a note.
    #[must_use]
    pub fn noting(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// The same, come by this way, wrong by this much at most.
    #[must_use]
    pub fn by(mut self, method: &'static str, error: Option<f64>) -> Self {
        self.method = Some(method);
        self.error = error;
        self
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn unit<S: Serializer>(metric: &Metric, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(metric.unit().as_str())
}
