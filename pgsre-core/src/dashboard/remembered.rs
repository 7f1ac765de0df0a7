//! What of a server must be remembered between two readings.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::model::{DrillRow, PanelKind, PastAlert};
use super::{below, figure, panel};
use crate::monitor::{Incident, IncidentState, Reading};
use crate::watch::WatchedServer;

/// How often the reports of drills are looked at.
pub(super) const DRILLS_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// Alerts of the past that are kept.
const KEPT: usize = 50;

/// What is remembered of one server.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    seen: Option<Arc<WatchedServer>>,
    /// The last reading in which a panel had data.
    last: BTreeMap<PanelKind, Arc<Reading>>,
    firing: BTreeMap<String, Incident>,
    pub(super) past: VecDeque<PastAlert>,
    pub(super) drills: Vec<DrillRow>,
}

impl Remembered {
    /// Takes what is known now.
    pub(super) fn see(&mut self, server: &Arc<WatchedServer>, now: Timestamp) {
        if self.seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, server)) {
            return;
        }
        self.seen = Some(Arc::clone(server));
        if let Some(reading) = &server.reading {
            for kind in PanelKind::ALL {
                if panel::has_data(kind, reading) {
                    self.last.insert(kind, Arc::clone(reading));
                }
            }
        }
        self.log(&server.incidents, now);
    }

    /// The last reading in which a panel had data.
    pub(super) fn last(&self, kind: PanelKind) -> Option<&Reading> {
        self.last.get(&kind).map(AsRef::as_ref)
    }

    fn log(&mut self, open: &[Incident], now: Timestamp) {
        let told = open.iter().filter(|incident| incident.state != IncidentState::Pending);
        let firing: BTreeMap<_, _> =
            told.map(|incident| (incident.fingerprint(), incident.clone())).collect();
        let before = std::mem::replace(&mut self.firing, firing);
        for (fingerprint, incident) in before {
            match self.firing.get_mut(&fingerprint) {
                // The heaviest that it was is what its line says later.
                Some(goes_on) if goes_on.since == incident.since => {
                    goes_on.severity = goes_on.severity.max(incident.severity);
                }
                _ => self.past.push_front(past(&incident, now)),
            }
        }
        self.past.truncate(KEPT);
    }
}

fn past(incident: &Incident, until: Timestamp) -> PastAlert {
    PastAlert {
        rule: incident.rule.clone(),
        severity: incident.severity,
        about: below::about(&incident.labels),
        since: incident.since,
        until,
        lasted: figure::lasting(incident.since, until),
    }
}
