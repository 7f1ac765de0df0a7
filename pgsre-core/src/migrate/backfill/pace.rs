//! How large batches are, how long they may take, how often they are tried.

use std::time::Duration;

/// How large batches are, how long they may take, how often they are tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// How long a batch should take. Sizes are adapted towards it.
    pub target: Duration,
    /// Rows of the first batch. With a key that leads to random pages it begins with a tenth of that.
    pub first_size: u32,
    /// Rows of a batch at least.
    pub least_size: u32,
    /// Rows of a batch at most.
    pub most_size: u32,
    /// How long a batch may wait for a lock.
    pub lock_timeout: Duration,
    /// How long a statement of a batch may run: then the size is halved.
    pub statement_timeout: Duration,
    /// How often a batch is tried that loses a race for a lock.
    pub attempts: u32,
    /// Between two batches.
    pub rest: Duration,
    /// How long a connection that was lost is tried to be made again.
    pub reconnect_for: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            target: Duration::from_millis(250),
            first_size: 1_000,
            least_size: 1,
            most_size: 50_000,
            lock_timeout: Duration::from_secs(1),
            statement_timeout: Duration::from_secs(10),
            attempts: 50,
            rest: Duration::ZERO,
            reconnect_for: Duration::from_secs(600),
        }
    }
}

/// The least that a batch shrinks to, and the most that it grows to, from one to the next. The growth
/// is that of GitLab's batched migrations.
const CHANGE: (f64, f64) = (0.5, 1.2);

impl Pace {
    /// The size of the next batch after one of `size` rows that took so long.
    pub(crate) fn next_size(&self, size: u32, took: Duration) -> u32 {
        let factor = self.target.as_secs_f64() / took.as_secs_f64().max(1e-6);
        let next = f64::from(size) * factor.clamp(CHANGE.0, CHANGE.1);
        // So that a very small batch can grow at all.
        let next = if factor > 1.0 { next.ceil() } else { next.floor() };
        self.bounded(next as u32)
    }

    /// Half of it.
    pub(crate) fn halved(&self, size: u32) -> u32 {
        self.bounded(size / 2)
    }

    /// Within the least and the most.
    pub(crate) fn bounded(&self, size: u32) -> u32 {
        size.min(self.most_size).max(self.least_size.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn a_batch_that_took_too_long_shrinks_by_half_at_most() {
        let pace = Pace::default();
        assert_eq!(pace.next_size(1000, MS(500)), 500);
        assert_eq!(pace.next_size(1000, MS(60_000)), 500);
        assert_eq!(pace.next_size(1000, MS(312)), 801);
    }

    #[test]
    fn a_quick_batch_grows_by_a_fifth_at_most() {
        let pace = Pace::default();
        assert_eq!(pace.next_size(1000, MS(1)), 1200);
        assert_eq!(pace.next_size(1000, MS(0)), 1200);
        assert_eq!(pace.next_size(1000, MS(250)), 1000);
        assert_eq!(pace.next_size(1, MS(1)), 2);
    }

    #[test]
    fn sizes_stay_within_their_bounds() {
        let pace = Pace { least_size: 10, most_size: 100, ..Pace::default() };
        assert_eq!(pace.next_size(95, MS(1)), 100);
        assert_eq!(pace.halved(12), 10);
        assert_eq!(Pace { least_size: 0, ..Pace::default() }.halved(1), 1);
    }
}
