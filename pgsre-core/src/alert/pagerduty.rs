//! PagerDuty's Events API v2.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::http::Endpoint;
use super::{Alert, AlertError, Alerter, bounded_key, shortened};
use crate::finding::Severity;

/// Where events go unless told otherwise; the European service has a host of its own.
const URL: &str = "https://events.pagerduty.com/v2/enqueue";

/// The API's limits: <https://developer.pagerduty.com/docs/send-alert-event>.
const SUMMARY_CHARS: usize = 1_024;
const KEY_BYTES: usize = 255;

/// Opens and resolves incidents of a PagerDuty service. The fingerprint is the `dedup_key`: a change
/// of severity, a repeat and the end reach the same incident.
///
/// A drill that did not pass opens an incident, and the next that passes resolves it. Time-outs and
/// retries are those of [`WebhookAlerter`](super::WebhookAlerter). The routing key is a secret and
/// appears nowhere.
#[derive(Clone)]
pub struct PagerDutyAlerter {
    name: String,
    endpoint: Endpoint,
    routing_key: String,
}

impl PagerDutyAlerter {
    /// An alerter called `pagerduty` with a service's integration key.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn new(routing_key: impl Into<String>) -> Result<Self, AlertError> {
        let routing_key = routing_key.into().trim().to_owned();
        let mut endpoint = Endpoint::parse(URL)?;
        endpoint.hold_back(&routing_key);
        Ok(Self { name: "pagerduty".into(), endpoint, routing_key })
    }

    /// Another URL than the American service's: `https://events.eu.pagerduty.com` for the European.
    ///
    /// # Errors
    /// Where `url` is not one of http or https.
    pub fn with_url(mut self, url: &str) -> Result<Self, AlertError> {
        let endpoint = Endpoint::parse(url)?;
        let bare = endpoint.is_bare();
        self.endpoint = if bare { endpoint.below(&["v2", "enqueue"]) } else { endpoint };
        self.endpoint.hold_back(&self.routing_key);
        Ok(self)
    }

    /// Another name, to tell several services apart.
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

    fn event(&self, alert: &Alert) -> Value {
        let mut event = json!({
            "routing_key": self.routing_key,
            "event_action": if alert.is_end() { "resolve" } else { "trigger" },
            "dedup_key": bounded_key(&alert.fingerprint, KEY_BYTES),
        });
        if !alert.is_end() {
            event["client"] = "pgsre".into();
            event["payload"] = payload(alert);
        }
        event
    }
}

/// What an incident shows; a resolve has none.
fn payload(alert: &Alert) -> Value {
    let server = alert.labels.get("server");
    json!({
        "summary": shortened(&alert.summary, SUMMARY_CHARS),
        "source": server.unwrap_or(&alert.source),
        "severity": severity(alert.severity),
        "timestamp": alert.starts_at,
        "component": server,
        "class": alert.rule,
        "custom_details": {
            "rule": alert.rule,
            "labels": alert.labels,
            "value": alert.value,
            "starts_at": alert.starts_at,
            "told_by": alert.source,
        },
    })
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

#[async_trait]
impl Alerter for PagerDutyAlerter {
    fn name(&self) -> &str {
        &self.name
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        self.endpoint.post(&self.event(alert)).await
    }
}

impl std::fmt::Debug for PagerDutyAlerter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PagerDutyAlerter")
            .field("name", &self.name)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
