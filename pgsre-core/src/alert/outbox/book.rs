//! The queues of all sinks, and the file that follows them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::OutboxError;
use super::batch::{Batch, Settled, What};
use super::journal::{Journal, Record, Share};
use super::queue::{Merged, Plan, Queue};
use super::sink::Sink;
use crate::alert::Alert;

/// The queues of all sinks, and the file that follows them.
#[derive(Debug)]
pub(super) struct Book {
    queues: BTreeMap<String, Queue>,
    journal: Option<Journal>,
    next_id: u64,
    capacity: usize,
    /// Whether what was told before is known: the file was there.
    remembers: bool,
}

impl Book {
    /// The book of these sinks with what the file holds.
    pub(super) fn open(
        sinks: &[Sink],
        file: Option<PathBuf>,
        capacity: usize,
    ) -> Result<Self, OutboxError> {
        let queues = sinks.iter().map(|sink| (sink.key.clone(), Queue::default())).collect();
        let mut book = Self { queues, journal: None, next_id: 1, capacity, remembers: false };
        if let Some(path) = file {
            let read = Journal::read(&path)?;
            book.remembers = read.was_there;
            book.replay(read.records);
            let mut journal = Journal::at(path);
            journal.rewrite(&book.snapshot())?;
            book.journal = Some(journal);
        }
        Ok(book)
    }

    pub(super) fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity;
    }

    pub(super) fn waiting(&self) -> usize {
        self.queues.values().map(|queue| queue.waiting.len()).sum()
    }

    #[cfg(test)]
    pub(super) fn waiting_alerts(&self) -> Vec<&Alert> {
        let waiting = self.queues.values().flat_map(|queue| &queue.waiting);
        waiting.map(|entry| &entry.alert).collect()
    }

    pub(super) fn open_alerts(&self) -> Vec<Alert> {
        let told = self.queues.values().flat_map(|queue| &queue.told);
        let by_fingerprint: BTreeMap<_, _> = told.collect();
        by_fingerprint.into_values().map(|told| told.alert.clone()).collect()
    }

    /// Puts an alert into the queue of every sink that wants it, and into the file.
    pub(super) fn accept(&mut self, sinks: &[Sink], alert: Alert) -> Result<(), OutboxError> {
        let alert = bounded(alert);
        let mut shares = Vec::new();
        let mut closed = Vec::new();
        for sink in sinks {
            let Some(queue) = self.queues.get(&sink.key) else { continue };
            match queue.plan(sink, &alert, self.remembers) {
                Plan::Ignore => {}
                Plan::Close => closed.push(sink.key.clone()),
                Plan::Push { replaces, untold } => {
                    shares.push(Share { sink: sink.key.clone(), replaces, untold });
                }
            }
        }
        if shares.is_empty() && closed.is_empty() {
            return Ok(());
        }
        let record = Record::Accepted { id: self.next_id, shares, closed, alert };
        self.apply(record.clone());
        let merged = self.make_room();
        self.write(std::iter::once(record).chain(merged).collect())
    }

    /// Where a queue is too full, what is merged; the newest stays.
    fn make_room(&mut self) -> Vec<Record> {
        let mut records = Vec::new();
        for (sink, queue) in &mut self.queues {
            if queue.waiting.len() <= self.capacity {
                continue;
            }
            let Some(newest) = queue.waiting.pop_back() else { continue };
            let before: Vec<u64> = queue.waiting.iter().map(|entry| entry.id).collect();
            queue.make_room(self.capacity);
            let stay = |id: &u64| queue.waiting.iter().any(|entry| entry.id == *id);
            let ids = before.into_iter().filter(|id| !stay(id)).collect();
            queue.waiting.push_back(newest);
            let merged = queue.merged.clone();
            records.push(Record::Merged { sink: sink.clone(), ids, merged });
        }
        records
    }

    pub(super) fn begin(&mut self, sink: &Sink, now: Timestamp) -> bool {
        self.queues.get_mut(&sink.key).is_some_and(|queue| queue.begin(sink, now))
    }

    pub(super) fn end(&mut self, sink: &Sink) {
        if let Some(queue) = self.queues.get_mut(&sink.key) {
            queue.end();
        }
    }

    pub(super) fn pause(&self, sink: &Sink, now: Timestamp) -> Duration {
        self.queues.get(&sink.key).map_or(Duration::ZERO, |queue| queue.pause(sink, now))
    }

    pub(super) fn take(&mut self, sink: &Sink, now: Timestamp) -> Option<Batch> {
        self.queues.get_mut(&sink.key)?.take(sink, now)
    }

    /// Notes how a batch ended. A file that cannot be written is reported: what was told now would
    /// be told again after a restart.
    pub(super) fn settle(
        &mut self,
        sink: &Sink,
        batch: &Batch,
        settled: &Settled,
        now: Timestamp,
    ) -> u32 {
        let Some(queue) = self.queues.get_mut(&sink.key) else { return 0 };
        queue.settle(batch, settled, now);
        let records = self.follow(sink, batch, settled, now);
        if let Err(error) = self.write(records) {
            tracing::warn!(alerter = sink.key, "{}", crate::finding::chain(&error));
        }
        batch.failures.saturating_add(1)
    }

    /// What the file must know of how a batch ended.
    fn follow(&self, sink: &Sink, batch: &Batch, settled: &Settled, now: Timestamp) -> Vec<Record> {
        let name = sink.key.clone();
        match (&batch.what, settled) {
            (_, Settled::Waits { .. } | Settled::Apart) => Vec::new(),
            (What::Merged, _) => {
                vec![Record::Merged { sink: name, ids: Vec::new(), merged: None }]
            }
            (What::News(ids), Settled::Told) => {
                vec![Record::Told { sink: name, ids: ids.clone(), at: now }]
            }
            (What::News(ids), _) => vec![Record::Refused { sink: name, ids: ids.clone() }],
            (What::Repeat, _) => self.repeated(sink, batch, now),
        }
    }

    /// What a sink must hear every minute is not written: after a restart it hears it at once.
    fn repeated(&self, sink: &Sink, batch: &Batch, at: Timestamp) -> Vec<Record> {
        if sink.alerter.manner().resend.is_some() {
            return Vec::new();
        }
        let alerts = batch.alerts.iter();
        alerts
            .map(|alert| Record::Open { sink: sink.key.clone(), alert: alert.clone(), at })
            .collect()
    }

    fn write(&mut self, records: Vec<Record>) -> Result<(), OutboxError> {
        let Some(mut journal) = self.journal.take() else { return Ok(()) };
        let written = if journal.is_due() {
            journal.rewrite(&self.snapshot())
        } else {
            journal.append(&records)
        };
        self.journal = Some(journal);
        written
    }

    fn replay(&mut self, records: Vec<Record>) {
        let mut forgotten: BTreeMap<String, usize> = BTreeMap::new();
        for record in records {
            for sink in record.sinks().filter(|sink| !self.queues.contains_key(*sink)) {
                *forgotten.entry(sink.to_owned()).or_default() += usize::from(record.is_alert());
            }
            self.apply(record);
        }
        for (sink, alerts) in forgotten {
            tracing::warn!(
                alerter = sink,
                alerts,
                "this alerter left the configuration: what waited for it is dropped, and what it \
                 was told as firing stays open there"
            );
        }
    }

    /// What a record does; those of sinks that are gone do nothing.
    fn apply(&mut self, record: Record) {
        match record {
            Record::Accepted { id, shares, closed, alert } => {
                self.next_id = self.next_id.max(id.saturating_add(1));
                for share in shares {
                    self.with(&share.sink, |queue| {
                        queue.remove(&share.replaces);
                        queue.push(id, alert.clone(), share.untold);
                    });
                }
                for sink in closed {
                    self.with(&sink, |queue| queue.close(&alert.fingerprint));
                }
            }
            Record::Told { sink, ids, at } => self.with(&sink, |queue| queue.take_over(&ids, at)),
            Record::Refused { sink, ids } => self.with(&sink, |queue| queue.remove(&ids)),
            Record::Merged { sink, ids, merged } => self.with(&sink, |queue| {
                queue.remove(&ids);
                queue.merged = merged;
            }),
            Record::Open { sink, alert, at } => self.with(&sink, |queue| {
                let told = super::queue::Told { alert, at };
                queue.told.insert(told.alert.fingerprint.clone(), told);
            }),
        }
    }

    fn with(&mut self, sink: &str, change: impl FnOnce(&mut Queue)) {
        if let Some(queue) = self.queues.get_mut(sink) {
            change(queue);
        }
    }

    /// The shortest list of records that leads to what is now.
    fn snapshot(&self) -> Vec<Record> {
        let mut records = Vec::new();
        for (sink, queue) in &self.queues {
            for told in queue.told.values() {
                let (alert, at) = (told.alert.clone(), told.at);
                records.push(Record::Open { sink: sink.clone(), alert, at });
            }
            if let Some(merged) = queue.merged.clone() {
                records.push(merged_record(sink, merged));
            }
            for entry in &queue.waiting {
                let share =
                    Share { sink: sink.clone(), replaces: Vec::new(), untold: entry.untold };
                let closed = entry.over.then(|| sink.clone()).into_iter().collect();
                let alert = entry.alert.clone();
                records.push(Record::Accepted { id: entry.id, shares: vec![share], closed, alert });
            }
        }
        records
    }
}

fn merged_record(sink: &str, merged: Merged) -> Record {
    Record::Merged { sink: sink.to_owned(), ids: Vec::new(), merged: Some(merged) }
}

/// What is kept of an alert: a summary and labels that a person can read.
fn bounded(mut alert: Alert) -> Alert {
    cut(&mut alert.summary, 10_000);
    cut(&mut alert.fingerprint, 10_000);
    while alert.labels.len() > 100 {
        alert.labels.pop_last();
    }
    alert.labels.values_mut().for_each(|value| cut(value, 4_000));
    alert
}

fn cut(text: &mut String, bytes: usize) {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}
