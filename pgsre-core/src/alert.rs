//! Telling somebody: the [`Alerter`] seam.
//!
//! One sink a file. [`Dispatcher`] routes an alert to the sinks that want it, retries, and reports
//! what could not be delivered.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::finding::Severity;

/// A way to tell somebody.
#[async_trait]
pub trait Alerter: Debug + Send + Sync + 'static {
    /// A short name, as reports have it. Never a URL: those may hold secrets.
    fn name(&self) -> &str;

    /// Delivers one alert.
    ///
    /// # Errors
    /// Where it was not delivered. [`AlertError::is_transient`] says whether to try again.
    async fn send(&self, alert: &Alert) -> Result<(), AlertError>;
}

/// Something to tell: serialised, it is the body of the generic webhook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The version of this shape: 1.
    pub schema: u32,
    /// What happened.
    pub event: AlertEvent,
    /// The same for every alert about the same thing.
    pub fingerprint: String,
    /// The rule that fired; `drill.failed`, `drill.inconclusive` or `drill.passed` for a drill.
    pub rule: String,
    /// How much it weighs.
    pub severity: Severity,
    /// One line for people.
    pub summary: String,
    /// What it is about.
    pub labels: BTreeMap<String, String>,
    /// The figure that made it fire; for a drill its RTO in seconds.
    pub value: Option<f64>,
    /// When it began.
    pub starts_at: Timestamp,
    /// When it ended.
    pub ends_at: Option<Timestamp>,
    /// Who says so: `pgsre` and the host's name.
    pub source: String,
}

/// What an [`Alert`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertEvent {
    /// A rule fires.
    Firing,
    /// A rule fires no longer.
    Resolved,
    /// A drill ended.
    Drill,
}

/// Why an alert was not delivered. `Display` never prints the cause.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct AlertError {
    context: String,
    transient: bool,
    #[source]
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl AlertError {
    /// An error that another attempt may not meet.
    pub fn transient(context: impl Into<String>) -> Self {
        Self { context: context.into(), transient: true, cause: None }
    }

    /// An error that another attempt would meet again.
    pub fn permanent(context: impl Into<String>) -> Self {
        Self { context: context.into(), transient: false, cause: None }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_cause(
        mut self,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Whether another attempt may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.transient
    }
}

/// How the delivery of an alert to one sink ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The sink's name.
    pub alerter: String,
    /// How it ended.
    pub outcome: DeliveryOutcome,
    /// Attempts made.
    pub attempts: u32,
    /// Why it was not delivered.
    pub error: Option<String>,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryOutcome {
    /// The sink took it.
    Sent,
    /// The sink does not want alerts of this weight or verdict.
    Skipped,
    /// Every attempt failed.
    Failed,
}
