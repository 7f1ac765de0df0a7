//! Telling somebody: the [`Alerter`] seam.
//!
//! One sink a file. A [`Dispatcher`] routes an alert to the sinks that want it, tries again where
//! that may help, and reports what could not be delivered.
//!
//! ```
//! # async fn tell() {
//! use std::sync::Arc;
//! use pgsre_core::alert::{Alert, Dispatcher, DrillNews, LogAlerter, Route};
//! use pgsre_core::finding::Verdict;
//!
//! let dispatcher = Dispatcher::new([Route::to(Arc::new(LogAlerter::new()))]);
//! let news = DrillNews::new(Verdict::Failed, "20261122t144310z_1a2b3c4d", "s3://acme/shop/");
//! for delivery in dispatcher.dispatch(&Alert::drill(&news)).await {
//!     eprintln!("{}: {:?}", delivery.alerter, delivery.outcome);
//! }
//! # }
//! ```

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::finding::{Severity, Verdict};

#[cfg(feature = "webhook")]
mod alertmanager;
mod clock;
mod command;
mod dispatch;
mod drill;
mod error;
#[cfg(feature = "webhook")]
mod heartbeat;
#[cfg(feature = "webhook")]
mod http;
mod log;
#[cfg(feature = "mail")]
mod mail;
mod manner;
#[cfg(feature = "webhook")]
mod opsgenie;
mod outbox;
#[cfg(feature = "webhook")]
mod pagerduty;
#[cfg(feature = "webhook")]
mod ping;
mod redact;
mod retry;
mod route;
#[cfg(feature = "webhook")]
mod slack;
#[cfg(feature = "webhook")]
mod template;
#[cfg(feature = "webhook")]
mod webhook;

#[cfg(all(test, feature = "webhook"))]
mod test_server;

#[cfg(feature = "webhook")]
pub use alertmanager::AlertmanagerAlerter;
pub use clock::{Clock, SystemClock};
pub use command::CommandAlerter;
pub use dispatch::Dispatcher;
pub use drill::DrillNews;
pub(crate) use drill::sender;
pub use error::AlertError;
#[cfg(feature = "webhook")]
pub use heartbeat::Heartbeat;
pub use log::LogAlerter;
#[cfg(feature = "mail")]
pub use mail::{MailAlerter, MailTls};
pub use manner::Manner;
#[cfg(feature = "webhook")]
pub use opsgenie::OpsgenieAlerter;
pub use outbox::{Outbox, OutboxError};
#[cfg(feature = "webhook")]
pub use pagerduty::PagerDutyAlerter;
#[cfg(feature = "webhook")]
pub use ping::PingAlerter;
pub use retry::RetryPolicy;
pub use route::Route;
pub(crate) use route::is_named;
#[cfg(feature = "webhook")]
pub use slack::SlackAlerter;
#[cfg(feature = "webhook")]
pub use template::AlertTemplate;
#[cfg(feature = "webhook")]
pub use webhook::WebhookAlerter;

/// A way to tell somebody.
#[async_trait]
pub trait Alerter: Debug + Send + Sync + 'static {
    /// A short name, as reports have it. Never a URL: those may hold secrets.
    fn name(&self) -> &str;

    /// Delivers one alert. Dropping the future gives up; whether the alert arrived is then unknown.
    ///
    /// # Errors
    /// Where it was not delivered. [`AlertError::is_transient`] says whether to try again.
    async fn send(&self, alert: &Alert) -> Result<(), AlertError>;

    /// How it wants to be told by an [`Outbox`]. Default: whatever there is, each alert by itself.
    fn manner(&self) -> Manner {
        Manner::default()
    }

    /// Delivers several alerts in one message. Asked for only where [`Manner::together`] says so.
    ///
    /// # Errors
    /// Where they were not delivered. The default sends one after the other and ends at the first
    /// that was not.
    async fn send_together(&self, alerts: &[Alert]) -> Result<(), AlertError> {
        for alert in alerts {
            self.send(alert).await?;
        }
        Ok(())
    }
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
    /// Who says so: `pgsre@` and the host's name.
    pub source: String,
}

impl Alert {
    /// What the drill came to, where this is about a drill.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        if self.event != AlertEvent::Drill {
            return None;
        }
        [Verdict::Passed, Verdict::Failed, Verdict::Inconclusive]
            .into_iter()
            .find(|verdict| self.rule == drill::rule(*verdict))
    }

    /// An alert that says that it is a test: what begins at `began`, or its end now.
    #[must_use]
    pub fn test(event: AlertEvent, began: Timestamp) -> Self {
        let is_end = event == AlertEvent::Resolved;
        let over = if is_end { ", and it is over" } else { "" };
        let source = drill::sender();
        Self {
            schema: 1,
            event,
            fingerprint: format!("pgsre.test{{source={source}}}"),
            rule: "pgsre.test".into(),
            severity: Severity::Warning,
            summary: format!("this is a test of {source}: nothing is wrong{over}"),
            labels: BTreeMap::from([("server".to_owned(), "pgsre-test".to_owned())]),
            value: None,
            starts_at: began,
            ends_at: is_end.then(Timestamp::now),
            source,
        }
    }

    /// Whether it ends what an earlier alert of the same fingerprint began: a drill that passed
    /// ends what one that did not has begun.
    #[must_use]
    pub fn is_end(&self) -> bool {
        self.event == AlertEvent::Resolved || self.verdict() == Some(Verdict::Passed)
    }
}

/// The beginning of a text, with a sign that more followed.
#[cfg(feature = "webhook")]
fn shortened(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        None => text.to_owned(),
        Some(_) => text.chars().take(chars.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// A name for the sinks that bound it: what is too long keeps its beginning and becomes different
/// by its digest.
#[cfg(any(feature = "webhook", feature = "mail"))]
fn bounded_key(text: &str, bytes: usize) -> String {
    use sha2::{Digest, Sha256};
    if text.len() <= bytes {
        return text.to_owned();
    }
    let digest: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut end = bytes.saturating_sub(digest.len() + 1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}-{digest}", &text[..end])
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

impl AlertEvent {
    /// The name as the webhook has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
            Self::Drill => "drill",
        }
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
    /// The sink does not want alerts of this weight or verdict, or has it already.
    Skipped,
    /// Not yet taken; it will be tried again.
    Waiting,
    /// Every attempt failed.
    Failed,
}
