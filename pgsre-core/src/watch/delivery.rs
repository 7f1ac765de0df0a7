//! What was judged goes out: the outbox is emptied beside the loop, so that a slow sink delays no
//! reading, and the dead man's switch is called when a whole cycle is delivered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, RwLock};
use tokio_util::sync::CancellationToken;

use super::event::{WatchEvent, WatchObserver};
use super::watched::DeliveryCounts;
use crate::alert::{Alert, Clock, DeliveryOutcome, Outbox, OutboxError};
#[cfg(feature = "webhook")]
use crate::finding::chain;

/// How often the outbox is looked at for what is due again, as after a failure.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a round waits for sinks: what is told meanwhile waits no longer than that, and a sink
/// that hangs answers to a later round.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long the outbox is emptied at the end: what is left is on disk.
const FLUSH: Duration = Duration::from_secs(5);

/// Makes the outbox that takes the place of the one before, which is closed by then.
pub(super) type Opening = Box<dyn FnOnce() -> Result<Outbox, OutboxError> + Send>;

#[cfg(feature = "webhook")]
pub(super) type Pulse = crate::alert::Heartbeat;

/// Without HTTP there is no dead man's switch to call.
#[cfg(not(feature = "webhook"))]
pub(super) type Pulse = std::convert::Infallible;

/// What is told, and whether it arrived.
#[derive(Debug)]
pub(super) struct Post {
    /// `None` where another could not be opened in its place.
    outbox: RwLock<Option<Outbox>>,
    heartbeat: Option<Pulse>,
    observer: Arc<dyn WatchObserver>,
    clock: Arc<dyn Clock>,
    sent: AtomicU64,
    failed: AtomicU64,
    waiting: AtomicUsize,
    /// Whether a whole cycle was judged since the last round.
    cycled: AtomicBool,
    wake: Notify,
}

impl Post {
    pub(super) fn new(
        outbox: Outbox,
        heartbeat: Option<Pulse>,
        observer: Arc<dyn WatchObserver>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            waiting: AtomicUsize::new(outbox.waiting()),
            outbox: RwLock::new(Some(outbox.with_patience(PATIENCE))),
            heartbeat,
            observer,
            clock,
            sent: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            cycled: AtomicBool::new(false),
            wake: Notify::new(),
        }
    }

    /// Tells it through these sinks from now on. The one before is closed first: both may keep their
    /// alerts in one file.
    pub(super) async fn replace(&self, open: Opening) -> Result<(), OutboxError> {
        let mut outbox = self.outbox.write().await;
        drop(outbox.take());
        *outbox = Some(open()?.with_patience(PATIENCE));
        Ok(())
    }

    pub(super) async fn accept(&self, alert: Alert) -> Result<(), OutboxError> {
        let accepted = match &*self.outbox.read().await {
            Some(outbox) => self.counted(outbox, outbox.accept(alert)),
            None => Ok(()),
        };
        self.wake.notify_one();
        accepted
    }

    /// What sinks were told as firing, and not as over.
    pub(super) async fn told(&self) -> Vec<Alert> {
        self.outbox.read().await.as_ref().map(Outbox::open_alerts).unwrap_or_default()
    }

    pub(super) fn counts(&self) -> DeliveryCounts {
        DeliveryCounts {
            sent: self.sent.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }

    /// Says that every server was read and judged.
    pub(super) fn cycle_ended(&self) {
        self.cycled.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    /// Delivers until it is stopped.
    pub(super) async fn run(self: &Arc<Self>, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = self.wake.notified() => {}
                () = self.clock.sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => return,
            }
            // What is cut off here goes on in the outbox.
            if stop.run_until_cancelled(self.round()).await == Some(true) {
                // Beside the rounds: a switch that does not answer delays no alert.
                let post = Arc::clone(self);
                tokio::spawn(async move { post.beat().await });
            }
        }
    }

    /// Delivers what is due. Whether the heartbeat may go out: a cycle ended and nothing waits.
    pub(super) async fn round(&self) -> bool {
        let cycled = self.cycled.swap(false, Ordering::Acquire);
        self.deliver().await;
        cycled && self.waiting.load(Ordering::Relaxed) == 0
    }

    /// Calls the dead man's switch.
    #[cfg(feature = "webhook")]
    pub(super) async fn beat(&self) {
        let Some(heartbeat) = &self.heartbeat else { return };
        if let Err(error) = heartbeat.beat().await {
            let what = format!("the dead man's switch was not called: {}", chain(&error));
            self.observer.on_event(&WatchEvent::Trouble { what });
        }
    }

    #[cfg(not(feature = "webhook"))]
    pub(super) async fn beat(&self) {
        if let Some(never) = self.heartbeat {
            match never {}
        }
    }

    async fn deliver(&self) {
        let deliveries = match &*self.outbox.read().await {
            Some(outbox) => {
                let deliveries = outbox.deliver(self.clock.now()).await;
                self.counted(outbox, deliveries)
            }
            None => return,
        };
        for delivery in deliveries {
            match delivery.outcome {
                DeliveryOutcome::Sent => self.sent.fetch_add(1, Ordering::Relaxed),
                DeliveryOutcome::Skipped => continue,
                _ => self.failed.fetch_add(1, Ordering::Relaxed),
            };
            self.observer.on_event(&WatchEvent::Delivered { delivery });
        }
    }

    fn counted<T>(&self, outbox: &Outbox, result: T) -> T {
        self.waiting.store(outbox.waiting(), Ordering::Relaxed);
        result
    }

    /// Delivers what is left, for a few seconds.
    pub(super) async fn flush(&self) {
        let emptying = async {
            loop {
                self.deliver().await;
                if self.waiting.load(Ordering::Relaxed) == 0 {
                    return;
                }
                self.clock.sleep(LOOK_EVERY).await;
            }
        };
        // What could not be delivered by then is on disk, and goes out after the next start.
        let _ = tokio::time::timeout(FLUSH, emptying).await;
    }
}
