//! What a watcher knows, as Prometheus and its like scrape it.
//!
//! Formats: OpenMetrics 1.0 and Prometheus' text format 0.0.4. What is not known is left out: a
//! missing series says so, where 0 or `NaN` would be a figure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use jiff::Timestamp;

use super::watched::{Watched, WatchedServer};
use crate::monitor::{IncidentState, Labels, Metric, Sample, label_name};

/// How metrics are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExpositionFormat {
    /// Prometheus' text format 0.0.4: what every scraper reads.
    #[default]
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl ExpositionFormat {
    /// The format that an `Accept` header asks for: OpenMetrics only where it is named.
    #[must_use]
    pub fn accepted(accept: &str) -> Self {
        let refused = |range: &str| range.split(';').any(|part| part.trim() == "q=0");
        let named = |range: &&str| range.trim_start().starts_with("application/openmetrics-text");
        match accept.split(',').find(named) {
            Some(range) if !refused(range) => Self::OpenMetrics,
            _ => Self::Text,
        }
    }

    /// The value of `Content-Type`.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// A figure of the watcher itself: name without `_total`, whether it only grows, meaning.
struct Own(&'static str, bool, &'static str);

const READING_AGE: Own =
    Own("pgsre_watch_reading_age_seconds", false, "Age of the server's last reading.");
const READING: Own =
    Own("pgsre_watch_reading_seconds", false, "How long the server's last reading took.");
const WITHOUT_DATA: Own =
    Own("pgsre_watch_probe_without_data", false, "1 for each probe that has no data now.");
const CYCLE: Own =
    Own("pgsre_watch_cycle_seconds", false, "How long the last whole cycle of all servers took.");
const LAST_CYCLE: Own = Own(
    "pgsre_watch_last_cycle_timestamp_seconds",
    false,
    "When the last whole cycle of all servers ended.",
);
const START: Own =
    Own("pgsre_watch_start_timestamp_seconds", false, "When the watcher was started.");
const ALERTS: Own =
    Own("pgsre_alerts", false, "Incidents that are open, by rule, severity and state.");
const WAITING: Own = Own("pgsre_watch_alerts_waiting", false, "Alerts that no sink took yet.");
const DELIVERIES: Own =
    Own("pgsre_watch_deliveries", true, "Attempts to deliver an alert, by outcome.");
const BUILD: Own = Own("pgsre_build_info", false, "1, with the version of pgsre.");

const OWN: [&Own; 10] = [
    &READING_AGE,
    &READING,
    &WITHOUT_DATA,
    &CYCLE,
    &LAST_CYCLE,
    &START,
    &ALERTS,
    &WAITING,
    &DELIVERIES,
    &BUILD,
];

/// The name and meaning of everything that [`exposition`] can write, in the text format's spelling.
pub fn exposed() -> impl Iterator<Item = (String, &'static str)> {
    let own = OWN.iter().map(|Own(name, grows, meaning)| {
        (if *grows { format!("{name}_total") } else { (*name).to_owned() }, *meaning)
    });
    Metric::ALL.iter().map(|metric| (metric.prometheus_name(), metric.meaning())).chain(own)
}

/// Everything that is known, in a stable order. A reading that is [stale](Watched::patience) is
/// left out: `pgsre_watch_reading_age_seconds` tells.
#[must_use]
pub fn exposition(watched: &Watched, format: ExpositionFormat, now: Timestamp) -> String {
    let mut page = Page { text: String::new(), format };
    let fresh = fresh(watched, now);
    for metric in Metric::ALL {
        page.metric(*metric, &fresh);
    }
    page.servers(watched, now);
    page.watcher(watched);
    if format == ExpositionFormat::OpenMetrics {
        page.text.push_str("# EOF\n");
    }
    page.text
}

/// Servers whose last reading still says something, with its known samples by metric.
type Fresh<'w> = Vec<(&'w str, BTreeMap<Metric, Vec<&'w Sample>>)>;

fn fresh(watched: &Watched, now: Timestamp) -> Fresh<'_> {
    let known = |server: &WatchedServer| watched.age_of(server, now) <= Some(watched.patience());
    let servers = watched.servers.iter().filter(|(_, server)| known(server));
    servers.map(|(name, server)| (name.as_str(), by_metric(server))).collect()
}

fn by_metric(server: &WatchedServer) -> BTreeMap<Metric, Vec<&Sample>> {
    let mut samples: BTreeMap<Metric, Vec<&Sample>> = BTreeMap::new();
    let all = server.reading.iter().flat_map(|reading| &reading.samples);
    for sample in all.filter(|sample| sample.value.is_some()) {
        samples.entry(sample.metric).or_default().push(sample);
    }
    samples
}

/// A page as it is written.
struct Page {
    text: String,
    format: ExpositionFormat,
}

impl Page {
    fn metric(&mut self, metric: Metric, fresh: &Fresh<'_>) {
        let mut series = BTreeMap::new();
        for (server, samples) in fresh {
            for sample in samples.get(&metric).into_iter().flatten() {
                // Two of the same name would make the whole page unreadable.
                let known = sample.value.map(|value| metric.prometheus_value(value));
                series.entry(labelled(server, &sample.labels)).or_insert(known);
            }
        }
        if series.is_empty() {
            return;
        }
        let name = metric.prometheus_name();
        self.family(&name, false, metric.meaning());
        for (labels, value) in series {
            self.line(&name, &labels, value);
        }
    }

    /// What is said of each server beside its figures.
    fn servers(&mut self, watched: &Watched, now: Timestamp) {
        let each = || watched.servers.iter();
        self.own(
            &READING_AGE,
            each().map(|(name, server)| {
                let age = watched.age_of(server, now).map(|age| age.as_secs_f64());
                (labels([("server", name)]), age)
            }),
        );
        self.own(
            &READING,
            each().map(|(name, server)| {
                let seconds = server.reading.as_ref().map(|reading| reading.seconds);
                (labels([("server", name)]), seconds)
            }),
        );
        let missing = each().flat_map(|(name, server)| {
            let probes: BTreeSet<&str> = server
                .reading
                .iter()
                .flat_map(|reading| &reading.missing)
                .map(|missing| missing.probe.as_str())
                .collect();
            probes.into_iter().map(move |probe| {
                (labels([("server", name.as_str()), ("probe", probe)]), Some(1.0))
            })
        });
        self.own(&WITHOUT_DATA, missing);
        self.own(&ALERTS, alerts(watched).into_iter().map(|(labels, count)| (labels, Some(count))));
    }

    /// What is said of the watcher as a whole.
    fn watcher(&mut self, watched: &Watched) {
        let one = |value| [(String::new(), value)];
        self.own(&CYCLE, one(watched.cycle.map(|cycle| cycle.seconds)));
        self.own(&LAST_CYCLE, one(watched.cycle.map(|cycle| seconds(cycle.ended_at))));
        self.own(&START, one(Some(seconds(watched.started_at))));
        self.own(&WAITING, one(Some(watched.deliveries.waiting as f64)));
        let outcome = |name: &str| labels([("outcome", name)]);
        self.own(
            &DELIVERIES,
            [
                (outcome("failed"), Some(watched.deliveries.failed as f64)),
                (outcome("sent"), Some(watched.deliveries.sent as f64)),
            ],
        );
        let version = labels([("version", env!("CARGO_PKG_VERSION"))]);
        self.own(&BUILD, [(version, Some(1.0))]);
    }

    fn own(&mut self, own: &Own, series: impl IntoIterator<Item = (String, Option<f64>)>) {
        let Own(name, grows, meaning) = own;
        let mut series = series.into_iter().filter(|(_, value)| value.is_some()).peekable();
        if series.peek().is_none() {
            return;
        }
        self.family(name, *grows, meaning);
        let total = if *grows { "_total" } else { "" };
        for (labels, value) in series {
            self.line(&format!("{name}{total}"), &labels, value);
        }
    }

    fn family(&mut self, name: &str, grows: bool, meaning: &str) {
        let kind = if grows { "counter" } else { "gauge" };
        // The family of a counter has no suffix in OpenMetrics, and has it in the text format.
        let suffix = if grows && self.format == ExpositionFormat::Text { "_total" } else { "" };
        let meaning = meaning.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = writeln!(self.text, "# HELP {name}{suffix} {meaning}");
        let _ = writeln!(self.text, "# TYPE {name}{suffix} {kind}");
        // OpenMetrics wants the unit to be the end of the name, else none.
        let unit = ["seconds", "bytes", "ratio"]
            .into_iter()
            .find(|unit| name.strip_suffix(unit).is_some_and(|rest| rest.ends_with('_')));
        if let (Some(unit), ExpositionFormat::OpenMetrics) = (unit, self.format) {
            let _ = writeln!(self.text, "# UNIT {name} {unit}");
        }
    }

    fn line(&mut self, name: &str, labels: &str, value: Option<f64>) {
        if let Some(value) = value.filter(|value| value.is_finite()) {
            let _ = writeln!(self.text, "{name}{labels} {value}");
        }
    }
}

/// How many incidents are open, by what they are about as far as the page says.
fn alerts(watched: &Watched) -> BTreeMap<String, f64> {
    let mut counts = BTreeMap::new();
    for (server, seen) in &watched.servers {
        for incident in &seen.incidents {
            let state = match incident.state {
                IncidentState::Pending => "pending",
                IncidentState::Firing => "firing",
                IncidentState::NoData => "no_data",
            };
            let severity = incident.severity.to_string();
            let labels = labels([
                ("server", server.as_str()),
                ("rule", &incident.rule),
                ("severity", &severity),
                ("state", state),
            ]);
            *counts.entry(labels).or_insert(0.0) += 1.0;
        }
    }
    counts
}

fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}

fn labelled(server: &str, own: &Labels) -> String {
    let own = own.iter().filter(|(name, _)| *name != "server");
    labels([("server", server)].into_iter().chain(own.map(|(name, value)| (&**name, &**value))))
}

/// `{server="shop",replica="db2"}`.
fn labels<'l>(pairs: impl IntoIterator<Item = (&'l str, impl AsRef<str>)>) -> String {
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{}=\"{}\"", label_name(name), escaped(value.as_ref())))
        .collect();
    format!("{{{}}}", pairs.join(","))
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests;
