//! A sink with all the routes that lead to it.

use std::sync::Arc;
use std::time::Duration;

use crate::alert::{Alert, AlertEvent, Alerter, Manner, Route};

/// A sink, once, however many routes lead to it.
#[derive(Debug)]
pub(super) struct Sink {
    /// Its name, numbered where two sinks have the same.
    pub(super) key: String,
    pub(super) alerter: Arc<dyn Alerter>,
    routes: Vec<Route>,
}

impl Sink {
    /// The sinks of these routes, in order.
    pub(super) fn of(routes: Vec<Route>) -> Vec<Self> {
        let mut sinks: Vec<Self> = Vec::new();
        for route in routes {
            match sinks.iter_mut().find(|sink| Arc::ptr_eq(&sink.alerter, &route.alerter)) {
                Some(sink) => sink.routes.push(route),
                None => {
                    let key = free_key(&sinks, route.alerter.name());
                    let alerter = Arc::clone(&route.alerter);
                    sinks.push(Self { key, alerter, routes: vec![route] });
                }
            }
        }
        sinks
    }

    /// Whether it wants an alert; `known` where it heard, or is about to hear, of its fingerprint.
    pub(super) fn wants(&self, alert: &Alert, known: bool) -> bool {
        self.routes.iter().any(|route| route.wants(alert) || (known && route.follows(alert)))
    }

    /// Whether it takes several alerts in one message.
    pub(super) fn is_grouped(&self) -> bool {
        self.manner().together
    }

    fn manner(&self) -> Manner {
        self.alerter.manner()
    }

    /// The least pause between two messages.
    pub(super) fn pace(&self) -> Duration {
        self.routes.iter().find_map(|route| route.pace).unwrap_or_else(|| self.manner().pace)
    }

    /// How often it is told again what still fires.
    pub(super) fn repeat(&self) -> Option<Duration> {
        let asked = self.routes.iter().find_map(|route| route.repeat);
        let shortest = [asked, self.manner().resend].into_iter().flatten().min();
        shortest.map(|every| every.max(Duration::from_secs(1)))
    }

    /// How long an alert waits for others of its group.
    pub(super) fn group_wait(&self) -> Duration {
        self.routes.iter().find_map(|route| route.group_wait).unwrap_or_default()
    }

    /// What two alerts share that are told together; `None` where each is told by itself.
    pub(super) fn group<'a>(&self, alert: &'a Alert) -> Option<Vec<Option<&'a str>>> {
        if !self.is_grouped() {
            return None;
        }
        let by = self.routes.iter().find_map(|route| route.group_by.as_deref())?;
        Some(by.iter().map(|label| alert.labels.get(label).map(String::as_str)).collect())
    }
}

/// What an alert opens stays open until it is resolved; a drill is over when it is told.
pub(super) fn opens(alert: &Alert) -> bool {
    alert.event == AlertEvent::Firing
}

fn free_key(sinks: &[Sink], name: &str) -> String {
    let taken = |key: &str| sinks.iter().any(|sink| sink.key == key);
    let numbered = (2..).map(|number| format!("{name}#{number}"));
    let mut keys = std::iter::once(name.to_owned()).chain(numbered);
    keys.find(|key| !taken(key)).unwrap_or_default()
}
