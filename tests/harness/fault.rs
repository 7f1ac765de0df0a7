//! Faults of real servers, and a watcher that is held to what it must say of them.

use std::fmt;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use pgsre_core::finding::Severity;
use pgsre_core::monitor::{
    Change, Incident, IncidentState, Incidents, Metric, Reading, ServerMonitor, default_rules,
};

/// How long a test waits for what has no promised time: that all is sound again.
const RECOVERY: Duration = Duration::from_secs(60);

/// A fault, and what it must lead to.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// What goes wrong.
    pub what: &'static str,
    /// The alert that it raises; none where it must raise none.
    pub alert: Option<Alarm>,
}

/// The alert of a fault.
#[derive(Clone, Copy, Debug)]
pub struct Alarm {
    /// Its rule.
    pub rule: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// Whether the figure is out of bounds, or unknown.
    pub state: IncidentState,
    /// After how many seconds it must be there, by the promise.
    pub within: i64,
    /// Rules that may speak beside it, for good reasons.
    pub beside: &'static [&'static str],
}

impl Fault {
    /// One that must raise no alert.
    #[must_use]
    pub const fn silent(what: &'static str) -> Self {
        Self { what, alert: None }
    }

    /// One that is critical within so many seconds.
    #[must_use]
    pub const fn critical(what: &'static str, rule: &'static str, within: i64) -> Self {
        Self::raising(what, rule, Severity::Critical, IncidentState::Firing, within)
    }

    /// One that is a warning within so many seconds.
    #[must_use]
    pub const fn warning(what: &'static str, rule: &'static str, within: i64) -> Self {
        Self::raising(what, rule, Severity::Warning, IncidentState::Firing, within)
    }

    /// One by which a figure is unknown, which is critical within so many seconds.
    #[must_use]
    pub const fn unknown(what: &'static str, rule: &'static str, within: i64) -> Self {
        Self::raising(what, rule, Severity::Critical, IncidentState::NoData, within)
    }

    /// The same, beside which these rules may speak.
    #[must_use]
    pub const fn beside(mut self, rules: &'static [&'static str]) -> Self {
        if let Some(alert) = &mut self.alert {
            alert.beside = rules;
        }
        self
    }

    const fn raising(
        what: &'static str,
        rule: &'static str,
        severity: Severity,
        state: IncidentState,
        within: i64,
    ) -> Self {
        Self { what, alert: Some(Alarm { rule, severity, state, within, beside: &[] }) }
    }

    fn may_raise(&self, rule: &str) -> bool {
        self.alert.is_some_and(|alert| alert.rule == rule || alert.beside.contains(&rule))
    }
}

/// A line of the table.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Alarm { rule, severity, state, within, .. }) = self.alert else {
            return write!(f, "| {} | none | |", self.what);
        };
        let unknown = if state == IncidentState::NoData { ", no data" } else { "" };
        let within = match within {
            ..=3 => "at once".to_owned(),
            4..=120 => format!("{within} s"),
            _ => format!("{} min", within / 60),
        };
        write!(f, "| {} | `{rule}` {severity}{unknown} | {within} |", self.what)
    }
}

impl Alarm {
    fn is(&self, incident: &Incident) -> bool {
        (incident.rule.as_str(), incident.severity, incident.state)
            == (self.rule, self.severity, self.state)
    }
}

/// What came of a fault.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// The fault.
    pub fault: Fault,
    /// How long its alert took, by the watcher's clock.
    pub took: SignedDuration,
}

/// A reading, and what it changed.
#[derive(Debug)]
pub struct Look {
    /// The reading.
    pub reading: Reading,
    /// What is to be told.
    pub changes: Vec<Change>,
}

/// A watcher of one server with the default rules. It reads once a second.
#[derive(Debug)]
pub struct Watch {
    monitor: ServerMonitor,
    replicas: Vec<&'static str>,
    incidents: Incidents,
    pace: Duration,
    clock: Clock,
    next: Instant,
}

/// By which time incidents are judged.
#[derive(Clone, Copy, Debug)]
enum Clock {
    Real,
    /// So much passes between two readings, for rules that take minutes.
    Fast {
        now: Timestamp,
        step: SignedDuration,
    },
}

impl Watch {
    /// A watcher of this server, which must have these replicas.
    #[must_use]
    pub fn of(monitor: ServerMonitor, replicas: &[&'static str]) -> Self {
        Self {
            monitor: monitor.expecting(replicas.iter().copied()),
            replicas: replicas.to_vec(),
            incidents: Incidents::default(),
            pace: Duration::from_secs(1),
            clock: Clock::Real,
            next: Instant::now(),
        }
    }

    /// The same that reads this often.
    #[must_use]
    pub fn every(mut self, pace: Duration) -> Self {
        self.pace = pace;
        self
    }

    /// The same by whose clock so many seconds pass between two readings.
    #[must_use]
    pub fn as_if_every(mut self, seconds: i64) -> Self {
        let step = SignedDuration::from_secs(seconds);
        self.clock = Clock::Fast { now: Timestamp::now(), step };
        self
    }

    /// The time by its clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self.clock {
            Clock::Real => Timestamp::now(),
            Clock::Fast { now, .. } => now,
        }
    }

    /// Reads and judges, when it is time to.
    pub async fn look(&mut self) -> Look {
        tokio::time::sleep_until(self.next.into()).await;
        self.next = Instant::now() + self.pace;
        let reading = self.monitor.read().await;
        if let Clock::Fast { now, step } = &mut self.clock {
            *now += *step;
        }
        let changes = self.incidents.advance(&default_rules(), &reading, self.now());
        Look { reading, changes }
    }

    /// Waits until nothing is open and every replica is there, however long what was before takes
    /// to be over.
    ///
    /// # Panics
    /// Where that does not come.
    pub async fn settles(&mut self) {
        let begin = Instant::now();
        loop {
            let look = self.look().await;
            if self.incidents.open().is_empty() && self.is_complete(&look.reading) {
                return;
            }
            let open = self.incidents.open();
            assert!(begin.elapsed() < RECOVERY, "{open:#?}\n{}", brief(&look.reading));
        }
    }

    /// The same where no replica is expected any more: the server is no longer what they follow.
    ///
    /// # Panics
    /// Where that does not come.
    pub async fn settles_without_replicas(&mut self) {
        self.replicas.clear();
        self.settles().await;
    }

    fn is_complete(&self, reading: &Reading) -> bool {
        self.replicas.iter().all(|replica| connected(reading, replica) == Some(1.0))
            && reading.samples_of(Metric::Up).any(|up| up.value == Some(1.0))
    }

    /// So many readings of which nothing may be told: of what is sound, or of a fault that is none.
    ///
    /// # Panics
    /// Where something is told.
    pub async fn is_silent(&mut self, fault: &Fault, looks: usize) -> Outcome {
        let since = self.now();
        for _ in 0..looks {
            self.look_at_what_is_sound(fault).await;
        }
        Outcome { fault: *fault, took: self.now().duration_since(since) }
    }

    /// One reading of which nothing may be told.
    ///
    /// # Panics
    /// Where something is told.
    pub async fn look_at_what_is_sound(&mut self, fault: &Fault) -> Reading {
        let Look { reading, changes } = self.look().await;
        assert_eq!(changes, [], "{}: {}", fault.what, brief(&reading));
        reading
    }

    /// Reads until the alert of a fault that began at `since` is told. Nothing else may be.
    ///
    /// # Panics
    /// Where it is not told in the promised time, or where something else is.
    pub async fn tells(&mut self, fault: &Fault, since: Timestamp) -> Outcome {
        self.tells_seeing(fault, since, |_| {}).await
    }

    /// The same; every reading is handed to `each`.
    ///
    /// # Panics
    /// Where it is not told in the promised time, or where something else is.
    pub async fn tells_seeing(
        &mut self,
        fault: &Fault,
        since: Timestamp,
        mut each: impl FnMut(&Reading),
    ) -> Outcome {
        let alert = fault.alert.expect("a fault that raises an alert");
        loop {
            let begin = self.now().duration_since(since);
            let Look { reading, changes } = self.look().await;
            each(&reading);
            let took = self.now().duration_since(since);
            for change in &changes {
                if let Change::Firing(incident) = change {
                    assert!(fault.may_raise(&incident.rule), "{}: {change:#?}", fault.what);
                }
            }
            let is = |change: &Change| matches!(change, Change::Firing(one) if alert.is(one));
            if changes.iter().any(is) {
                return Outcome { fault: *fault, took };
            }
            assert!(
                begin <= SignedDuration::from_secs(alert.within),
                "{}: a reading that began {begin:#} after it does not say so: {}\n{:#?}",
                fault.what,
                brief(&reading),
                self.incidents.open(),
            );
        }
    }
}

/// A reading in lines that can be read.
fn brief(reading: &Reading) -> String {
    let mut text = format!("{} at {}\n", reading.server.name, reading.at);
    for sample in reading.samples.iter().filter(|sample| !sample.labels.contains_key("database")) {
        let labels: Vec<&str> = sample.labels.values().map(String::as_str).collect();
        let how = sample.method.unwrap_or_default();
        text += &format!("{} {labels:?} {:?} {how}\n", sample.metric, sample.value);
    }
    for missing in &reading.missing {
        text += &format!("{} has no data: {}\n", missing.probe, missing.why);
    }
    text
}

/// Whether a replica is there, by a reading; `None` where that is not known.
#[must_use]
pub fn connected(reading: &Reading, replica: &str) -> Option<f64> {
    let is_it = |labels: &pgsre_core::monitor::Labels| {
        labels.get("replica").is_some_and(|name| name == replica)
    };
    reading
        .samples_of(Metric::ReplicationConnected)
        .find(|sample| is_it(&sample.labels))
        .and_then(|sample| sample.value)
}
