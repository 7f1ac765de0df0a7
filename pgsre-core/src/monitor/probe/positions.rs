//! Where the write-ahead log was when: by that a position has an age, by the watcher's clock alone.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Positions kept.
const CAPACITY: usize = 4096;

/// Positions in the write-ahead log and when they were seen, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Positions {
    seen: VecDeque<(Instant, i64)>,
}

/// How long ago the log was at a position, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Age {
    /// At least so long ago: it was seen further on then.
    pub(super) least: Option<f64>,
    /// At most so long ago: it was not yet further on then. `None` where that was not seen.
    pub(super) most: Option<f64>,
}

impl Positions {
    pub(super) fn note(&mut self, at: Instant, position: i64) {
        // On a promoted or restored server the log may begin again further back.
        self.seen.retain(|(_, seen)| *seen <= position);
        if self.seen.len() == CAPACITY {
            self.seen.pop_front();
        }
        self.seen.push_back((at, position));
    }

    /// Since when something beyond this position is there.
    pub(super) fn age(&self, at: Instant, position: i64) -> Age {
        let passed = self.seen.partition_point(|(_, seen)| *seen <= position);
        let ago = |(then, _): &(Instant, i64)| seconds(at.saturating_duration_since(*then));
        let least = self.seen.get(passed).map(ago);
        let last = passed.checked_sub(1).and_then(|last| self.seen.get(last));
        Age { least, most: last.filter(|_| least.is_some()).map(ago) }
    }

    pub(super) fn clear(&mut self) {
        self.seen.clear();
    }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn history(positions: &[i64]) -> (Positions, Instant) {
        let mut history = Positions::default();
        let mut at = Instant::now();
        for position in positions {
            at += SECOND;
            history.note(at, *position);
        }
        (history, at)
    }

    #[test]
    fn a_position_is_as_old_as_what_was_seen_beyond_it_and_no_older_than_what_was_seen_before() {
        let (history, at) = history(&[100, 200, 300, 400]);
        let age = |position| history.age(at, position);
        assert_eq!(age(250), Age { least: Some(1.0), most: Some(2.0) });
        assert_eq!(age(200), Age { least: Some(1.0), most: Some(2.0) });
        assert_eq!(age(50), Age { least: Some(3.0), most: None }, "before what was seen");
        assert_eq!(age(400), Age::default(), "nothing is beyond it");
    }

    #[test]
    fn a_log_that_goes_back_begins_its_history_anew() {
        let (mut history, at) = history(&[100, 900]);
        history.note(at + SECOND, 500);
        let age = history.age(at + SECOND, 300);
        assert_eq!(age.most, Some(2.0), "when it was at 100; what lay ahead is forgotten");
    }

    #[test]
    fn the_history_is_bounded() {
        let (history, at) = history(&(0..5_000).collect::<Vec<_>>());
        assert_eq!(history.seen.len(), CAPACITY);
        assert_eq!(history.age(at, 0).most, None);
        assert!(history.age(at, 0).least.is_some_and(|least| least > 4_000.0));
    }
}
