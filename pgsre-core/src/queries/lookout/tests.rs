#![expect(clippy::expect_used, reason = "tests")]
use super::*;
use crate::queries::statements::{Counters, Hidden};

/// A server whose clock goes on a window at a time; each query takes as long as it says.
struct Scene {
    lookout: Lookout,
    counters: HashMap<StatementKey, Counters>,
    seconds: i64,
}

fn key(query_id: i64) -> StatementKey {
    StatementKey { database: 5, user: 10, toplevel: true, query_id }
}

impl Scene {
    fn new() -> Self {
        let mut scene = Self { lookout: Lookout::default(), counters: HashMap::new(), seconds: 0 };
        assert_eq!(scene.after(&[(1, 1.0, 1000), (2, 1.0, 1000)], 0), None, "no window is over");
        scene
    }

    /// Executes queries: which, for how long each, how often. Then so many seconds are over.
    fn after(&mut self, work: &[(i64, f64, u64)], seconds: i64) -> Option<Vec<i64>> {
        for (query, ms, calls) in work {
            let of = self.counters.entry(key(*query)).or_default();
            of.calls += calls;
            of.total_ms += ms * *calls as f64;
            of.max_ms = of.max_ms.max(*ms);
            of.stddev_ms = of.stddev_ms.max(ms / 10.0);
            of.since_us = Some(1);
        }
        self.seconds += seconds;
        let found = self.lookout.see(&self.snapshot());
        found.map(|found| found.into_iter().map(|(key, _)| key.query_id).collect())
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            at: Timestamp::from_second(1_000_000 + self.seconds).expect("a moment"),
            version: (1, 12),
            max: Some(5000),
            started_us: 1,
            reset_us: Some(1),
            evictions: Some(0),
            statements: self.counters.clone(),
            hidden: Hidden::default(),
            histograms: None,
        }
    }

    fn minute(&mut self, work: &[(i64, f64, u64)]) -> Vec<i64> {
        self.after(work, 60).expect("a window is over")
    }
}

const USUAL: [(i64, f64, u64); 2] = [(1, 1.0, 1000), (2, 1.0, 1000)];
const SLOW: [(i64, f64, u64); 2] = [(1, 40.0, 1000), (2, 1.0, 1000)];

#[test]
fn a_query_that_became_slower_is_told_until_it_is_mended_and_none_of_its_twin() {
    let mut twin = Scene::new();
    for _ in 0..20 {
        assert_eq!(twin.minute(&USUAL), [0i64; 0]);
    }
    let mut scene = Scene::new();
    for _ in 0..6 {
        assert_eq!(scene.minute(&USUAL), [0i64; 0]);
    }
    for _ in 0..30 {
        assert_eq!(scene.minute(&SLOW), [1], "not only in the first window");
    }
    assert_eq!(scene.minute(&USUAL), [0i64; 0], "mended");
}

#[test]
fn after_an_hour_what_is_slow_is_how_it_is() {
    let mut scene = Scene::new();
    (0..6).for_each(|_| drop(scene.minute(&USUAL)));
    let told: Vec<bool> = (0..90).map(|_| scene.minute(&SLOW) == [1]).collect();
    assert!(told[..60].iter().all(|told| *told));
    assert!(told[61..].iter().all(|told| !*told), "{told:?}");
}

#[test]
fn readings_closer_than_a_minute_are_one_window() {
    let mut scene = Scene::new();
    for _ in 0..5 {
        assert_eq!(scene.after(&USUAL, 10), None, "no window is over");
    }
    assert_eq!(scene.after(&USUAL, 10), Some(vec![]));
    assert_eq!(scene.after(&SLOW, 10), Some(vec![]), "the window goes on");
}

#[test]
fn a_query_that_is_not_executed_is_not_mended() {
    let mut scene = Scene::new();
    (0..6).for_each(|_| drop(scene.minute(&USUAL)));
    assert_eq!(scene.minute(&SLOW), [1]);
    assert_eq!(scene.minute(&[(2, 1.0, 1000)]), [1]);
    assert_eq!(scene.minute(&USUAL), [0i64; 0]);
}

#[test]
fn a_reset_ends_the_window_and_tells_nothing() {
    let mut scene = Scene::new();
    (0..6).for_each(|_| drop(scene.minute(&USUAL)));
    let mut reset = scene.snapshot();
    reset.at += SignedDuration::from_mins(1);
    reset.reset_us = Some(2);
    assert_eq!(scene.lookout.see(&reset), Some(vec![]));
    assert!(scene.lookout.past.len() <= PAST);
}
