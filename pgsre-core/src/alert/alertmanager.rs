//! Prometheus Alertmanager's API v2.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::http::Endpoint;
use super::{Alert, AlertError, AlertEvent, Alerter, Clock, Manner, SystemClock};
use crate::finding::{Severity, Verdict, chain};

/// How often Alertmanager hears of what still fires.
const RESEND: Duration = Duration::from_secs(60);

/// What fires lasts for so many intervals unless Alertmanager hears of it again.
const LASTS: i32 = 4;

/// A drill is told once, and lasts until the next that passes, or for this long.
const DRILL_LASTS: SignedDuration = SignedDuration::from_hours(24);

/// The value of a label that an alert lacks: Alertmanager drops an empty one, and inhibits by labels
/// that are missing on both sides.
const NONE: &str = "none";

/// Of so many incidents the severity is remembered.
const REMEMBERED: usize = 10_000;

/// Posts to one Alertmanager, or to all of a cluster: each must hear it, and one that does is
/// enough.
///
/// The labels are `alertname` (the rule), `severity`, `server` and the alert's own; summary, value
/// and fingerprint are annotations. The severity is a label, because Alertmanager routes by it: so a
/// change of severity ends the alert of the old one in the same request. What fires is told again
/// every minute, which an [`Outbox`](super::Outbox) does, and ends by itself four minutes after the
/// last time. A drill that did not pass lasts a day, or until one passes.
///
/// Time-outs, retries and secrecy are those of [`WebhookAlerter`](super::WebhookAlerter); user and
/// password in the URL are sent as basic authentication.
#[derive(Clone, Debug)]
pub struct AlertmanagerAlerter {
    name: String,
    members: Vec<Endpoint>,
    resend: Duration,
    clock: Arc<dyn Clock>,
    /// The severity that each incident was last told with.
    severities: Arc<Mutex<BTreeMap<String, Severity>>>,
}

impl AlertmanagerAlerter {
    /// An alerter called `alertmanager` for the members of a cluster, by the URLs of their web
    /// interfaces: `http://alertmanager:9093`.
    ///
    /// # Errors
    /// Where there is none, or one is not of http or https.
    pub fn new<'a>(urls: impl IntoIterator<Item = &'a str>) -> Result<Self, AlertError> {
        let members: Vec<_> = urls.into_iter().map(member).collect::<Result<_, _>>()?;
        if members.is_empty() {
            return Err(AlertError::permanent("an alerter of Alertmanager needs a URL"));
        }
        Ok(Self {
            name: "alertmanager".into(),
            members,
            resend: RESEND,
            clock: Arc::new(SystemClock),
            severities: Arc::default(),
        })
    }

    /// Another name, to tell several clusters apart.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// An extra header for all members, such as `Authorization`.
    ///
    /// # Errors
    /// Where the name or the value holds a character that none may.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, AlertError> {
        for member in &mut self.members {
            member.add_header(name, value)?;
        }
        Ok(self)
    }

    /// How often what fires is told again; least a second, default a minute.
    #[must_use]
    pub fn with_resend(mut self, resend: Duration) -> Self {
        self.resend = resend.max(Duration::from_secs(1));
        self
    }

    /// Another time-out of one attempt than ten seconds.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn with_timeout(mut self, timeout: Duration) -> Result<Self, AlertError> {
        for member in &mut self.members {
            member.set_timeout(timeout)?;
        }
        Ok(self)
    }

    /// Another clock than the operating system's: ends are told as points in time.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    fn bodies(&self, alert: &Alert, now: Timestamp) -> Vec<Body> {
        let ends_at = self.ends_at(alert, now);
        let mut bodies = vec![body(alert, alert.severity, ends_at)];
        let others = self.earlier_severities(alert);
        bodies.extend(others.into_iter().map(|earlier| body(alert, earlier, now)));
        bodies
    }

    /// Severities under which this is open and must not stay so.
    fn earlier_severities(&self, alert: &Alert) -> Vec<Severity> {
        if alert.event == AlertEvent::Drill {
            let all = [Severity::Critical, Severity::Warning];
            return all.into_iter().filter(|severity| *severity != alert.severity).collect();
        }
        let severities = self.severities.lock().unwrap_or_else(PoisonError::into_inner);
        let last = severities.get(&alert.fingerprint).copied();
        last.filter(|last| *last != alert.severity).into_iter().collect()
    }

    fn ends_at(&self, alert: &Alert, now: Timestamp) -> Timestamp {
        let lasts = match alert.event {
            _ if alert.is_end() => return alert.ends_at.map_or(now, |end| end.min(now)),
            AlertEvent::Drill => DRILL_LASTS,
            _ => SignedDuration::try_from(self.resend).unwrap_or(DRILL_LASTS).saturating_mul(LASTS),
        };
        now.checked_add(lasts).unwrap_or(Timestamp::MAX)
    }

    fn remember(&self, alerts: &[Alert]) {
        let mut severities = self.severities.lock().unwrap_or_else(PoisonError::into_inner);
        for alert in alerts {
            match alert.event {
                AlertEvent::Firing => {
                    severities.insert(alert.fingerprint.clone(), alert.severity);
                }
                AlertEvent::Resolved => drop(severities.remove(&alert.fingerprint)),
                AlertEvent::Drill => {}
            }
        }
        while severities.len() > REMEMBERED {
            severities.pop_first();
        }
    }
}

fn member(url: &str) -> Result<Endpoint, AlertError> {
    Ok(Endpoint::parse(url)?.below(&["api", "v2", "alerts"]))
}

#[async_trait]
impl Alerter for AlertmanagerAlerter {
    fn name(&self) -> &str {
        &self.name
    }

    async fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        self.send_together(std::slice::from_ref(alert)).await
    }

    fn manner(&self) -> Manner {
        Manner { together: true, resend: Some(self.resend), ..Manner::default() }
    }

    async fn send_together(&self, alerts: &[Alert]) -> Result<(), AlertError> {
        let now = self.clock.now();
        let bodies: Vec<Body> = alerts.iter().flat_map(|alert| self.bodies(alert, now)).collect();
        let posts = self.members.iter().map(|member| member.post(&bodies));
        let errors: Vec<_> = join_all(posts).await.into_iter().filter_map(Result::err).collect();
        if errors.len() < self.members.len() {
            self.remember(alerts);
            return Ok(());
        }
        Err(of_all(errors))
    }
}

/// What no member of a cluster took.
fn of_all(mut errors: Vec<AlertError>) -> AlertError {
    if errors.len() == 1 {
        return errors.remove(0);
    }
    let said: Vec<_> = errors.iter().map(|error| chain(error)).collect();
    let context = format!("no member of the cluster took it: {}", said.join("; "));
    if errors.iter().any(AlertError::is_transient) {
        AlertError::transient(context)
    } else {
        AlertError::permanent(context)
    }
}

/// One alert as Alertmanager has it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    starts_at: Timestamp,
    ends_at: Timestamp,
}

fn body(alert: &Alert, severity: Severity, ends_at: Timestamp) -> Body {
    Body {
        labels: labels(alert, severity),
        annotations: annotations(alert),
        // Alertmanager refuses what ends before it starts.
        starts_at: alert.starts_at.min(ends_at),
        ends_at,
    }
}

/// What makes an alert the same to Alertmanager. A drill is the same whatever its verdict, its
/// backup and its run.
fn labels(alert: &Alert, severity: Severity) -> BTreeMap<String, String> {
    let is_drill = alert.event == AlertEvent::Drill;
    let own = alert.labels.iter();
    let own = own.filter(|(name, _)| !is_drill || matches!(name.as_str(), "server" | "source"));
    let own = own.map(|(name, value)| (label_name(name), label_value(value)));
    let mut labels = BTreeMap::from([("server".to_owned(), NONE.to_owned())]);
    labels.extend(own);
    let name = if is_drill { "drill" } else { &alert.rule };
    labels.insert("alertname".to_owned(), label_value(name));
    labels.insert("severity".to_owned(), severity.to_string());
    labels
}

fn annotations(alert: &Alert) -> BTreeMap<String, String> {
    let texts = [
        ("summary", Some(alert.summary.clone())),
        ("value", alert.value.map(|value| value.to_string())),
        ("fingerprint", Some(alert.fingerprint.clone())),
        ("source", Some(alert.source.clone())),
        ("verdict", alert.verdict().map(|verdict: Verdict| verdict.to_string())),
    ];
    let is_drill = alert.event == AlertEvent::Drill;
    let own = alert.labels.iter().filter(|_| is_drill);
    let own = own.map(|(name, value)| (label_name(name), value.clone()));
    let texts = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?)));
    own.chain(texts).collect()
}

/// Letters, digits and underscores, not beginning with a digit: what every version takes.
fn label_name(name: &str) -> String {
    let sound = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = name.chars().map(sound).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) || name.is_empty() {
        format!("_{name}")
    } else {
        name
    }
}

fn label_value(value: &str) -> String {
    if value.is_empty() { NONE.to_owned() } else { value.to_owned() }
}

#[cfg(test)]
mod tests;
