//! Routing, retries, time-outs and deduplication.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use jiff::Timestamp;

use super::{
    Alert, AlertError, AlertEvent, Alerter, Clock, Delivery, DeliveryOutcome, RetryPolicy, Route,
    SystemClock, redact,
};
use crate::finding::{Severity, chain};

/// Sends an alert to every sink that wants it.
///
/// A sink that fails, hangs or panics holds no other up, and what could not be delivered is in the
/// result: nothing is silent.
#[derive(Debug)]
pub struct Dispatcher {
    routes: Vec<Route>,
    retry: RetryPolicy,
    timeout: Duration,
    window: Duration,
    clock: Arc<dyn Clock>,
    sent: Mutex<HashMap<SentKey, Timestamp>>,
}

/// What makes two alerts the same to one sink. The severity is part of it: a warning that becomes
/// critical is news.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct SentKey {
    route: usize,
    event: AlertEvent,
    fingerprint: String,
    rule: String,
    severity: Severity,
}

impl Default for Dispatcher {
    fn default() -> Self {
        Self::new([])
    }
}

impl Dispatcher {
    /// A dispatcher that tries four times within a minute and remembers nothing between two
    /// dispatches.
    #[must_use]
    pub fn new(routes: impl IntoIterator<Item = Route>) -> Self {
        Self {
            routes: routes.into_iter().collect(),
            retry: RetryPolicy::default(),
            timeout: Duration::from_secs(60),
            window: Duration::ZERO,
            clock: Arc::new(SystemClock),
            sent: Mutex::default(),
        }
    }

    /// How often to try, and how long to wait in between.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// The longest that one dispatch may take, retries included. Default 60 s.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long the same alert is not sent again to a sink that took it. Default zero: each
    /// dispatch is news.
    #[must_use]
    pub fn with_window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Another clock than the operating system's.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The names of the sinks, in order.
    pub fn alerters(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|route| route.alerter.name())
    }

    /// Sends `alert` to every sink that wants it, all at the same time, and says for each route how
    /// it ended. Dropping the future gives up on what is not yet delivered.
    pub async fn dispatch(&self, alert: &Alert) -> Vec<Delivery> {
        let deliveries = (0..self.routes.len()).map(|route| self.deliver(route, alert));
        join_all(deliveries).await
    }

    async fn deliver(&self, route: usize, alert: &Alert) -> Delivery {
        let key = SentKey {
            route,
            event: alert.event,
            fingerprint: alert.fingerprint.clone(),
            rule: alert.rule.clone(),
            severity: alert.severity,
        };
        let alerter = &self.routes[route].alerter;
        if !self.is_due(&key, alert) {
            return delivery(alerter, DeliveryOutcome::Skipped, 0, None);
        }
        let delivery = self.attempts(alerter, alert).await;
        if delivery.outcome == DeliveryOutcome::Sent {
            self.remember(key);
        }
        delivery
    }

    fn is_due(&self, key: &SentKey, alert: &Alert) -> bool {
        self.routes[key.route].wants(alert)
            && !self.is_repeated(key.route, alert)
            && !self.was_sent(key)
    }

    /// Whether an earlier route already brings this alert to the same sink.
    fn is_repeated(&self, route: usize, alert: &Alert) -> bool {
        let (earlier, rest) = self.routes.split_at(route);
        let same = |other: &Route| Arc::ptr_eq(&other.alerter, &rest[0].alerter);
        earlier.iter().any(|other| same(other) && other.wants(alert))
    }

    fn was_sent(&self, key: &SentKey) -> bool {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.get(key).is_some_and(|at| self.is_recent(*at))
    }

    /// Memory stays bounded by what was sent within the window.
    fn remember(&self, key: SentKey) {
        if self.window.is_zero() {
            return;
        }
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.retain(|_, at| self.is_recent(*at));
        sent.insert(key, self.clock.now());
    }

    fn is_recent(&self, at: Timestamp) -> bool {
        let age = self.clock.now().duration_since(at).unsigned_abs();
        age < self.window
    }

    async fn attempts(&self, alerter: &Arc<dyn Alerter>, alert: &Alert) -> Delivery {
        let mut progress = Progress::default();
        let delivering = self.attempt_until_sent(alerter, alert, &mut progress);
        match tokio::time::timeout(self.timeout, delivering).await {
            Ok(true) => delivery(alerter, DeliveryOutcome::Sent, progress.attempts, None),
            Ok(false) => {
                delivery(alerter, DeliveryOutcome::Failed, progress.attempts, progress.error)
            }
            Err(_) => {
                let error = timed_out(self.timeout, progress.error);
                delivery(alerter, DeliveryOutcome::Failed, progress.attempts, Some(error))
            }
        }
    }

    async fn attempt_until_sent(
        &self,
        alerter: &Arc<dyn Alerter>,
        alert: &Alert,
        progress: &mut Progress,
    ) -> bool {
        loop {
            progress.attempts += 1;
            let Err(error) = attempt(alerter, std::slice::from_ref(alert)).await else {
                return true;
            };
            progress.error = Some(redact::urls(&chain(&error)));
            if !error.is_transient() || progress.attempts >= self.retry.attempts {
                return false;
            }
            let pause =
                self.retry.pause(progress.attempts, error.retry_after(), rand::random::<f64>());
            self.clock.sleep(pause).await;
        }
    }
}

/// How far a delivery came: outlives its time-out.
#[derive(Debug, Default)]
struct Progress {
    attempts: u32,
    error: Option<String>,
}

/// One attempt. A sink's panic is its failure, not the drill's.
pub(super) async fn attempt(
    alerter: &Arc<dyn Alerter>,
    alerts: &[Alert],
) -> Result<(), AlertError> {
    let sending = match alerts {
        [alert] => alerter.send(alert),
        alerts => alerter.send_together(alerts),
    };
    AssertUnwindSafe(sending)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(AlertError::permanent("the alerter panicked")))
}

fn timed_out(timeout: Duration, error: Option<String>) -> String {
    let limit = format!("not delivered within {timeout:?}");
    match error {
        Some(error) => format!("{limit}; the last attempt: {error}"),
        None => limit,
    }
}

fn delivery(
    alerter: &Arc<dyn Alerter>,
    outcome: DeliveryOutcome,
    attempts: u32,
    error: Option<String>,
) -> Delivery {
    Delivery { alerter: alerter.name().to_owned(), outcome, attempts, error }
}

#[cfg(test)]
mod tests;
