//! Alerts in the log.

use async_trait::async_trait;

use super::{Alert, AlertError, Alerter};
use crate::finding::Severity;

/// Writes alerts as [`tracing`] events of target `pgsre::alert`: critical ones as errors, warnings
/// as warnings.
#[derive(Clone, Debug)]
pub struct LogAlerter {
    name: String,
}

impl LogAlerter {
    /// An alerter called `log`.
    #[must_use]
    pub fn new() -> Self {
        Self { name: "log".into() }
    }

    /// Another name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }
}

impl Default for LogAlerter {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Alerter for LogAlerter {
    fn name(&self) -> &str {
        &self.name
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        macro_rules! log {
            ($level:ident) => {
                tracing::$level!(
                    target: "pgsre::alert",
                    event = alert.event.as_str(),
                    rule = alert.rule,
                    fingerprint = alert.fingerprint,
                    labels = ?alert.labels,
                    value = alert.value,
                    "{}",
                    alert.summary
                )
            };
        }
        match alert.severity {
            Severity::Critical => log!(error),
            Severity::Warning => log!(warn),
            Severity::Info => log!(info),
        }
        Ok(())
    }
}
