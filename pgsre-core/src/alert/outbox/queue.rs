//! What waits for one sink, and what it was told: plain data without a clock or a file.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::batch::{Batch, Settled, What};
use super::sink::{Sink, opens};
use crate::alert::{Alert, AlertEvent};
use crate::finding::{Severity, Verdict};

/// No message holds more alerts than this.
const BATCH: usize = 20;

/// What waits for one sink, and what it was told.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) waiting: VecDeque<Entry>,
    /// What it was told as firing and not as resolved, by fingerprint.
    pub(super) told: BTreeMap<String, Told>,
    pub(super) merged: Option<Merged>,
    failures: u32,
    not_before: Option<Timestamp>,
    last_sent: Option<Timestamp>,
    busy: bool,
}

/// An alert that waits.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: u64,
    pub(super) alert: Alert,
    /// It resolves what was never told as firing.
    pub(super) untold: bool,
    /// It is over, and the sink wants no ends.
    pub(super) over: bool,
    seen_at: Option<Timestamp>,
    in_flight: bool,
    alone: bool,
}

/// What a sink was told as firing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) alert: Alert,
    pub(super) at: Timestamp,
}

/// Alerts that are only counted, because too many waited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Merged {
    pub(super) count: u64,
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
}

/// What a new alert does to a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// Nothing: it is not wanted, or no news.
    Ignore,
    /// It is not told, but ends what was.
    Close,
    /// It waits in place of those that it outdates.
    Push { replaces: Vec<u64>, untold: bool },
}

impl Queue {
    /// What `alert` does here. `remembers` where the file holds all that was ever told.
    pub(super) fn plan(&self, sink: &Sink, alert: &Alert, remembers: bool) -> Plan {
        let same = || self.waiting.iter().filter(|e| e.alert.fingerprint == alert.fingerprint);
        let known = self.told.contains_key(&alert.fingerprint) || same().any(|e| opens(&e.alert));
        let resolves = alert.event == AlertEvent::Resolved;
        if !sink.wants(alert, known) {
            return if resolves { Plan::Close } else { Plan::Ignore };
        }
        let idle: Vec<_> = same().filter(|entry| !entry.in_flight).collect();
        match alert.event {
            AlertEvent::Drill => Plan::Push { replaces: Vec::new(), untold: false },
            AlertEvent::Firing if self.is_known_as(alert) => Plan::Ignore,
            AlertEvent::Firing => {
                let outdated = idle.last().filter(|entry| opens(&entry.alert));
                let replaces = outdated.map(|entry| entry.id).into_iter().collect();
                Plan::Push { replaces, untold: false }
            }
            AlertEvent::Resolved if !known && remembers => Plan::Ignore,
            AlertEvent::Resolved => {
                let heard = self.told.contains_key(&alert.fingerprint)
                    || same().any(|entry| entry.in_flight)
                    || idle.is_empty();
                let replaces = idle.iter().map(|entry| entry.id).collect();
                Plan::Push { replaces, untold: !heard }
            }
        }
    }

    /// Whether the last that the sink was or will be told is that it fires with this severity.
    fn is_known_as(&self, alert: &Alert) -> bool {
        let last = self.waiting.iter().rfind(|e| e.alert.fingerprint == alert.fingerprint);
        let last = match last {
            Some(entry) => Some(&entry.alert),
            None => self.told.get(&alert.fingerprint).map(|told| &told.alert),
        };
        last.is_some_and(|last| opens(last) && last.severity == alert.severity)
    }

    pub(super) fn push(&mut self, id: u64, alert: Alert, untold: bool) {
        self.waiting.push_back(Entry {
            id,
            alert,
            untold,
            over: false,
            seen_at: None,
            in_flight: false,
            alone: false,
        });
    }

    pub(super) fn remove(&mut self, ids: &[u64]) {
        self.waiting.retain(|entry| !ids.contains(&entry.id));
    }

    /// What fires no longer, for a sink that wants no ends.
    pub(super) fn close(&mut self, fingerprint: &str) {
        self.told.remove(fingerprint);
        let same = self.waiting.iter_mut().filter(|e| e.alert.fingerprint == fingerprint);
        same.for_each(|entry| entry.over = true);
    }

    /// Counts the least of what waits instead of keeping it, until there is room for one more.
    pub(super) fn make_room(&mut self, capacity: usize) {
        while self.waiting.len() >= capacity {
            let idle = self.waiting.iter().enumerate().filter(|(_, entry)| !entry.in_flight);
            // The first of the least is the oldest.
            let Some((least, _)) = idle.min_by_key(|(_, entry)| weight(&entry.alert)) else {
                break;
            };
            let Some(entry) = self.waiting.remove(least) else { break };
            let at = entry.alert.ends_at.unwrap_or(entry.alert.starts_at);
            self.merged = Some(match self.merged.take() {
                None => Merged { count: 1, since: at, until: at },
                Some(merged) => Merged {
                    count: merged.count + 1,
                    since: merged.since.min(at),
                    until: merged.until.max(at),
                },
            });
        }
    }

    /// Makes the queue busy where it is idle and something is due.
    pub(super) fn begin(&mut self, sink: &Sink, now: Timestamp) -> bool {
        for entry in &mut self.waiting {
            entry.seen_at.get_or_insert(now);
        }
        let may = !self.busy && self.not_before.is_none_or(|at| at <= now);
        self.busy |= may && self.is_due(sink, now);
        may && self.busy
    }

    pub(super) fn end(&mut self) {
        self.busy = false;
    }

    fn is_due(&self, sink: &Sink, now: Timestamp) -> bool {
        self.merged.is_some()
            || self.waiting.iter().any(|entry| entry.is_due(sink, now))
            || self.repeats(sink, now).next().is_some()
    }

    /// How long the sink must be left alone before the next message.
    pub(super) fn pause(&self, sink: &Sink, now: Timestamp) -> Duration {
        let Some(last) = self.last_sent.filter(|_| self.is_due(sink, now)) else {
            return Duration::ZERO;
        };
        let passed = Duration::try_from(now.duration_since(last)).unwrap_or_default();
        sink.pace().saturating_sub(passed)
    }

    /// The next message.
    pub(super) fn take(&mut self, sink: &Sink, now: Timestamp) -> Option<Batch> {
        let failures = self.failures;
        if let Some(merged) = &self.merged {
            let alerts = vec![merged.alert(sink)];
            return Some(Batch { alerts, what: What::Merged, failures });
        }
        let ids = self.due(sink, now);
        if !ids.is_empty() {
            let mut alerts = Vec::with_capacity(ids.len());
            for entry in self.waiting.iter_mut().filter(|entry| ids.contains(&entry.id)) {
                entry.in_flight = true;
                alerts.push(entry.told());
            }
            return Some(Batch { alerts, what: What::News(ids), failures });
        }
        let limit = if sink.is_grouped() { BATCH } else { 1 };
        let alerts: Vec<_> = self.repeats(sink, now).take(limit).cloned().collect();
        (!alerts.is_empty()).then_some(Batch { alerts, what: What::Repeat, failures })
    }

    /// The numbers of the first that is due and of what is told with it.
    fn due(&self, sink: &Sink, now: Timestamp) -> Vec<u64> {
        let Some(first) = self.waiting.iter().find(|entry| entry.is_due(sink, now)) else {
            return Vec::new();
        };
        let group = sink.group(&first.alert).filter(|_| !first.alone);
        let Some(group) = group else { return vec![first.id] };
        let idle = self.waiting.iter().filter(|entry| !entry.in_flight && !entry.alone);
        let alike = idle.filter(|entry| sink.group(&entry.alert).as_ref() == Some(&group));
        alike.take(BATCH).map(|entry| entry.id).collect()
    }

    /// What still fires and was not told for so long that it is told again.
    fn repeats(&self, sink: &Sink, now: Timestamp) -> impl Iterator<Item = &Alert> {
        let every = sink.repeat().map(signed);
        let waits = |fingerprint: &str| {
            self.waiting.iter().any(|entry| entry.alert.fingerprint == fingerprint)
        };
        self.told
            .iter()
            .filter(move |(_, told)| {
                every.is_some_and(|every| now.duration_since(told.at) >= every)
            })
            .filter(move |(fingerprint, _)| !waits(fingerprint))
            .map(|(_, told)| &told.alert)
    }

    /// Notes how a batch ended.
    pub(super) fn settle(&mut self, batch: &Batch, settled: &Settled, now: Timestamp) {
        match settled {
            Settled::Told => {
                self.recover(now);
                self.tell(batch, now);
            }
            Settled::Refused(_) => {
                self.recover(now);
                self.drop_refused(batch, now);
            }
            Settled::Apart => {
                self.last_sent = Some(now);
                self.release(batch, true, now);
            }
            Settled::Waits { pause, .. } => {
                self.failures = self.failures.saturating_add(1);
                self.not_before = now.checked_add(signed(*pause)).ok();
                self.release(batch, false, now);
            }
        }
    }

    /// A sink that answers is not down.
    fn recover(&mut self, now: Timestamp) {
        (self.failures, self.not_before, self.last_sent) = (0, None, Some(now));
    }

    fn tell(&mut self, batch: &Batch, now: Timestamp) {
        match &batch.what {
            What::Merged => self.merged = None,
            What::Repeat => self.put_off(batch, now),
            What::News(ids) => self.take_over(ids, now),
        }
    }

    /// Moves what the sink has by now from what waits to what was told.
    pub(super) fn take_over(&mut self, ids: &[u64], now: Timestamp) {
        let waiting = std::mem::take(&mut self.waiting);
        for entry in waiting {
            if !ids.contains(&entry.id) {
                self.waiting.push_back(entry);
                continue;
            }
            let fingerprint = entry.alert.fingerprint.clone();
            match entry.alert.event {
                AlertEvent::Firing if !entry.over => {
                    self.told.insert(fingerprint, Told { alert: entry.alert, at: now });
                }
                AlertEvent::Resolved => drop(self.told.remove(&fingerprint)),
                AlertEvent::Firing | AlertEvent::Drill => {}
            }
        }
    }

    fn drop_refused(&mut self, batch: &Batch, now: Timestamp) {
        match &batch.what {
            What::Merged => self.merged = None,
            What::Repeat => self.put_off(batch, now),
            What::News(ids) => self.remove(ids),
        }
    }

    /// Repeats are due again after their interval.
    fn put_off(&mut self, batch: &Batch, now: Timestamp) {
        for alert in &batch.alerts {
            if let Some(told) = self.told.get_mut(&alert.fingerprint) {
                told.at = now;
            }
        }
    }

    /// What was on its way waits again.
    fn release(&mut self, batch: &Batch, alone: bool, now: Timestamp) {
        match &batch.what {
            What::News(ids) => {
                for entry in self.waiting.iter_mut().filter(|entry| ids.contains(&entry.id)) {
                    entry.in_flight = false;
                    entry.alone |= alone;
                }
            }
            // Refused together, repeats are not tried one by one: they are no news.
            What::Repeat if alone => self.put_off(batch, now),
            What::Repeat | What::Merged => {}
        }
    }
}

impl Entry {
    fn is_due(&self, sink: &Sink, now: Timestamp) -> bool {
        let wait = signed(sink.group_wait());
        let waited = self.seen_at.is_some_and(|seen| now.duration_since(seen) >= wait);
        !self.in_flight && (waited || wait.is_zero())
    }

    /// The alert as it is told now.
    fn told(&self) -> Alert {
        let mut alert = self.alert.clone();
        if self.untold
            && let Some(end) = alert.ends_at
        {
            let told = format!(
                "; it fired from {} to {end}, when this could not be told",
                alert.starts_at
            );
            alert.summary.push_str(&told);
        }
        alert
    }
}

impl Merged {
    fn alert(&self, sink: &Sink) -> Alert {
        let Self { count, since, until } = self;
        let name = &sink.key;
        Alert {
            schema: 1,
            event: AlertEvent::Resolved,
            fingerprint: format!("alerts.merged{{alerter={name}}}"),
            rule: "alerts.merged".into(),
            severity: Severity::Warning,
            summary: format!(
                "{count} alerts from {since} to {until} are not told one by one: more waited for \
                 {name} than fit"
            ),
            labels: BTreeMap::from([("alerter".to_owned(), name.clone())]),
            value: None,
            starts_at: *since,
            ends_at: Some(*until),
            source: "pgsre".into(),
        }
    }
}

/// What is merged first weighs least. The end of what was told outweighs a warning: without it an
/// incident stays open at the sink.
fn weight(alert: &Alert) -> u8 {
    match (alert.event, alert.severity) {
        (AlertEvent::Drill, _) if alert.verdict() == Some(Verdict::Passed) => 0,
        (_, Severity::Info) => 1,
        (AlertEvent::Firing | AlertEvent::Drill, Severity::Warning) => 2,
        (AlertEvent::Resolved, _) => 3,
        (_, Severity::Critical) => 4,
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
