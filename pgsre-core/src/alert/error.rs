//! Why an alert was not delivered: whether to try again, what was attempted, and the cause.
//!
//! A message names a sink by its scheme and host at most: paths and queries of webhooks are secrets.

use std::time::Duration;

/// Why an alert was not delivered. `Display` never prints the cause.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct AlertError {
    context: String,
    transient: bool,
    retry_after: Option<Duration>,
    #[source]
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl AlertError {
    /// An error that another attempt may not meet.
    pub fn transient(context: impl Into<String>) -> Self {
        Self { context: context.into(), transient: true, retry_after: None, cause: None }
    }

    /// An error that another attempt would meet again.
    pub fn permanent(context: impl Into<String>) -> Self {
        Self { transient: false, ..Self::transient(context) }
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

    /// The same error with the pause that the sink asks for before another attempt.
    #[must_use]
    pub fn with_retry_after(mut self, pause: Option<Duration>) -> Self {
        self.retry_after = pause;
        self
    }

    /// Whether another attempt may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.transient
    }

    /// The pause that the sink asks for before another attempt.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}
