//! The generic webhook.

use std::time::Duration;

use async_trait::async_trait;

use super::http::Endpoint;
use super::{Alert, AlertError, Alerter};

/// Posts the [`Alert`] itself as JSON.
///
/// An attempt ends after ten seconds. Answers of 2xx are success; 408, 429, 5xx and a broken
/// connection are transient. Redirects are followed within the same host only. The URL's path and
/// the extra headers' values are secrets and appear nowhere.
#[derive(Clone, Debug)]
pub struct WebhookAlerter {
    name: String,
    endpoint: Endpoint,
}

impl WebhookAlerter {
    /// An alerter called `webhook` that posts to `url`.
    ///
    /// # Errors
    /// Where `url` is not one of http or https. The message does not repeat it.
    pub fn new(url: &str) -> Result<Self, AlertError> {
        Ok(Self { name: "webhook".into(), endpoint: Endpoint::parse(url)? })
    }

    /// Another name, to tell several webhooks apart.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// An extra header, such as `Authorization`.
    ///
    /// # Errors
    /// Where the name or the value holds a character that none may.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, AlertError> {
        self.endpoint.add_header(name, value)?;
        Ok(self)
    }

    /// Another time-out of one attempt than ten seconds.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn with_timeout(mut self, timeout: Duration) -> Result<Self, AlertError> {
        self.endpoint.set_timeout(timeout)?;
        Ok(self)
    }
}

#[async_trait]
impl Alerter for WebhookAlerter {
    fn name(&self) -> &str {
        &self.name
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        self.endpoint.post(alert).await
    }
}

#[cfg(test)]
mod tests;
