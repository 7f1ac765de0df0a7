//! Alerts that arrive: what was accepted is on disk, and is told until the sink has it.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::task::AbortHandle;

use super::dispatch::attempt;
use super::{Alert, Clock, Delivery, DeliveryOutcome, RetryPolicy, Route, SystemClock, redact};
use crate::finding::chain;

mod batch;
mod book;
mod error;
mod journal;
mod queue;
mod sink;

use batch::{Batch, Settled};
use book::Book;
pub use error::OutboxError;
use sink::Sink;

/// How long one [`Outbox::deliver`] waits for the sends that it began; they go on behind it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest that one attempt may take, whatever time-out the sink itself has.
const ATTEMPT: Duration = Duration::from_secs(60);

/// Pauses of a sink that is down: they grow to five minutes, and there is no last attempt.
const RETRY: RetryPolicy = RetryPolicy {
    attempts: u32::MAX,
    first_pause: Duration::from_secs(2),
    max_pause: Duration::from_secs(300),
    max_retry_after: Duration::from_secs(3600),
};

/// How many alerts wait for one sink before the least of them are merged.
const CAPACITY: usize = 1_000;

/// Alerts on their way: each sink has a queue of its own, kept in a file that survives a restart.
///
/// - What [`Outbox::accept`] took is in the file before it returns, and leaves it when the sink took
///   it or refused it for good. A restart loses nothing, and repeats only what was on its way.
/// - A sink that fails or hangs holds no other up. It is tried again after pauses that grow, or that
///   it asked for.
/// - The order of what is told about one fingerprint is kept. What is outdated before it could be
///   told is not: of two severities the newer is told, and an incident that ended in the meantime is
///   one message that says from when to when it fired.
/// - News about what a sink was told reach it whatever its least severity: what was opened is closed.
/// - When more alerts wait for one sink than fit, the least are merged into one message that counts
///   them: passed drills and infos first, critical ones last, the newest never.
///
/// ```
/// # async fn tell(alert: pgsre_core::Alert) -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use pgsre_core::alert::{LogAlerter, Outbox, Route};
///
/// let routes = vec![Route::to(Arc::new(LogAlerter::new()))];
/// let outbox = Outbox::open(routes, Some("/var/lib/pgsre/outbox.jsonl".into()))?;
/// outbox.accept(alert)?;
/// for delivery in outbox.deliver(jiff::Timestamp::now()).await {
///     println!("{}: {:?}", delivery.alerter, delivery.outcome);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Outbox {
    shared: Arc<Shared>,
    settings: Settings,
    running: Mutex<Vec<AbortHandle>>,
}

/// What the sends that run behind a call share with it.
struct Shared {
    sinks: Vec<Sink>,
    book: Mutex<Book>,
    done: Mutex<Vec<Delivery>>,
}

#[derive(Clone, Debug)]
struct Settings {
    clock: Arc<dyn Clock>,
    retry: RetryPolicy,
    patience: Duration,
}

impl Outbox {
    /// An outbox for these routes, with what `file` still holds; in memory only where it is `None`.
    ///
    /// A torn or damaged line of the file is left out and reported in the log, with a copy of the
    /// file beside it. What waits for a sink that `routes` no longer have is dropped and reported.
    ///
    /// # Errors
    /// Where the file cannot be read or written, or is of a newer version.
    pub fn open(routes: Vec<Route>, file: Option<PathBuf>) -> Result<Self, OutboxError> {
        let sinks = Sink::of(routes);
        let book = Book::open(&sinks, file, CAPACITY)?;
        let shared = Shared { sinks, book: Mutex::new(book), done: Mutex::default() };
        let settings = Settings { clock: Arc::new(SystemClock), retry: RETRY, patience: PATIENCE };
        Ok(Self { shared: Arc::new(shared), settings, running: Mutex::default() })
    }

    /// Another clock than the operating system's for the pauses between two messages.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Other pauses after a failure. There is no last attempt, whatever the policy says.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.settings.retry = retry;
        self
    }

    /// How long [`Outbox::deliver`] waits for the sends that it began. Default 5 s.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.settings.patience = patience;
        self
    }

    /// How many alerts wait for one sink before the least are merged. Default 1,000, least 2.
    #[must_use]
    pub fn with_capacity(self, capacity: usize) -> Self {
        self.shared.book().set_capacity(capacity.max(2));
        self
    }

    /// Takes an alert for every sink that wants it. It is on its way with the next
    /// [`Outbox::deliver`]. An alert that a sink has already is not told twice: a firing of the same
    /// severity, or the end of what it was never told.
    ///
    /// # Errors
    /// Where it could not be written to the file. It will be told all the same, but a restart would
    /// lose it.
    pub fn accept(&self, alert: Alert) -> Result<(), OutboxError> {
        self.shared.book().accept(&self.shared.sinks, alert)
    }

    /// Tells every sink what is due at `now`, all sinks at the same time, and says how it went:
    /// [`Sent`](DeliveryOutcome::Sent), [`Waiting`](DeliveryOutcome::Waiting) for another attempt,
    /// or [`Failed`](DeliveryOutcome::Failed) for good. Returns after some seconds at the latest
    /// (see [`Outbox::with_patience`]); what still runs then is reported by a later call, and so are
    /// sends that a dropped future had begun.
    pub async fn deliver(&self, now: Timestamp) -> Vec<Delivery> {
        let begun = self.begin(now);
        let _ = tokio::time::timeout(self.settings.patience, join_all(begun)).await;
        std::mem::take(&mut *lock(&self.shared.done))
    }

    /// How many alerts wait for a sink, each counted once for each sink.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.book().waiting()
    }

    /// The names of the sinks.
    pub fn alerters(&self) -> impl Iterator<Item = &str> {
        self.shared.sinks.iter().map(|sink| sink.key.as_str())
    }

    /// What was told as firing and not as resolved, each once: what the sinks believe to be open.
    ///
    /// Who starts again compares it with the incidents that are open, and accepts a resolve for
    /// those that are not: else a sink would keep them for ever.
    #[must_use]
    pub fn open_alerts(&self) -> Vec<Alert> {
        self.shared.book().open_alerts()
    }

    /// Begins a send for each idle sink for which something is due.
    fn begin(&self, now: Timestamp) -> Vec<tokio::task::JoinHandle<()>> {
        let idle: Vec<usize> = {
            let mut book = self.shared.book();
            let sinks = self.shared.sinks.iter().enumerate();
            sinks.filter(|(_, sink)| book.begin(sink, now)).map(|(index, _)| index).collect()
        };
        let mut running = lock(&self.running);
        running.retain(|handle| !handle.is_finished());
        let begun = idle.into_iter().map(|sink| {
            let (shared, settings) = (Arc::clone(&self.shared), self.settings.clone());
            let handle = tokio::spawn(async move { shared.drain(sink, &settings, now).await });
            running.push(handle.abort_handle());
            handle
        });
        begun.collect()
    }
}

impl Drop for Outbox {
    /// What is on its way is given up; the file still holds it.
    fn drop(&mut self) {
        for handle in lock(&self.running).drain(..) {
            handle.abort();
        }
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("alerters", &self.alerters().collect::<Vec<_>>())
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }

    /// Sends what is due for one sink, message after message at its pace, until nothing is due or
    /// it fails.
    async fn drain(&self, sink: usize, settings: &Settings, mut now: Timestamp) {
        let sink = &self.sinks[sink];
        loop {
            let pause = self.book().pause(sink, now);
            if !pause.is_zero() {
                settings.clock.sleep(pause).await;
                now = later(now, pause);
            }
            let Some(batch) = self.book().take(sink, now) else { break };
            let settled = send(sink, &batch, settings).await;
            let goes_on = !matches!(settled, Settled::Waits { .. });
            self.settle(sink, &batch, settled, now);
            if !goes_on {
                break;
            }
        }
        self.book().end(sink);
    }

    fn settle(&self, sink: &Sink, batch: &Batch, settled: Settled, now: Timestamp) {
        let attempts = self.book().settle(sink, batch, &settled, now);
        let (outcome, error) = match settled {
            // What is told again and again is no news.
            Settled::Told if batch.is_repeat() => return,
            Settled::Told => (DeliveryOutcome::Sent, None),
            Settled::Apart => return,
            Settled::Refused(error) => (DeliveryOutcome::Failed, Some(error)),
            Settled::Waits { error, .. } => (DeliveryOutcome::Waiting, Some(error)),
        };
        let delivery = Delivery { alerter: sink.key.clone(), outcome, attempts, error };
        let count = if outcome == DeliveryOutcome::Waiting { 1 } else { batch.alerts.len() };
        lock(&self.done).extend(std::iter::repeat_n(delivery, count));
    }
}

/// One attempt to tell a sink a batch.
async fn send(sink: &Sink, batch: &Batch, settings: &Settings) -> Settled {
    let sending = attempt(&sink.alerter, &batch.alerts);
    let error = match tokio::time::timeout(ATTEMPT, sending).await {
        Ok(Ok(())) => return Settled::Told,
        Ok(Err(error)) if error.is_transient() => error,
        // One of them may be what the sink refuses: each is told by itself.
        Ok(Err(_)) if batch.alerts.len() > 1 => return Settled::Apart,
        Ok(Err(error)) => return Settled::Refused(redact::urls(&chain(&error))),
        Err(_) => super::AlertError::transient(format!("not delivered within {ATTEMPT:?}")),
    };
    let failures = batch.failures.saturating_add(1);
    let pause = settings.retry.pause(failures, error.retry_after(), rand::random());
    Settled::Waits { error: redact::urls(&chain(&error)), pause }
}

fn later(now: Timestamp, pause: Duration) -> Timestamp {
    let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
    now.checked_add(pause).unwrap_or(Timestamp::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
