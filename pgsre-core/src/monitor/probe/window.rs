//! Differences of counters between two readings.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// The shortest window that says something: two readings within it are taken as one.
const SHORTEST: Duration = Duration::from_millis(100);

/// The last reading of counters.
///
/// A counter that fell, or one that was reset or is of a server that was started anew (its `epoch`
/// is another), begins a new window: the difference would not be what happened.
#[derive(Debug)]
pub(super) struct Window<K> {
    last: HashMap<K, Reading>,
}

#[derive(Clone, Debug)]
struct Reading {
    at: Instant,
    epoch: Option<String>,
    counters: Vec<f64>,
}

/// By how much counters rose, and in how long.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rise {
    pub(super) seconds: f64,
    pub(super) by: Vec<f64>,
}

impl Rise {
    /// A counter's rise a second.
    pub(super) fn rate(&self, counter: usize) -> Option<f64> {
        Some(self.by.get(counter)? / self.seconds)
    }
}

impl<K> Default for Window<K> {
    fn default() -> Self {
        Self { last: HashMap::new() }
    }
}

impl<K: Eq + Hash> Window<K> {
    /// Takes a reading. `None` where there is none before it to compare with.
    pub(super) fn advance(
        &mut self,
        key: K,
        at: Instant,
        epoch: Option<String>,
        counters: Vec<f64>,
    ) -> Option<Rise> {
        let last = self.last.get(&key).cloned();
        let elapsed = last.as_ref().map(|last| at.saturating_duration_since(last.at));
        if elapsed.is_some_and(|elapsed| elapsed < SHORTEST) {
            return None;
        }
        self.last.insert(key, Reading { at, epoch: epoch.clone(), counters: counters.clone() });
        let (last, elapsed) = (last?, elapsed?);
        let by: Vec<f64> =
            counters.iter().zip(&last.counters).map(|(now, before)| now - before).collect();
        let is_one_window = last.epoch == epoch
            && last.counters.len() == counters.len()
            && by.iter().all(|by| *by >= 0.0);
        is_one_window.then_some(Rise { seconds: elapsed.as_secs_f64(), by })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch() -> Option<String> {
        Some("2026-11-22".to_owned())
    }

    #[test]
    fn the_first_reading_has_no_rate_and_the_second_one_has() {
        let mut window = Window::default();
        let begin = Instant::now();
        assert_eq!(window.advance("shop", begin, epoch(), vec![100.0, 7.0]), None);
        let later = begin + Duration::from_secs(10);
        let rise = window.advance("shop", later, epoch(), vec![150.0, 7.0]);
        assert_eq!(rise.as_ref().and_then(|rise| rise.rate(0)), Some(5.0));
        assert_eq!(rise.as_ref().and_then(|rise| rise.rate(1)), Some(0.0));
        assert_eq!(rise.and_then(|rise| rise.rate(2)), None);
    }

    #[test]
    fn a_counter_that_fell_or_was_reset_begins_a_new_window() {
        let mut window = Window::default();
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert_eq!(window.advance(1, at(0), epoch(), vec![100.0]), None);
        assert_eq!(window.advance(1, at(1), epoch(), vec![3.0]), None, "it fell");
        assert!(window.advance(1, at(2), epoch(), vec![4.0]).is_some());
        assert_eq!(window.advance(1, at(3), None, vec![5.0]), None, "the statistics were reset");
        assert_eq!(window.advance(2, at(4), None, vec![5.0]), None, "another key");
    }
}
