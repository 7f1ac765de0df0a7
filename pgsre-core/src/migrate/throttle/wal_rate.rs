//! How much write-ahead log the server writes.

use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::{Signal, Throttle, ThrottleContext};
use crate::migrate::error::ApplyError;

const POSITION: &str = "SELECT (pg_current_wal_lsn() - '0/0')::float8";

/// Over what time the rate is taken at least.
const WINDOW: Duration = Duration::from_secs(1);

/// Waits while the server writes more than this many bytes of write-ahead log a second, over a second
/// or more: the backfill's own count, too.
#[derive(Clone, Copy, Debug)]
pub struct WalRate {
    most: u64,
    since: Option<(Instant, f64)>,
}

impl WalRate {
    /// Of this many bytes a second at most.
    #[must_use]
    pub fn new(most: u64) -> Self {
        Self { most, since: None }
    }

    fn judge(&mut self, now: Instant, position: f64) -> Signal {
        let (begin, from) = *self.since.get_or_insert((now, position));
        // After a failover the position may be an earlier one.
        let written = (position - from).max(0.0);
        let seconds = now.duration_since(begin).as_secs_f64();
        let signal = Signal::within(
            written / seconds.max(WINDOW.as_secs_f64()),
            self.most as f64,
            "bytes of write-ahead log a second",
        );
        if signal == Signal::Go && seconds >= WINDOW.as_secs_f64() {
            self.since = Some((now, position));
        }
        signal
    }
}

#[async_trait]
impl Throttle for WalRate {
    fn name(&self) -> &str {
        "WAL rate"
    }

    async fn look(&mut self, cx: &mut ThrottleContext<'_>) -> Result<Signal, ApplyError> {
        let position = cx.figure(POSITION).await?;
        Ok(self.judge(cx.now, position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_too_fast_is_waited_for_until_the_rate_is_in_order() {
        let begin = Instant::now();
        let mut rate = WalRate::new(100);
        assert_eq!(rate.judge(begin, 0.0), Signal::Go);
        assert_eq!(rate.judge(begin + Duration::from_millis(500), 90.0), Signal::Go);
        assert!(matches!(rate.judge(begin + WINDOW, 250.0), Signal::Pause(_)));
        assert!(matches!(rate.judge(begin + 2 * WINDOW, 250.0), Signal::Pause(_)));
        assert_eq!(rate.judge(begin + 3 * WINDOW, 250.0), Signal::Go);
        assert_eq!(rate.judge(begin + 4 * WINDOW, 350.0), Signal::Go);
    }
}
