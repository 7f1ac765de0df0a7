//! One task a server, which reads it again and again.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::event::{WatchEvent, WatchObserver};
use super::outlook::Outlook;
use super::patient::Patient;
use crate::alert::Clock;
use crate::finding::chain;
use crate::history::samples::SampleStore;
use crate::monitor::{Metric, Missing, Reading, Sample, ServerFacts, ServerMonitor};

/// Servers that are read at the same time.
const READINGS: usize = 256;

/// Servers that did not answer the last time and are read at the same time: they wait for each
/// other, never those that answer for them.
const SLOW_READINGS: usize = 256;

/// Connections that are made a second when many servers are watched from the start.
const STARTS_PER_SECOND: u32 = 100;

/// When a reading is followed by another one that is to clear a doubt.
const SOON: Duration = Duration::from_secs(2);

/// Of an interval, how far a reading may be early or late, so that servers drift apart.
const JITTER: f64 = 0.05;

/// What the tasks share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) interval: Duration,
    pub(super) clock: Arc<dyn Clock>,
    samples: Patient,
    /// Whether the last reading could not be kept: that is told once.
    forgets: AtomicBool,
    observer: Arc<dyn WatchObserver>,
    quick: Semaphore,
    slow: Semaphore,
}

/// A reading on its way to be judged.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) server: String,
    /// Which task of this server's it comes from: one that was replaced may be late.
    generation: u64,
    pub(super) reading: Arc<Reading>,
}

/// The tasks. Dropping it ends them.
#[derive(Debug)]
pub(super) struct Crew {
    shared: Arc<Shared>,
    says: mpsc::Sender<Seen>,
    tasks: HashMap<String, Task>,
    generation: u64,
}

#[derive(Debug)]
struct Task {
    generation: u64,
    _stop: DropGuard,
}

impl Shared {
    pub(super) fn new(
        interval: Duration,
        clock: Arc<dyn Clock>,
        samples: Arc<dyn SampleStore>,
        observer: Arc<dyn WatchObserver>,
    ) -> Self {
        Self {
            interval,
            clock,
            samples: Patient::new(samples),
            forgets: AtomicBool::new(false),
            observer,
            quick: Semaphore::new(READINGS),
            slow: Semaphore::new(SLOW_READINGS),
        }
    }

    /// Keeps a reading. A history that cannot be written never stops the watching.
    pub(super) async fn keep(&self, reading: &Reading) {
        let kept = self.samples.record(reading).await;
        if self.forgets.swap(kept.is_err(), Ordering::Relaxed) {
            return;
        }
        if let Err(error) = kept {
            let what = format!("readings are not kept: {}", chain(&error));
            self.observer.on_event(&WatchEvent::Trouble { what });
        }
    }
}

impl Crew {
    pub(super) fn new(shared: Arc<Shared>, says: mpsc::Sender<Seen>) -> Self {
        Self { shared, says, tasks: HashMap::new(), generation: 0 }
    }

    /// Starts to read these servers, one after the other, so that a thousand connections are not
    /// made at once.
    pub(super) fn start(&mut self, monitors: Vec<ServerMonitor>) {
        let step = step(monitors.len(), self.shared.interval);
        for (place, monitor) in (0_u32..).zip(monitors) {
            self.add(monitor, step.saturating_mul(place));
        }
    }

    /// Reads this server from now on, in place of one of the same name.
    pub(super) fn add(&mut self, monitor: ServerMonitor, after: Duration) {
        self.generation += 1;
        let (name, generation) = (monitor.name().to_owned(), self.generation);
        let stop = CancellationToken::new();
        let reader = Reader {
            name: name.clone(),
            generation,
            monitor,
            answers: true,
            outlook: Outlook::default(),
            shared: Arc::clone(&self.shared),
        };
        tokio::spawn(reader.attend(after, self.says.clone(), stop.clone()));
        self.tasks.insert(name, Task { generation, _stop: stop.drop_guard() });
    }

    /// Reads it no longer.
    pub(super) fn remove(&mut self, server: &str) {
        self.tasks.remove(server);
    }

    /// Whether a reading is of a task that is still at work.
    pub(super) fn knows(&self, seen: &Seen) -> bool {
        self.tasks.get(&seen.server).is_some_and(|task| task.generation == seen.generation)
    }
}

/// Reads one server.
#[derive(Debug)]
pub(super) struct Reader {
    name: String,
    generation: u64,
    monitor: ServerMonitor,
    /// Whether it answered the last time.
    answers: bool,
    /// What follows from its history.
    outlook: Outlook,
    shared: Arc<Shared>,
}

impl Reader {
    /// One that is asked by hand.
    pub(super) fn alone(monitor: ServerMonitor, shared: Arc<Shared>) -> Self {
        let name = monitor.name().to_owned();
        let outlook = Outlook::default();
        Self { name, generation: 0, monitor, answers: true, outlook, shared }
    }

    /// Reads until it is stopped.
    async fn attend(mut self, after: Duration, says: mpsc::Sender<Seen>, stop: CancellationToken) {
        let work = async {
            self.shared.clock.sleep(after).await;
            loop {
                let begin = Instant::now();
                let (seen, plain) = self.read().await;
                let interval = interval(self.shared.interval, &seen.reading);
                if says.send(seen).await.is_err() {
                    return;
                }
                // Judged first: a history that takes its time delays no alert.
                self.shared.keep(&plain).await;
                let pause = pause(interval, begin.elapsed(), rand::random());
                self.shared.clock.sleep(pause).await;
            }
        };
        stop.run_until_cancelled(work).await;
    }

    /// One reading with what follows from its history, and as it is to be kept: without that.
    pub(super) async fn read(&mut self) -> (Seen, Reading) {
        let lane = if self.answers { &self.shared.quick } else { &self.shared.slow };
        let place = lane.acquire().await;
        // A probe that panics loses this reading: the monitor connects anew for the next.
        let read = AssertUnwindSafe(self.monitor.read()).catch_unwind().await;
        drop(place);
        let mut reading = read.unwrap_or_else(|_| self.panicked());
        self.answers = reading.server.role.is_some();
        let plain = reading.clone();
        let follows = self.outlook.samples(&self.shared.samples, &reading).await;
        reading.samples.extend(follows);
        let (server, generation) = (self.name.clone(), self.generation);
        (Seen { server, generation, reading: Arc::new(reading) }, plain)
    }

    fn panicked(&self) -> Reading {
        let at = self.shared.clock.now();
        let why = "a probe of this server panicked, which is a defect of it".to_owned();
        Reading {
            server: ServerFacts { name: self.name.clone(), version: None, role: None },
            at,
            seconds: 0.0,
            samples: vec![Sample::unknown(Metric::Up, at)],
            missing: vec![Missing { probe: "reading".to_owned(), why }],
            unseen: Vec::new(),
        }
    }
}

/// The time between the first readings of two servers.
fn step(servers: usize, interval: Duration) -> Duration {
    let servers = u32::try_from(servers).unwrap_or(u32::MAX).max(1);
    (Duration::from_secs(1) / STARTS_PER_SECOND).min(interval / servers)
}

/// The time to the next reading: what is in doubt is looked at again soon, however seldom the watcher
/// reads, so that it is told in the promised time.
fn interval(usual: Duration, reading: &Reading) -> Duration {
    if reading.is_in_doubt() { usual.min(SOON) } else { usual }
}

/// The pause before the next reading: those that a slow one missed are left out. `chance` is from
/// 0 to 1.
fn pause(interval: Duration, taken: Duration, chance: f64) -> Duration {
    let interval = interval.as_secs_f64();
    let into = taken.as_secs_f64() % interval;
    let jitter = interval * JITTER * (2.0 * chance - 1.0);
    Duration::try_from_secs_f64((interval - into + jitter).max(0.0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(10);

    #[test]
    fn a_reading_begins_an_interval_after_the_one_before() {
        assert_eq!(pause(INTERVAL, Duration::from_secs(3), 0.5), Duration::from_secs(7));
    }

    #[test]
    fn what_a_slow_reading_missed_is_not_made_up() {
        assert_eq!(pause(INTERVAL, Duration::from_secs(23), 0.5), Duration::from_secs(7));
    }

    #[test]
    fn chance_moves_a_reading_by_a_twentieth_of_the_interval_at_most() {
        let taken = Duration::from_secs(4);
        assert_eq!(pause(INTERVAL, taken, 0.0), Duration::from_millis(5_500));
        assert_eq!(pause(INTERVAL, taken, 1.0), Duration::from_millis(6_500));
    }

    #[test]
    fn many_servers_are_spread_over_an_interval_and_few_do_not_wait() {
        assert_eq!(step(2, INTERVAL), Duration::from_millis(10));
        assert_eq!(step(10_000, INTERVAL), Duration::from_millis(1));
        assert_eq!(step(0, INTERVAL), Duration::from_millis(10));
    }
}
