//! The generic webhook.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;

use super::http::Endpoint;
use super::{Alert, AlertError, AlertTemplate, Alerter};

/// Posts the [`Alert`] itself as JSON, or what a template makes of it.
///
/// An attempt ends after ten seconds. Answers of 2xx are success; 408, 429, 5xx and a broken
/// connection are transient. Redirects are followed within the same host only. The URL's path and
/// the extra headers' values are secrets and appear nowhere.
#[derive(Clone, Debug)]
pub struct WebhookAlerter {
    name: String,
    endpoint: Endpoint,
    method: Method,
    template: Option<AlertTemplate>,
}

impl WebhookAlerter {
    /// An alerter called `webhook` that posts to `url`.
    ///
    /// # Errors
    /// Where `url` is not one of http or https. The message does not repeat it.
    pub fn new(url: &str) -> Result<Self, AlertError> {
        let endpoint = Endpoint::parse(url)?;
        Ok(Self { name: "webhook".into(), endpoint, method: Method::POST, template: None })
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

    /// Another body than the alert itself.
    #[must_use]
    pub fn with_template(mut self, template: AlertTemplate) -> Self {
        self.template = Some(template);
        self
    }

    /// Another method than `POST`: `PUT` or `PATCH`.
    ///
    /// # Errors
    /// Where it is none of these.
    pub fn with_method(mut self, method: &str) -> Result<Self, AlertError> {
        let methods = [Method::POST, Method::PUT, Method::PATCH];
        let found = methods.into_iter().find(|one| one.as_str().eq_ignore_ascii_case(method));
        self.method = found.ok_or_else(|| {
            AlertError::permanent("the method of a webhook is POST, PUT or PATCH")
        })?;
        Ok(self)
    }

    /// The statuses that are success, in place of every 2xx.
    #[must_use]
    pub fn accepting_only(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.endpoint.accept_only(statuses);
        self
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
        let (content_type, body) = match &self.template {
            Some(template) => (template.content_type(), template.render(alert)?.into_bytes()),
            None => ("application/json", json(alert)?),
        };
        self.endpoint.send_body(self.method.clone(), content_type, body).await
    }
}

fn json(alert: &Alert) -> Result<Vec<u8>, AlertError> {
    serde_json::to_vec(alert)
        .map_err(|error| AlertError::permanent("cannot write the alert as JSON").with_cause(error))
}

#[cfg(test)]
mod tests;
