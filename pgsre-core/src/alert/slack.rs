//! Slack's incoming webhooks, which Mattermost and others understand too.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::http::Endpoint;
use super::{Alert, AlertError, AlertEvent, Alerter, Manner};
use crate::finding::{Severity, Verdict};

/// Slack refuses a section's text of more than 3000 characters, and a field's of more than 2000.
/// Room is left for escapes, which are up to five times as long as what they stand for.
const SUMMARY_CHARS: usize = 550;
const FIELD_CHARS: usize = 350;

/// A section's text, with the sign that it was cut.
const SECTION_CHARS: usize = 2_990;

/// Slack allows ten fields in a section.
const FIELDS: usize = 10;

/// Slack takes one message a second: <https://api.slack.com/apis/rate-limits>.
const PACE: Duration = Duration::from_secs(1);

/// Posts a message to a channel through an incoming webhook: one a second at most, and several
/// alerts in one where an [`Outbox`](super::Outbox) groups them.
///
/// Time-outs, retries and secrecy are those of [`WebhookAlerter`](super::WebhookAlerter).
#[derive(Clone, Debug)]
pub struct SlackAlerter {
    name: String,
    endpoint: Endpoint,
}

impl SlackAlerter {
    /// An alerter called `slack` that posts to an incoming webhook's URL.
    ///
    /// # Errors
    /// Where `url` is not one of http or https. The message does not repeat it.
    pub fn new(url: &str) -> Result<Self, AlertError> {
        Ok(Self { name: "slack".into(), endpoint: Endpoint::parse(url)? })
    }

    /// Another name, to tell several channels apart.
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
impl Alerter for SlackAlerter {
    fn name(&self) -> &str {
        &self.name
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        self.endpoint.post(&message(alert)).await
    }

    fn manner(&self) -> Manner {
        Manner { pace: PACE, together: true, ..Manner::default() }
    }

    async fn send_together(&self, alerts: &[Alert]) -> Result<(), AlertError> {
        self.endpoint.post(&together(alerts)).await
    }
}

/// Several alerts: a line for notifications, and a line with its colour for each.
fn together(alerts: &[Alert]) -> Value {
    let open = alerts.iter().filter(|alert| !alert.is_end());
    let mark = open.max_by_key(|alert| alert.severity).or(alerts.first()).map_or("", mark);
    let lines: Vec<Value> = alerts.iter().map(line).collect();
    json!({ "text": format!("{mark} {} alerts", alerts.len()), "attachments": lines })
}

fn line(alert: &Alert) -> Value {
    let summary = escape(&cut(&alert.summary, SUMMARY_CHARS));
    let text = format!("{} *{}*\n{summary}\n{}", mark(alert), escape(&alert.rule), footer(alert));
    json!({
        "color": color(alert),
        "fallback": summary,
        "blocks": [{ "type": "section", "text": markdown(cut(&text, SECTION_CHARS)) }],
    })
}

/// `text` is what notifications and screen readers show; the attachment gives the colour.
fn message(alert: &Alert) -> Value {
    let summary = escape(&cut(&alert.summary, SUMMARY_CHARS));
    json!({
        "text": format!("{} {summary}", mark(alert)),
        "attachments": [{
            "color": color(alert),
            "fallback": summary,
            "blocks": [
                { "type": "section", "text": markdown(format!("{} *{}*\n{summary}", mark(alert), escape(&alert.rule))) },
                { "type": "section", "fields": fields(alert) },
                { "type": "context", "elements": [markdown(footer(alert))] },
            ],
        }],
    })
}

fn mark(alert: &Alert) -> &'static str {
    match (alert.event, alert.verdict(), alert.severity) {
        (AlertEvent::Resolved, ..) | (_, Some(Verdict::Passed), _) => ":white_check_mark:",
        (.., Severity::Critical) => ":rotating_light:",
        (.., Severity::Warning) => ":warning:",
        (.., Severity::Info) => ":information_source:",
    }
}

fn color(alert: &Alert) -> &'static str {
    match (alert.event, alert.verdict(), alert.severity) {
        (AlertEvent::Resolved, ..) | (_, Some(Verdict::Passed), _) => "#2e7d32",
        (.., Severity::Critical) => "#c62828",
        (.., Severity::Warning) => "#ef6c00",
        (.., Severity::Info) => "#546e7a",
    }
}

fn fields(alert: &Alert) -> Vec<Value> {
    let severity = ("severity".to_owned(), alert.severity.to_string());
    let value = alert.value.map(|value| ("value".to_owned(), format!("{value:.1}")));
    let labels = alert.labels.iter().map(|(name, value)| (name.clone(), value.clone()));
    let all = std::iter::once(severity).chain(value).chain(labels).take(FIELDS);
    all.map(|(name, value)| {
        markdown(format!("*{}*\n{}", escape(&name), escape(&cut(&value, FIELD_CHARS))))
    })
    .collect()
}

fn footer(alert: &Alert) -> String {
    let began = alert.starts_at.as_second();
    let when = format!("<!date^{began}^{{date_num}} {{time_secs}}|{}>", alert.starts_at);
    format!("{} · {when} · {}", escape(&alert.source), alert.fingerprint)
}

fn markdown(text: String) -> Value {
    json!({ "type": "mrkdwn", "text": text })
}

/// The three characters that Slack's markup reserves; without them no mention or link can be made.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::alert::DrillNews;

    fn alert(verdict: Verdict, backup: &str) -> Alert {
        Alert::drill(&DrillNews {
            backup: Some(backup),
            ..DrillNews::new(verdict, "20261122t144310z_1a2b3c4d", "s3://acme/shop/")
        })
    }

    #[test]
    fn a_message_says_in_its_text_what_happened() {
        let message = message(&alert(Verdict::Failed, "shop.sql"));
        let text = message["text"].as_str().unwrap();
        assert_eq!(text, ":rotating_light: restore drill failed: shop.sql from s3://acme/shop/");
        assert_eq!(message["attachments"][0]["color"], "#c62828");
    }

    #[test]
    fn names_from_a_backup_cannot_mention_or_link() {
        let message =
            message(&alert(Verdict::Failed, "<!channel> & <http://evil|here>")).to_string();
        assert!(!message.contains("<!channel>") && !message.contains("<http"), "{message}");
    }

    #[test]
    fn a_message_stays_within_slack_s_limits() {
        let mut alert = alert(Verdict::Inconclusive, &"&".repeat(10_000));
        alert.labels.extend((0..20).map(|n| (format!("label{n}"), "&".repeat(5_000))));
        let message = message(&alert);
        let blocks = message["attachments"][0]["blocks"].as_array().unwrap();
        assert!(blocks[0]["text"]["text"].as_str().unwrap().chars().count() <= 3_000);
        let fields = blocks[1]["fields"].as_array().unwrap();
        assert!(fields.len() <= FIELDS);
        assert!(
            fields.iter().all(|field| field["text"].as_str().unwrap().chars().count() <= 2_000)
        );
    }

    #[test]
    fn several_alerts_are_one_message_with_a_line_each_within_the_limits() {
        let mut long = alert(Verdict::Failed, &"&".repeat(10_000));
        long.fingerprint = "x".repeat(10_000);
        let message = together(&[alert(Verdict::Passed, "a"), long]);
        assert_eq!(message["text"], ":rotating_light: 2 alerts");
        let lines = message["attachments"].as_array().unwrap();
        let colors: Vec<_> = lines.iter().map(|line| line["color"].as_str().unwrap()).collect();
        assert_eq!(colors, ["#2e7d32", "#c62828"]);
        for line in lines {
            assert!(line["blocks"][0]["text"]["text"].as_str().unwrap().chars().count() <= 3_000);
        }
    }
}
