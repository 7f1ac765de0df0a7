//! [`Watched`]: what a watcher knows, as plain data for faces.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::monitor::{Incident, Reading};

/// Readings older than so many intervals are stale.
const STALE_INTERVALS: u32 = 3;

/// A reading is not stale before this age, however short the interval: one server may take its
/// whole deadline.
const STALE_FLOOR: Duration = Duration::from_secs(15);

/// What a watcher knows: the latest reading of every server and what is open. Published after each
/// turn, so that no face ever waits for a database.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// When the watcher started.
    pub started_at: Timestamp,
    /// The time between two readings of one server.
    pub interval: Duration,
    /// Every server that is watched, by name.
    pub servers: BTreeMap<String, Arc<WatchedServer>>,
    /// The last whole cycle; `None` before the first has ended.
    pub cycle: Option<Cycle>,
    /// What became of alerts.
    pub deliveries: DeliveryCounts,
}

/// One server as it was last seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WatchedServer {
    /// The last reading; `None` before the first.
    pub reading: Option<Arc<Reading>>,
    /// What is open, the heaviest first.
    pub incidents: Vec<Incident>,
}

/// A whole cycle: every server was read and judged, and what is to be told was handed over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cycle {
    /// When it ended.
    pub ended_at: Timestamp,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// What became of alerts since the watcher started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// Deliveries that a sink took.
    pub sent: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Alerts that wait for a sink now.
    pub waiting: usize,
}

impl Watched {
    /// Nothing is read yet.
    #[must_use]
    pub fn starting(started_at: Timestamp, interval: Duration) -> Self {
        Self {
            started_at,
            interval,
            servers: BTreeMap::new(),
            cycle: None,
            deliveries: DeliveryCounts::default(),
        }
    }

    /// The age at which a reading is stale, and at which the loop is taken to hang: three
    /// intervals, and at least 15 s.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.interval.saturating_mul(STALE_INTERVALS).max(STALE_FLOOR)
    }

    /// Why the watcher does not do its work, in one sentence; `None` where it does.
    #[must_use]
    pub fn trouble(&self, now: Timestamp) -> Option<String> {
        let (since, what) = match self.cycle {
            Some(cycle) => (cycle.ended_at, "the last whole cycle ended"),
            None => (self.started_at, "no cycle has ended since the start"),
        };
        let age = age(since, now);
        (age > self.patience()).then(|| format!("{what} {} s ago", age.as_secs()))
    }

    /// How old a server's last reading is; `None` before the first.
    #[must_use]
    pub fn age_of(&self, server: &WatchedServer, now: Timestamp) -> Option<Duration> {
        server.reading.as_ref().map(|reading| age(reading.at, now))
    }
}

/// No age is negative, whatever a clock that was set back says.
fn age(since: Timestamp, now: Timestamp) -> Duration {
    let age = now.duration_since(since).max(SignedDuration::ZERO);
    age.unsigned_abs()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn a_watcher_whose_cycles_end_is_well_and_one_that_stalls_says_since_when() {
        let mut watched = Watched::starting(at(0), Duration::from_secs(10));
        assert_eq!(watched.trouble(at(30)), None, "it has just started");
        assert!(watched.trouble(at(31)).unwrap().contains("no cycle"));
        watched.cycle = Some(Cycle { ended_at: at(100), seconds: 0.5 });
        assert_eq!(watched.trouble(at(130)), None);
        assert!(watched.trouble(at(145)).unwrap().contains("45 s ago"));
    }

    #[test]
    fn a_short_interval_leaves_a_slow_server_its_deadline() {
        let watched = Watched::starting(at(0), Duration::from_secs(1));
        assert_eq!(watched.trouble(at(15)), None);
        assert!(watched.trouble(at(16)).is_some());
    }

    #[test]
    fn a_clock_that_was_set_back_is_no_trouble() {
        let watched = Watched::starting(at(0), Duration::from_secs(10));
        assert_eq!(watched.trouble(at(-3_600)), None);
    }
}
