//! When a growing figure reaches its bound, and how sure that is.
//!
//! The growth is the Theil–Sen slope: the median of the slopes between all pairs of points, which
//! half of the points minus one may spoil without harm (Sen, *Estimates of the regression
//! coefficient based on Kendall's tau*, JASA 63, 1968). A straight line through the last hour flaps;
//! this one does not. Where there is too little to say, the answer is a [`Refusal`], never a guess.
//!
//! ```
//! use std::time::Duration;
//! use jiff::{SignedDuration, Timestamp};
//! use pgsre_core::forecast::until;
//!
//! let begin = Timestamp::UNIX_EPOCH;
//! let hourly = (0..48).map(|hour| (begin + SignedDuration::from_hours(hour), 100.0 + hour as f64));
//! let points: Vec<_> = hourly.collect();
//! let forecast = until(&points, 220.0, Duration::from_secs(30 * 86_400))?;
//! assert_eq!(forecast.per_day.round(), 24.0);
//! assert_eq!(forecast.at, begin + SignedDuration::from_hours(120));
//! # Ok::<_, pgsre_core::forecast::Refusal>(())
//! ```

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

mod slope;
mod steps;

/// The fewest points of which anything is said.
pub const MIN_POINTS: usize = 8;

/// How much further than it has seen a forecast looks: a third of the horizon must be known.
pub const REACH: f64 = 3.0;

/// The most points that are compared pair by pair; more are taken together by their medians.
const MAX_POINTS: usize = 300;

/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// When a figure reaches its bound.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Forecast {
    /// When, as things go.
    pub at: Timestamp,
    /// The earliest, of an interval that holds the truth nine times of ten.
    pub earliest: Timestamp,
    /// The latest; `None` where it may as well never be.
    pub latest: Option<Timestamp>,
    /// By how much it grows a day.
    pub per_day: f64,
    /// The interval of the growth, the smaller figure first.
    pub per_day_between: (f64, f64),
    /// How long the growth was looked at: since the last step.
    pub span: Duration,
}

/// Why nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Too few points, since the last step.
    #[error("{points} points are too few: {MIN_POINTS} are needed")]
    TooFew {
        /// How many there are.
        points: usize,
    },
    /// It does not move towards the bound, as far as can be told.
    #[error("it does not grow towards its bound")]
    NotGrowing,
    /// It does not reach the bound within the time that can be looked ahead.
    #[error("not within {:.1} days, and {:.1} days of history say nothing of later", days(*.reach), days(*.span))]
    NotWithin {
        /// How far can be looked ahead.
        reach: Duration,
        /// How much was seen.
        span: Duration,
    },
}

fn days(time: Duration) -> f64 {
    time.as_secs_f64() / DAY
}

/// How fast a figure grows, per second.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Growth {
    /// The median slope.
    pub per_second: f64,
    /// The interval that holds the true slope nine times of ten.
    pub between: (f64, f64),
    /// Where the line is at the last point.
    pub level: f64,
    /// When the last point was.
    pub at: Timestamp,
    /// How long it was looked at: since the last step.
    pub span: Duration,
}

/// When a figure reaches `bound`, from either side; looked ahead no further than `horizon`, and no
/// further than [`REACH`] times what was seen since the last step.
///
/// Points need no order; those that are no number are left out.
///
/// # Errors
/// Where there is too little to say: see [`Refusal`].
pub fn until(
    points: &[(Timestamp, f64)],
    bound: f64,
    horizon: Duration,
) -> Result<Forecast, Refusal> {
    let growth = growth(points)?;
    let missing = bound - growth.level;
    // Growth is what leads to the bound, from below or from above.
    let towards = |slope: f64| if missing >= 0.0 { slope } else { -slope };
    let (one, other) = (towards(growth.between.0), towards(growth.between.1));
    let (slow, fast) = (one.min(other), one.max(other));
    // All lines that are as likely turn about the middle of what was seen.
    let half = growth.span.as_secs_f64() / 2.0;
    let from_the_middle = (missing + growth.per_second * half).abs();
    let seconds = |slope: f64| (slope > 0.0).then(|| (from_the_middle / slope - half).max(0.0));
    let (Some(usual), Some(soonest)) = (seconds(towards(growth.per_second)), seconds(fast)) else {
        return Err(Refusal::NotGrowing);
    };
    let reach = horizon.min(growth.span.mul_f64(REACH));
    if usual > reach.as_secs_f64() {
        return Err(Refusal::NotWithin { reach, span: growth.span });
    }
    let after = |seconds: f64| {
        let ahead = SignedDuration::try_from_secs_f64(seconds.min(1e9)).unwrap_or_default();
        growth.at.checked_add(ahead).unwrap_or(Timestamp::MAX)
    };
    Ok(Forecast {
        at: after(usual),
        earliest: after(soonest),
        latest: seconds(slow).map(after),
        per_day: growth.per_second * DAY,
        per_day_between: (growth.between.0 * DAY, growth.between.1 * DAY),
        span: growth.span,
    })
}

/// How fast a figure grows, since the last step.
///
/// # Errors
/// Where there are fewer than [`MIN_POINTS`] points since the last step.
pub fn growth(points: &[(Timestamp, f64)]) -> Result<Growth, Refusal> {
    let points = in_order(points);
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Err(Refusal::TooFew { points: 0 });
    };
    let at = last.0;
    let begin = first.0;
    let line: Vec<(f64, f64)> =
        points.iter().map(|(at, value)| (at.duration_since(begin).as_secs_f64(), *value)).collect();
    let line = slope::thinned(steps::since_the_last(&line), MAX_POINTS);
    if line.len() < MIN_POINTS {
        return Err(Refusal::TooFew { points: line.len() });
    }
    let slope = slope::theil_sen(&line);
    let end = at.duration_since(begin).as_secs_f64();
    let span = end - line.first().map_or(end, |first| first.0);
    Ok(Growth {
        per_second: slope.median,
        between: (slope.low, slope.high),
        level: slope.level_at(end),
        at,
        span: Duration::try_from_secs_f64(span).unwrap_or_default(),
    })
}

/// Numbers only, the oldest first, one of a moment.
fn in_order(points: &[(Timestamp, f64)]) -> Vec<(Timestamp, f64)> {
    let mut points: Vec<_> =
        points.iter().copied().filter(|(_, value)| value.is_finite()).collect();
    points.sort_by_key(|(at, _)| *at);
    points.dedup_by_key(|(at, _)| *at);
    points
}

#[cfg(test)]
mod tests;
