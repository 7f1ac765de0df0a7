//! Queries that became slower than they were.

use std::collections::HashMap;

use serde::Serialize;

use super::moments::Moments;
use super::statements::{Counters, StatementKey};
use super::window::{QueryWindow, Window};

mod heaviness;

use heaviness::Heaviness;

/// Fewer executions in the window say nothing about their mean.
const FEWEST_CALLS: u64 = 5;

/// Fewer executions before the window are no past to compare with.
const FEWEST_BEFORE: u64 = 30;

/// Fewer past windows say nothing about how much a query's mean wanders by itself.
const FEWEST_WINDOWS: usize = 3;

/// A query must take this part of the load: what nobody notices is no regression.
const LEAST_SHARE: f64 = 0.01;

/// How much the mean must have risen to matter.
const LEAST_RATIO: f64 = 1.5;

/// How many standard errors the rise must come to, so that it is no chance: one false alarm in
/// 30,000 comparisons were it normal.
const LEAST_Z: f64 = 4.0;

/// What rose from less than this part of the load, by this much at least, is heavier than it was.
const LEAST_RISE: f64 = 0.1;

/// How often larger than ever a share must be to have risen.
const LEAST_SHARE_RATIO: f64 = 2.0;

/// The load of a query in seconds of execution a second, below which its share of a server that has
/// nothing to do says nothing.
const LEAST_LOAD: f64 = 0.01;

/// Shares are not known more exactly than this: a past that was even by chance is not taken at its
/// word.
const LEAST_SPREAD: f64 = 0.01;

/// What of a query rose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RegressionKind {
    /// The time of one execution.
    Mean,
    /// Its part of the load: it is executed more often.
    Share,
    /// All of it: nobody had executed it before.
    New,
}

impl RegressionKind {
    /// The name as reports and labels have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Share => "share",
            Self::New => "new",
        }
    }
}

/// A query that became slower, or heavier.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Regression {
    /// What rose.
    pub kind: RegressionKind,
    /// How often more there is of it, apart from what slowed everything: of the mean, else of the
    /// time of execution a second. `None` for a new query.
    pub ratio: Option<f64>,
    /// The rise in standard errors: of the difference of the means, or of how the share wandered.
    /// `None` for a new query.
    pub z: Option<f64>,
    /// The mean before, in milliseconds.
    pub before_mean_ms: Option<f64>,
    /// The mean in the window, in milliseconds.
    pub mean_ms: f64,
    /// Its largest part of the load before; `None` where no past windows are known.
    pub before_share: Option<f64>,
    /// Its part of the load in the window, from 0 to 1.
    pub share: f64,
    /// Executions that the figures before are made of.
    pub before_calls: u64,
    /// Past windows that it was compared with; 0 where it was everything before the window.
    pub windows: usize,
    /// By how much everything else became slower meanwhile: 1 where it did not.
    pub general_ratio: f64,
    /// How often more blocks a call asks for than before; a rise speaks for another plan.
    pub blocks_ratio: Option<f64>,
}

/// The queries of a window that are slower or heavier than they were before it.
///
/// A mean is compared with that of the past windows where there are three of them at least, else
/// with that of everything before the window. A query is slower where its mean rose by half at least,
/// by four standard errors at least (of both means by their own spread, and of how the mean wandered
/// from window to window), on five calls or more, and where it takes a hundredth of the load. Where
/// everything became slower, as on a machine that others use too, only what exceeds that counts.
///
/// A query that is not slower is heavier where three past windows at least are known, and its part of
/// the load is twice what it ever was in them, a tenth of the whole larger, beyond four standard
/// deviations, and not only because the others rest: its own time of execution a second rose by half.
/// One that was never there before is new; where statements were evicted, none is.
#[must_use]
pub fn regressions(window: &Window, past: &[Window]) -> HashMap<StatementKey, Regression> {
    let pasts: HashMap<StatementKey, Past> = window
        .queries
        .iter()
        .filter_map(|query| Some((query.key, Past::of(query, past)?)))
        .collect();
    let ratios: Vec<(StatementKey, f64)> = window
        .queries
        .iter()
        .filter(|query| query.counted.calls >= FEWEST_BEFORE)
        .filter_map(|query| Some((query.key, query.moments.mean / pasts.get(&query.key)?.mean)))
        .filter(|(_, ratio)| ratio.is_finite())
        .collect();
    let heaviness = Heaviness::new(window, past);
    let judged = window
        .queries
        .iter()
        .filter(|query| window.share(query) >= LEAST_SHARE && query.counted.calls >= FEWEST_CALLS);
    judged
        .filter_map(|query| {
            let slower = pasts.get(&query.key).and_then(|past| {
                past.judge(query, general(&ratios, query.key), window.share(query))
            });
            Some((query.key, slower.or_else(|| heaviness.judge(query))?))
        })
        .collect()
}

/// By how much the others became slower: the median of their ratios, 1 at least; 1 where fewer than
/// three are left to say so.
fn general(ratios: &[(StatementKey, f64)], but: StatementKey) -> f64 {
    let mut others: Vec<f64> =
        ratios.iter().filter(|(key, _)| *key != but).map(|(_, ratio)| *ratio).collect();
    if others.len() < 3 {
        return 1.0;
    }
    others.sort_by(f64::total_cmp);
    others.get(others.len() / 2).copied().unwrap_or(1.0).max(1.0)
}

/// What a query was like.
#[derive(Clone, Copy, Debug)]
struct Past {
    mean: f64,
    calls: u64,
    /// The squared standard error of that mean, and of how it wanders.
    squared_error: f64,
    windows: usize,
    blocks: f64,
}

impl Past {
    fn of(query: &QueryWindow, past: &[Window]) -> Option<Self> {
        let of_key = |window: &Window| {
            let found = window.queries.iter().find(|of| of.key == query.key);
            found.filter(|of| of.counted.calls >= FEWEST_CALLS).map(|of| (of.moments, of.counted))
        };
        let windows: Vec<(Moments, Counters)> = past.iter().filter_map(of_key).collect();
        let found = if windows.len() >= FEWEST_WINDOWS {
            Self::of_windows(&windows)
        } else {
            Self::of_everything(query.before.as_ref()?)
        };
        (found.calls >= FEWEST_BEFORE && found.mean > 0.0).then_some(found)
    }

    fn of_windows(windows: &[(Moments, Counters)]) -> Self {
        let pooled = Moments::pooled(windows.iter().map(|(moments, _)| moments));
        let count = windows.len() as f64;
        let centre = windows.iter().map(|(moments, _)| moments.mean).sum::<f64>() / count;
        let wandered =
            windows.iter().map(|(moments, _)| (moments.mean - centre).powi(2)).sum::<f64>()
                / (count - 1.0);
        let blocks: u64 = windows.iter().map(|(_, counted)| blocks(counted)).sum();
        Self {
            mean: pooled.mean,
            calls: pooled.calls,
            squared_error: pooled.variance / pooled.calls as f64 + wandered,
            windows: windows.len(),
            blocks: blocks as f64 / pooled.calls as f64,
        }
    }

    fn of_everything(before: &Counters) -> Self {
        let moments = Moments::of(before);
        let calls = moments.calls as f64;
        Self {
            mean: moments.mean,
            calls: moments.calls,
            squared_error: moments.variance / calls,
            windows: 0,
            blocks: blocks(before) as f64 / calls,
        }
    }

    fn judge(&self, query: &QueryWindow, general: f64, share: f64) -> Option<Regression> {
        let now = &query.moments;
        let expected = self.mean * general;
        let own = (now.variance + now.variance_error) / now.calls as f64;
        let error = (own + self.squared_error * general * general).sqrt();
        let rise = now.mean - expected;
        let (ratio, z) = (now.mean / expected, rise / error.max(expected * 1e-6));
        let asked = blocks(&query.counted) as f64 / now.calls as f64;
        (ratio >= LEAST_RATIO && z >= LEAST_Z).then_some(Regression {
            kind: RegressionKind::Mean,
            ratio: Some(ratio),
            z: Some(z),
            before_mean_ms: Some(self.mean),
            mean_ms: now.mean,
            before_share: None,
            share,
            before_calls: self.calls,
            windows: self.windows,
            general_ratio: general,
            blocks_ratio: (self.blocks > 0.0).then(|| asked / self.blocks),
        })
    }
}

fn blocks(counted: &Counters) -> u64 {
    counted.blocks_hit.saturating_add(counted.blocks_read)
}

#[cfg(test)]
mod tests;
