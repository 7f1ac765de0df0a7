//! How often to try, and how long to wait in between.

use std::time::Duration;

/// How often to try a sink, and how long to wait in between.
///
/// Pauses double from [`first_pause`](Self::first_pause) up to [`max_pause`](Self::max_pause), each
/// shortened by up to a half at random, so that many drills that fail together do not knock together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts in all, from 1. Default 4.
    pub attempts: u32,
    /// The pause after the first attempt. Default 1 s.
    pub first_pause: Duration,
    /// The longest pause of our own making. Default 15 s.
    pub max_pause: Duration,
    /// The longest pause that a sink may ask for (`Retry-After`); longer ones are cut. Default 30 s.
    pub max_retry_after: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_pause: Duration::from_secs(1),
            max_pause: Duration::from_secs(15),
            max_retry_after: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// The pause after the attempt numbered `attempt` from 1, where the sink asked for `asked`, and
    /// `jitter` lies between 0 (shortest) and 1 (longest).
    pub(super) fn pause(&self, attempt: u32, asked: Option<Duration>, jitter: f64) -> Duration {
        if let Some(asked) = asked {
            return asked.min(self.max_retry_after);
        }
        let doublings = 2_u32.saturating_pow(attempt.saturating_sub(1));
        let longest = self.first_pause.saturating_mul(doublings).min(self.max_pause);
        longest.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let policy = RetryPolicy::default();
        let pauses: Vec<_> = (1..=6).map(|n| policy.pause(n, None, 1.0).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 15, 15]);
        assert_eq!(policy.pause(u32::MAX, None, 0.0), Duration::from_millis(7500));
    }

    #[test]
    fn a_sink_may_ask_for_a_pause_up_to_the_cap() {
        let policy = RetryPolicy::default();
        let asked = |seconds| policy.pause(1, Some(Duration::from_secs(seconds)), 0.0).as_secs();
        assert_eq!((asked(7), asked(3600)), (7, 30));
    }
}
