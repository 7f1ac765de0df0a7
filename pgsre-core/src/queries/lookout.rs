//! [`Lookout`]: the regressions of a server that is read again and again.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::rank::Order;
use super::regression::{Regression, RegressionKind, regressions};
use super::statements::{Snapshot, StatementKey};
use super::window::{QueryWindow, Window};

/// The shortest window that is judged by default: in a shorter one few queries have calls enough.
const WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// Past windows that a window is compared with.
const PAST: usize = 8;

/// The heaviest queries of each, which are kept: what is not among them took less than 0.2 %.
const HEAVIEST: usize = 500;

/// A query that is as slow as this still is a regression: how often slower it is than it was.
const CLEAR_RATIO: f64 = 1.25;

/// The part of its share at first, below which a heavier query is one no more.
const CLEAR_SHARE: f64 = 0.5;

/// Fewer executions do not say that a query is well again.
const FEWEST_CALLS: u64 = 5;

/// After this time a query is as it is: nobody mends what an alert has said for an hour.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(1);

/// Windows of a minute, each held against those before it.
///
/// A query that was found stays one until its mean, or its share, is what it was, or for an hour: it
/// is held against the past that it was found by, not against windows in which it was slow already.
#[derive(Debug)]
pub(super) struct Lookout {
    /// The shortest window that is judged.
    pub(super) window: SignedDuration,
    begun: Option<Snapshot>,
    past: VecDeque<Window>,
    found: HashMap<StatementKey, Found>,
    has_judged: bool,
}

impl Default for Lookout {
    fn default() -> Self {
        Self {
            window: WINDOW,
            begun: None,
            past: VecDeque::new(),
            found: HashMap::new(),
            has_judged: false,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Found {
    at: Timestamp,
    /// As it was found.
    first: Regression,
    now: Regression,
}

impl Lookout {
    /// Takes a reading; the regressions that go on, the heaviest first, or `None` as long as no
    /// window is over.
    pub(super) fn see(&mut self, snapshot: &Snapshot) -> Option<Vec<(StatementKey, Regression)>> {
        let begun = self.begun.get_or_insert_with(|| snapshot.clone());
        if snapshot.at.duration_since(begun.at) >= self.window {
            let window = Window::between(begun, snapshot);
            *begun = snapshot.clone();
            self.judge(window);
        } else if snapshot.at < begun.at {
            *begun = snapshot.clone();
        }
        self.has_judged.then(|| self.regressions())
    }

    fn judge(&mut self, window: Window) {
        // A part of a window says nothing of the whole.
        if !window.is_whole() {
            return;
        }
        self.has_judged = true;
        let found = regressions(&window, self.past.make_contiguous());
        self.found.retain(|key, found| {
            found.now = found.now_in(&window, key);
            found.goes_on(window.to)
        });
        for (key, regression) in found {
            self.found.entry(key).or_insert(Found {
                at: window.to,
                first: regression,
                now: regression,
            });
        }
        self.past.push_back(past(window));
        if self.past.len() > PAST {
            self.past.pop_front();
        }
    }

    fn regressions(&self) -> Vec<(StatementKey, Regression)> {
        let mut all: Vec<_> = self.found.iter().map(|(key, found)| (*key, found.now)).collect();
        all.sort_by(|(a, left), (b, right)| {
            right.share.total_cmp(&left.share).then_with(|| a.cmp(b))
        });
        all
    }
}

impl Found {
    fn now_in(&self, window: &Window, key: &StatementKey) -> Regression {
        let query = window.queries.iter().find(|query| query.key == *key);
        let Some(query) = query.filter(|query| query.counted.calls >= FEWEST_CALLS) else {
            // Who is not executed is neither slow nor heavy, and not known to be well.
            return self.now;
        };
        let mean_ms = query.moments.mean;
        let ratio = match self.first.kind {
            RegressionKind::Mean => self.first.before_mean_ms.map(|before| mean_ms / before),
            _ => self.first.ratio.map(|ratio| ratio * window.share(query) / self.first.share),
        };
        Regression { mean_ms, ratio, share: window.share(query), ..self.now }
    }

    fn goes_on(&self, now: Timestamp) -> bool {
        let is_worse = match self.first.kind {
            RegressionKind::Mean => self.now.ratio.is_some_and(|ratio| ratio >= CLEAR_RATIO),
            _ => self.now.share >= self.first.share * CLEAR_SHARE,
        };
        is_worse && now.duration_since(self.at) < FORGOTTEN
    }
}

/// What is kept of a window that is over.
fn past(mut window: Window) -> Window {
    let heaviest: Vec<QueryWindow> =
        window.top(Order::Total, HEAVIEST).into_iter().cloned().collect();
    window.queries = heaviest;
    for query in &mut window.queries {
        (query.before, query.histogram) = (None, None);
    }
    window
}

#[cfg(test)]
mod tests;
