//! Queries that take a larger part of the load than they did, and new ones.

use super::{
    FEWEST_WINDOWS, LEAST_LOAD, LEAST_RATIO, LEAST_RISE, LEAST_SHARE_RATIO, LEAST_SPREAD, LEAST_Z,
    Regression, RegressionKind,
};
use crate::queries::window::{Gap, QueryWindow, Window};

/// What parts of the load are held against.
#[derive(Debug)]
pub(super) struct Heaviness<'w> {
    window: &'w Window,
    /// The past windows that are whole.
    past: Vec<&'w Window>,
    /// Whether a query that was not seen may have been evicted.
    may_have_lost: bool,
}

/// One query in the past windows.
#[derive(Debug, Default)]
struct Past {
    shares: Vec<f64>,
    calls: u64,
    total_ms: f64,
    /// Seconds of execution a second, at most.
    load: f64,
}

impl<'w> Heaviness<'w> {
    pub(super) fn new(window: &'w Window, past: &'w [Window]) -> Self {
        let loses = |window: &Window| {
            window.gaps.iter().any(|gap| {
                matches!(gap, Gap::Evicted { .. } | Gap::Returned { .. } | Gap::Vanished { .. })
            })
        };
        Self {
            window,
            past: past.iter().filter(|past| past.is_whole() && past.total_ms > 0.0).collect(),
            may_have_lost: loses(window) || past.iter().any(loses),
        }
    }

    pub(super) fn judge(&self, query: &QueryWindow) -> Option<Regression> {
        let share = self.window.share(query);
        if self.past.len() < FEWEST_WINDOWS || !self.window.is_whole() || share < LEAST_RISE {
            return None;
        }
        let past = self.past(query);
        let most = past.shares.iter().copied().fold(0.0, f64::max);
        let load = load(self.window, query);
        let has_risen = share - most >= LEAST_RISE
            && share >= most * LEAST_SHARE_RATIO
            && load >= LEAST_LOAD.max(past.load * LEAST_RATIO);
        let z = past.rise(share);
        let is_new = past.calls == 0 && query.before.is_none();
        if !has_risen || z < LEAST_Z || is_new && (!query.is_new || self.may_have_lost) {
            return None;
        }
        let known = |figure: f64| (!is_new).then_some(figure);
        Some(Regression {
            kind: if is_new { RegressionKind::New } else { RegressionKind::Share },
            ratio: known(load / past.load).filter(|ratio| ratio.is_finite()),
            z: known(z),
            before_mean_ms: known(past.total_ms / past.calls as f64).filter(|ms| ms.is_finite()),
            mean_ms: query.moments.mean,
            before_share: known(most),
            share,
            before_calls: past.calls,
            windows: self.past.len(),
            general_ratio: 1.0,
            blocks_ratio: None,
        })
    }

    fn past(&self, query: &QueryWindow) -> Past {
        let mut of = Past::default();
        for window in &self.past {
            let found = window.queries.iter().find(|found| found.key == query.key);
            // Who was not executed had no part of the load.
            of.shares.push(found.map_or(0.0, |found| window.share(found)));
            if let Some(found) = found {
                of.calls = of.calls.saturating_add(found.counted.calls);
                of.total_ms += found.counted.total_ms;
                of.load = of.load.max(load(window, found));
            }
        }
        of
    }
}

impl Past {
    /// By how many of its standard deviations a share exceeds their mean.
    fn rise(&self, share: f64) -> f64 {
        let count = self.shares.len() as f64;
        let mean = self.shares.iter().sum::<f64>() / count;
        let variance =
            self.shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (share - mean) / variance.sqrt().max(LEAST_SPREAD)
    }
}

/// Seconds of execution a second.
fn load(window: &Window, query: &QueryWindow) -> f64 {
    query.counted.total_ms / 1000.0 / window.seconds()
}
