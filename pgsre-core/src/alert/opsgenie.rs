//! Opsgenie's Alert API.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::http::Endpoint;
use super::{Alert, AlertError, Alerter, bounded_key, shortened};
use crate::finding::Severity;

/// Where alerts go unless told otherwise; the European service has a host of its own.
const URL: &str = "https://api.opsgenie.com";

/// The API's limits: <https://docs.opsgenie.com/docs/alert-api>.
const MESSAGE_CHARS: usize = 130;
const DESCRIPTION_CHARS: usize = 15_000;
const ALIAS_BYTES: usize = 512;

/// Creates and closes alerts of Opsgenie (and of Jira Service Management, which took its API over).
/// The fingerprint is the `alias`: a repeat is counted and the end closes the same alert.
///
/// A drill that did not pass creates an alert, and the next that passes closes it. Time-outs and
/// retries are those of [`WebhookAlerter`](super::WebhookAlerter). The key is a secret and appears
/// nowhere.
#[derive(Clone, Debug)]
pub struct OpsgenieAlerter {
    name: String,
    endpoint: Endpoint,
}

impl OpsgenieAlerter {
    /// An alerter called `opsgenie` with the key of an API integration.
    ///
    /// # Errors
    /// Where the key holds a character that no header may.
    pub fn new(key: &str) -> Result<Self, AlertError> {
        Self::at(URL, key)
    }

    /// The same at another URL than the American service's: `https://api.eu.opsgenie.com`.
    ///
    /// # Errors
    /// As [`OpsgenieAlerter::new`], or where `url` is not one of http or https.
    pub fn at(url: &str, key: &str) -> Result<Self, AlertError> {
        let mut endpoint = Endpoint::parse(url)?.below(&["v2", "alerts"]);
        endpoint.add_header("Authorization", &format!("GenieKey {}", key.trim()))?;
        Ok(Self { name: "opsgenie".into(), endpoint })
    }

    /// Another name, to tell several teams apart.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
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
impl Alerter for OpsgenieAlerter {
    fn name(&self) -> &str {
        &self.name
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        if !alert.is_end() {
            return self.endpoint.post(&creation(alert)).await;
        }
        let alias = bounded_key(&alert.fingerprint, ALIAS_BYTES);
        let close = self.endpoint.below(&[&alias, "close"]).asking("identifierType", "alias");
        close
            .post(&json!({ "source": alert.source, "note": shortened(&alert.summary, 1_000) }))
            .await
    }
}

fn creation(alert: &Alert) -> Value {
    json!({
        "message": shortened(&alert.summary, MESSAGE_CHARS),
        "alias": bounded_key(&alert.fingerprint, ALIAS_BYTES),
        "description": shortened(&alert.summary, DESCRIPTION_CHARS),
        "priority": priority(alert.severity),
        "entity": alert.labels.get("server"),
        "source": alert.source,
        "tags": ["pgsre", alert.severity.to_string()],
        "details": details(alert),
    })
}

/// Details are texts, all of them.
fn details(alert: &Alert) -> Value {
    let mut details: serde_json::Map<_, _> =
        alert.labels.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    details.insert("rule".into(), alert.rule.clone().into());
    details.insert("starts_at".into(), alert.starts_at.to_string().into());
    if let Some(value) = alert.value {
        details.insert("value".into(), value.to_string().into());
    }
    details.into()
}

fn priority(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "P1",
        Severity::Warning => "P3",
        Severity::Info => "P5",
    }
}

#[cfg(test)]
mod tests;
