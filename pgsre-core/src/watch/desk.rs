//! Where readings are judged: incidents, what is told of them, and what faces see.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::crew::Seen;
use super::delivery::{Opening, Post};
use super::event::{WatchEvent, WatchObserver};
use super::watched::{Cycle, Watched, WatchedServer};
use crate::alert::{Alert, AlertEvent, Clock};
use crate::finding::chain;
use crate::monitor::{Change, Incident, Incidents, IncidentsFile, Judgement, Rule, Silence};

/// How often incidents are written where nothing is told of them: a figure that moves, an incident
/// that is pending.
const SAVE_EVERY: SignedDuration = SignedDuration::from_secs(10);

/// Judges, one reading after the other, whichever server it is of.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) rules: Vec<Rule>,
    pub(super) silences: Vec<Silence>,
    pub(super) grace_until: Option<Timestamp>,
    pub(super) source: String,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observer: Arc<dyn WatchObserver>,
    pub(super) post: Arc<Post>,
    pub(super) file: Option<Arc<IncidentsFile>>,
    pub(super) incidents: BTreeMap<String, Incidents>,
    pub(super) watched: Watched,
    pub(super) faces: watch::Sender<Arc<Watched>>,
    /// Servers that were not yet read in this cycle.
    pub(super) unread: BTreeSet<String>,
    pub(super) cycle_began: Timestamp,
    /// Whether something is not yet on disk, and since when.
    pub(super) unsaved_since: Option<Timestamp>,
    pub(super) save_fails: bool,
}

impl Desk {
    /// Judges these readings, hands over what they change, and remembers it. Whether a cycle ended
    /// with them.
    pub(super) async fn turn(&mut self, batch: Vec<Seen>) -> bool {
        let now = self.clock.now();
        let mut told = false;
        for seen in batch {
            told |= self.judge(seen, now).await;
        }
        self.save(told, now).await;
        let ended = self.unread.is_empty() && !self.watched.servers.is_empty();
        if ended {
            self.end_cycle(now);
        }
        self.publish();
        ended
    }

    async fn judge(&mut self, seen: Seen, now: Timestamp) -> bool {
        let incidents = self.incidents.entry(seen.server.clone()).or_default();
        let before = incidents.clone();
        let judgement = Judgement {
            rules: &self.rules,
            silences: &self.silences,
            grace_until: self.grace_until,
        };
        let changes = incidents.judge(&judgement, &seen.reading, now);
        if *incidents != before {
            self.unsaved_since.get_or_insert(now);
        }
        let open = incidents.open().into_iter().cloned().collect();
        self.unread.remove(&seen.server);
        let server = WatchedServer { reading: Some(seen.reading), incidents: open };
        self.watched.servers.insert(seen.server, Arc::new(server));
        self.tell(&changes).await
    }

    async fn tell(&mut self, changes: &[Change]) -> bool {
        for change in changes {
            let alert = change.alert(&self.rules, &self.source);
            self.hand_over(alert).await;
        }
        !changes.is_empty()
    }

    async fn hand_over(&self, alert: Alert) {
        self.observer.on_event(&WatchEvent::Told { alert: Box::new(alert.clone()) });
        if let Err(error) = self.post.accept(alert).await {
            let what = format!("an alert is not kept until it is delivered: {}", chain(&error));
            self.observer.on_event(&WatchEvent::Trouble { what });
        }
    }

    /// Watches a server from now on: a cycle ends only with it.
    pub(super) fn add(&mut self, server: &str) {
        self.unread.insert(server.to_owned());
        self.watched.servers.entry(server.to_owned()).or_default();
        self.publish();
    }

    /// Forgets a server. What is open there is told as over: nobody looks any more, and a pager
    /// must not ring for ever.
    pub(super) async fn remove(&mut self, server: &str) {
        let now = self.clock.now();
        self.unread.remove(server);
        self.watched.servers.remove(server);
        let incidents = self.incidents.remove(server).unwrap_or_default();
        let changes = incidents.abandon(now);
        self.tell(&changes).await;
        let server = server.to_owned();
        self.observer.on_event(&WatchEvent::ServerRemoved { server, incidents: changes.len() });
        self.unsaved_since.get_or_insert(now);
        self.save(true, now).await;
        self.publish();
    }

    /// Tells as over what sinks believe to fire and nobody remembers, as after the file of
    /// incidents was lost: else they would ring for ever. What still holds fires anew.
    pub(super) async fn close_forgotten(&mut self) {
        let open = self.incidents.values().flat_map(Incidents::open);
        let known: BTreeSet<String> = open.map(Incident::fingerprint).collect();
        let now = self.clock.now();
        for alert in self.post.told().await {
            if !known.contains(&alert.fingerprint) {
                let over = Alert { event: AlertEvent::Resolved, ends_at: Some(now), ..alert };
                self.hand_over(over).await;
            }
        }
    }

    /// Tells through another outbox.
    pub(super) async fn tell_through(&mut self, open: Opening) {
        if let Err(error) = self.post.replace(open).await {
            let what = format!("nobody is told any more: {}", chain(&error));
            self.observer.on_event(&WatchEvent::Trouble { what });
        }
    }

    /// Writes the incidents where something was told, or something has changed for a while.
    pub(super) async fn save(&mut self, told: bool, now: Timestamp) {
        let waited = |since: Timestamp| now.duration_since(since) >= SAVE_EVERY;
        if !told && !self.save_fails && !self.unsaved_since.is_some_and(waited) {
            return;
        }
        let Some(file) = self.file.clone() else { return };
        let incidents = self.incidents.clone();
        let saved = tokio::task::spawn_blocking(move || file.save(&incidents)).await;
        let failed = match saved {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(chain(&error)),
            Err(error) => Some(error.to_string()),
        };
        if failed.is_none() {
            self.unsaved_since = None;
        }
        if let (Some(why), false) = (&failed, self.save_fails) {
            let what = format!("incidents are not kept over a restart: {why}");
            self.observer.on_event(&WatchEvent::Trouble { what });
        }
        self.save_fails = failed.is_some();
    }

    fn end_cycle(&mut self, now: Timestamp) {
        let seconds = now.duration_since(self.cycle_began).as_secs_f64();
        self.cycle_began = now;
        self.unread = self.watched.servers.keys().cloned().collect();
        self.watched.cycle = Some(Cycle { ended_at: now, seconds });
        self.observer.on_event(&WatchEvent::CycleEnded { seconds });
    }

    /// Shows faces what is known now.
    pub(super) fn publish(&mut self) {
        self.watched.deliveries = self.post.counts();
        self.faces.send_replace(Arc::new(self.watched.clone()));
    }
}
