//! Count, mean and variance of the executions of one window, from the server's running ones.

use super::statements::Counters;

/// What the server's sums may be wrong by, as a share of their size: rounding at each of up to a
/// billion additions comes to some 1e-12, here with a margin. A difference that is not far above it
/// says nothing, which the variance's error then says.
const ROUNDING: f64 = 1e-9;

/// How long the executions of a window took: count, mean and variance, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// Executions.
    pub calls: u64,
    /// Their mean time.
    pub mean: f64,
    /// The variance of their times.
    pub variance: f64,
    /// By how much the variance may be wrong: two large sums were subtracted.
    pub variance_error: f64,
    /// No execution was shorter.
    pub low: f64,
    /// No execution was longer; infinite where that is not known.
    pub high: f64,
}

impl Moments {
    /// Of everything that was counted.
    #[must_use]
    pub fn of(counters: &Counters) -> Self {
        let mean = counters.mean_ms();
        Self {
            calls: counters.calls,
            mean,
            variance: if counters.calls > 1 { counters.stddev_ms.powi(2) } else { 0.0 },
            variance_error: ROUNDING * (counters.stddev_ms.powi(2) + mean * mean),
            low: counters.min_ms.min(mean),
            high: counters.max_ms.max(mean),
        }
    }

    /// Of what was executed between two readings of one statement, the later of which has more
    /// calls.
    ///
    /// The sums of squared deviations (M2 = n·sd²) of two disjoint sets add up to that of their
    /// union, less a term for the distance of their means (Chan, Golub and LeVeque 1979): solved
    /// for the second set.
    #[must_use]
    pub fn between(from: &Counters, to: &Counters) -> Self {
        let calls = to.calls.saturating_sub(from.calls);
        if from.calls == 0 || calls == 0 {
            return Self { calls, ..Self::of(to) };
        }
        let (before, n, after) = (from.calls as f64, calls as f64, to.calls as f64);
        let mean = ((to.total_ms - from.total_ms) / n).max(0.0);
        let m2 = |counters: &Counters| counters.stddev_ms.powi(2) * counters.calls as f64;
        let apart = (mean - from.mean_ms()).powi(2) * before * n / after;
        let error = ROUNDING * (m2(to) + to.mean_ms().powi(2) * after) / n;
        let variance = ((m2(to) - m2(from) - apart) / n).max(0.0);
        let (low, high) = limits(from, to);
        // One execution has no spread: whatever the subtraction left is rounding.
        let (variance, error) = if calls == 1 { (0.0, 0.0) } else { (variance, error) };
        Self {
            calls,
            mean,
            variance,
            variance_error: error,
            low: low.min(mean),
            high: high.max(mean),
        }
    }

    /// Of several sets together: the variance within them and that of their means.
    #[must_use]
    pub fn pooled<'m>(all: impl Iterator<Item = &'m Self> + Clone) -> Self {
        let calls: u64 = all.clone().map(|one| one.calls).sum();
        let n = (calls as f64).max(1.0);
        let weighed = |of: &dyn Fn(&Self) -> f64| {
            all.clone().map(|one| one.calls as f64 * of(one)).sum::<f64>() / n
        };
        let mean = weighed(&|one| one.mean);
        Self {
            calls,
            mean,
            variance: weighed(&|one| one.variance + (one.mean - mean).powi(2)),
            variance_error: weighed(&|one| one.variance_error),
            low: all.clone().map(|one| one.low).fold(f64::INFINITY, f64::min).min(mean),
            high: all.map(|one| one.high).fold(mean, f64::max),
        }
    }

    /// The most that the standard deviation may be.
    #[must_use]
    pub fn stddev_at_most(&self) -> f64 {
        (self.variance + self.variance_error).sqrt()
    }
}

/// The shortest and the longest execution ever hold for the window too, unless they were reset in
/// it.
fn limits(from: &Counters, to: &Counters) -> (f64, f64) {
    if from.minmax_since_us == to.minmax_since_us {
        (to.min_ms, to.max_ms)
    } else {
        (0.0, f64::INFINITY)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Counts as the server does: Welford's running mean and sum of squared deviations.
    pub(in crate::queries) fn counted(times: &[f64]) -> Counters {
        let (mut mean, mut m2, mut total) = (0.0, 0.0, 0.0);
        for (before, time) in times.iter().enumerate() {
            let old = mean;
            mean += (time - old) / (before as f64 + 1.0);
            m2 += (time - old) * (time - mean);
            total += time;
        }
        Counters {
            calls: times.len() as u64,
            total_ms: total,
            stddev_ms: if times.is_empty() { 0.0 } else { (m2 / times.len() as f64).sqrt() },
            min_ms: times.iter().copied().fold(f64::INFINITY, f64::min),
            max_ms: times.iter().copied().fold(0.0, f64::max),
            ..Counters::default()
        }
    }

    #[test]
    fn the_windows_variance_is_that_of_its_own_executions() {
        let before: Vec<f64> = (0..1000).map(|at| 1.0 + f64::from(at % 7)).collect();
        let within: Vec<f64> = (0..300).map(|at| 20.0 + f64::from(at % 11)).collect();
        let all: Vec<f64> = before.iter().chain(&within).copied().collect();
        let window = Moments::between(&counted(&before), &counted(&all));
        let truth = Moments::of(&counted(&within));
        assert_eq!(window.calls, 300);
        assert!((window.mean - truth.mean).abs() < 1e-9);
        assert!((window.variance - truth.variance).abs() <= window.variance_error.max(1e-6));
        assert!(window.low <= 20.0 && window.high >= 30.0);
    }

    #[test]
    fn a_difference_lost_in_rounding_is_said_and_never_negative() {
        let long_ago = Counters {
            calls: 1_000_000_000_000,
            total_ms: 1e15,
            stddev_ms: 1e4,
            max_ms: 1e6,
            ..Counters::default()
        };
        let now = Counters { calls: long_ago.calls + 10, total_ms: 1e15 + 10.0, ..long_ago };
        let window = Moments::between(&long_ago, &now);
        assert!(window.variance >= 0.0);
        assert!(window.variance_error > 1e6, "{window:?}");
    }

    #[test]
    fn one_execution_has_no_spread() {
        let window = Moments::between(&counted(&[5.0, 9.0]), &counted(&[5.0, 9.0, 4.0]));
        assert_eq!((window.calls, window.variance, window.variance_error), (1, 0.0, 0.0));
        assert!((window.mean - 4.0).abs() < 1e-9);
    }

    #[test]
    fn sets_together_have_the_variance_of_all_their_members() {
        let (one, other) = ([1.0, 2.0, 3.0], [10.0, 30.0]);
        let parts = [Moments::of(&counted(&one)), Moments::of(&counted(&other))];
        let whole = Moments::of(&counted(&[1.0, 2.0, 3.0, 10.0, 30.0]));
        let pooled = Moments::pooled(parts.iter());
        assert!((pooled.mean - whole.mean).abs() < 1e-9);
        assert!((pooled.variance - whole.variance).abs() < 1e-9);
        assert_eq!(Moments::pooled([].iter()).calls, 0);
    }
}
