//! The loop that watches servers: read, forecast, judge, tell, remember.
//!
//! A [`Watcher`] reads every server on its own schedule, adds what follows from history, keeps the
//! reading, judges it, and hands what changed to the [`Outbox`]. What it knows is published as
//! [`Watched`], so that a page, a scrape or a dashboard asks no database.
//!
//! ```no_run
//! # async fn watch() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use pgsre_core::alert::{LogAlerter, Outbox, Route};
//! use pgsre_core::monitor::{ServerMonitor, default_rules};
//! use pgsre_core::postgres::ConnectConfig;
//! use pgsre_core::watch::Watcher;
//! use tokio_util::sync::CancellationToken;
//!
//! let outbox = Outbox::open(vec![Route::to(Arc::new(LogAlerter::new()))], None)?;
//! let config = ConnectConfig::parse("postgres://pgsre@db1/shop")?;
//! let watcher = Watcher::new(default_rules(), outbox).watching([ServerMonitor::new("shop", config)]);
//! let faces = watcher.watched();
//! tokio::spawn(async move { watcher.run(&CancellationToken::new()).await });
//! println!("{:?}", faces.borrow().servers.keys());
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use jiff::SignedDuration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

#[cfg(feature = "webhook")]
use crate::alert::Heartbeat;
use crate::alert::{self, Clock, Outbox, OutboxError, SystemClock};

use crate::history::samples::{NoSamples, SampleStore};
use crate::monitor::{Incidents, IncidentsFile, Rule, ServerMonitor, Silence};
use crew::{Crew, Reader, Seen, Shared};
use delivery::{Opening, Post, Pulse};
use desk::Desk;

mod crew;
mod delivery;
mod desk;
mod event;
mod exposition;
mod outlook;
mod patient;
mod watched;

pub use event::{Unwatched, WatchEvent, WatchObserver};
pub use exposition::{ExpositionFormat, exposed, exposition};
pub use outlook::Outlook;
pub use watched::{Cycle, DeliveryCounts, Watched, WatchedServer};

/// The time between two readings of one server unless told otherwise.
pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(10);

/// Shorter intervals would be nothing but load.
const LEAST_INTERVAL: Duration = Duration::from_millis(100);

/// For how long after its start a watcher tells of nothing less than critical: many a figure is out
/// of bounds because of a restart that somebody knows of.
const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// Readings that wait to be judged; more wait where they are read.
const QUEUE: usize = 1024;

/// Readings that are judged at once.
const BATCH: usize = 256;

/// How often the loop looks around where no reading comes.
const TURN: Duration = Duration::from_secs(1);

/// Servers that are read at the same time by [`Watcher::once`].
const AT_ONCE: usize = 64;

/// The time between the two readings of [`Watcher::once`], of which rates are made.
const WINDOW: Duration = Duration::from_secs(1);

/// Watches servers until it is stopped. See the [module](self).
#[derive(Debug)]
pub struct Watcher {
    servers: Vec<ServerMonitor>,
    interval: Duration,
    samples: Arc<dyn SampleStore>,
    outbox: Outbox,
    heartbeat: Option<Pulse>,
    file: Option<Arc<IncidentsFile>>,
    before: BTreeMap<String, Incidents>,
    rules: Vec<Rule>,
    silences: Vec<Silence>,
    source: String,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn WatchObserver>,
    orders: (mpsc::UnboundedSender<Order>, mpsc::UnboundedReceiver<Order>),
    faces: watch::Sender<Arc<Watched>>,
}

/// Changes a watcher while it runs.
#[derive(Clone, Debug)]
pub struct WatchHandle {
    orders: mpsc::UnboundedSender<Order>,
}

enum Order {
    Add(Box<ServerMonitor>, oneshot::Sender<()>),
    Remove(String, oneshot::Sender<()>),
    Judge(Vec<Rule>, Vec<Silence>, oneshot::Sender<()>),
    Tell(Opening, oneshot::Sender<()>),
}

impl Watcher {
    /// A watcher of no server yet, that judges by these rules and tells through this outbox. It
    /// remembers nothing over a restart.
    #[must_use]
    pub fn new(rules: Vec<Rule>, outbox: Outbox) -> Self {
        let watched = Watched::starting(SystemClock.now(), DEFAULT_INTERVAL);
        Self {
            servers: Vec::new(),
            interval: DEFAULT_INTERVAL,
            samples: Arc::new(NoSamples),
            outbox,
            heartbeat: None,
            file: None,
            before: BTreeMap::new(),
            rules,
            silences: Vec::new(),
            source: alert::sender(),
            clock: Arc::new(SystemClock),
            observer: Arc::new(Unwatched),
            orders: mpsc::unbounded_channel(),
            faces: watch::Sender::new(Arc::new(watched)),
        }
    }

    /// Watches these servers too. Names tell them apart: of two with one name the later counts.
    #[must_use]
    pub fn watching(mut self, servers: impl IntoIterator<Item = ServerMonitor>) -> Self {
        for server in servers {
            self.servers.retain(|other| other.name() != server.name());
            self.servers.push(server);
        }
        self
    }

    /// The time between two readings of one server. Default 10 s, least 100 ms.
    #[must_use]
    pub fn every(mut self, interval: Duration) -> Self {
        self.interval = interval.max(LEAST_INTERVAL);
        self
    }

    /// Keeps readings here, and forecasts from them. Default: nowhere, and no forecasts.
    #[must_use]
    pub fn with_samples(mut self, samples: Arc<dyn SampleStore>) -> Self {
        self.samples = samples;
        self
    }

    /// Goes on with these incidents, and keeps them in this file from now on.
    #[must_use]
    pub fn with_incidents(
        mut self,
        before: BTreeMap<String, Incidents>,
        file: IncidentsFile,
    ) -> Self {
        self.before = before;
        self.file = Some(Arc::new(file));
        self
    }

    /// Calls a dead man's switch after each whole cycle: every server read, judged, and nothing
    /// waiting to be told.
    #[cfg(feature = "webhook")]
    #[must_use]
    pub fn with_heartbeat(mut self, heartbeat: Heartbeat) -> Self {
        self.heartbeat = Some(heartbeat);
        self
    }

    /// Tells nobody of what these silence.
    #[must_use]
    pub fn silencing(mut self, silences: Vec<Silence>) -> Self {
        self.silences = silences;
        self
    }

    /// What alerts say of who sends them. Default `pgsre@` and the name of the host.
    #[must_use]
    pub fn called(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    /// Another clock than the operating system's.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Says what happens to this one.
    #[must_use]
    pub fn observed_by(mut self, observer: Arc<dyn WatchObserver>) -> Self {
        self.observer = observer;
        self
    }

    /// What is known, renewed after every turn.
    #[must_use]
    pub fn watched(&self) -> watch::Receiver<Arc<Watched>> {
        self.faces.subscribe()
    }

    /// What changes it while it runs.
    #[must_use]
    pub fn handle(&self) -> WatchHandle {
        WatchHandle { orders: self.orders.0.clone() }
    }

    /// Watches until `cancel` is cancelled, then delivers what is left for a few seconds. What is
    /// not delivered by then is in the outbox's file.
    ///
    /// Dropping the future stops at once: nothing is lost but the readings under way.
    pub async fn run(self, cancel: &CancellationToken) {
        let (says, mut said) = mpsc::channel(QUEUE);
        let (mut desk, mut orders, servers, shared) = self.open().await;
        desk.grace_until = desk.clock.now().checked_add(GRACE).ok();
        let mut crew = Crew::new(shared, says);
        crew.start(servers);
        let post = Arc::clone(&desk.post);
        let stop = CancellationToken::new();
        let delivering = post.run(&stop);
        let turning = async {
            while turn(&mut desk, &mut crew, &mut said, &mut orders, cancel).await {}
            drop(crew);
            desk.save(true, desk.clock.now()).await;
            stop.cancel();
        };
        futures::future::join(delivering, turning).await;
        post.flush().await;
        desk.publish();
    }

    /// Reads every server once, judges, and delivers what it can within seconds. Rates are those of
    /// one second. Returns what is known then.
    pub async fn once(self) -> Arc<Watched> {
        let faces = self.watched();
        let (mut desk, _, servers, shared) = self.open().await;
        let readings = servers.into_iter().map(|server| {
            let mut reader = Reader::alone(server, Arc::clone(&shared));
            let shared = &shared;
            async move {
                let (mut seen, mut plain) = reader.read().await;
                if seen.reading.server.role.is_some() {
                    shared.keep(&plain).await;
                    shared.clock.sleep(WINDOW).await;
                    (seen, plain) = reader.read().await;
                }
                shared.keep(&plain).await;
                seen
            }
        });
        let seen: Vec<Seen> =
            futures::stream::iter(readings).buffer_unordered(AT_ONCE).collect().await;
        if desk.turn(seen).await {
            desk.post.cycle_ended();
        }
        desk.save(true, desk.clock.now()).await;
        desk.post.flush().await;
        if desk.post.round().await {
            desk.post.beat().await;
        }
        desk.publish();
        Arc::clone(&faces.borrow())
    }

    /// The desk with what was open before. What is of servers that are watched no longer is over,
    /// and so is what sinks were told of incidents that nobody remembers.
    async fn open(self) -> (Desk, mpsc::UnboundedReceiver<Order>, Vec<ServerMonitor>, Arc<Shared>) {
        let now = self.clock.now();
        let post = Post::new(
            self.outbox,
            self.heartbeat,
            Arc::clone(&self.observer),
            Arc::clone(&self.clock),
        );
        let mut desk = Desk {
            rules: self.rules,
            silences: self.silences,
            grace_until: None,
            source: self.source,
            clock: Arc::clone(&self.clock),
            observer: Arc::clone(&self.observer),
            post: Arc::new(post),
            file: self.file,
            incidents: self.before,
            watched: Watched::starting(now, self.interval),
            faces: self.faces,
            unread: Default::default(),
            cycle_began: now,
            unsaved_since: None,
            save_fails: false,
        };
        for server in &self.servers {
            desk.add(server.name());
        }
        let gone = desk.incidents.keys().filter(|name| !desk.watched.servers.contains_key(*name));
        for server in gone.cloned().collect::<Vec<_>>() {
            desk.remove(&server).await;
        }
        desk.close_forgotten().await;
        let shared =
            Shared::new(self.interval, self.clock, self.samples, Arc::clone(&desk.observer));
        (desk, self.orders.1, self.servers, Arc::new(shared))
    }
}

/// Names only: what opens an outbox cannot be shown.
impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Add(..) => "Add",
            Self::Remove(..) => "Remove",
            Self::Judge(..) => "Judge",
            Self::Tell(..) => "Tell",
        })
    }
}

/// One turn of the loop; whether there is another.
async fn turn(
    desk: &mut Desk,
    crew: &mut Crew,
    said: &mut mpsc::Receiver<Seen>,
    orders: &mut mpsc::UnboundedReceiver<Order>,
    cancel: &CancellationToken,
) -> bool {
    let mut batch = Vec::new();
    let clock = Arc::clone(&desk.clock);
    tokio::select! {
        biased;
        () = cancel.cancelled() => return false,
        Some(order) = orders.recv() => obey(order, desk, crew).await,
        _ = said.recv_many(&mut batch, BATCH) => {
            batch.retain(|seen| crew.knows(seen));
            if desk.turn(batch).await {
                desk.post.cycle_ended();
            }
        }
        () = clock.sleep(TURN) => {
            desk.save(false, clock.now()).await;
            desk.publish();
        }
    }
    true
}

async fn obey(order: Order, desk: &mut Desk, crew: &mut Crew) {
    let done = match order {
        Order::Add(monitor, done) => {
            let server = monitor.name().to_owned();
            desk.add(&server);
            crew.add(*monitor, Duration::ZERO);
            desk.observer.on_event(&WatchEvent::ServerAdded { server });
            done
        }
        Order::Remove(server, done) => {
            crew.remove(&server);
            desk.remove(&server).await;
            done
        }
        Order::Judge(rules, silences, done) => {
            desk.rules = rules;
            desk.silences = silences;
            done
        }
        Order::Tell(open, done) => {
            desk.tell_through(open).await;
            done
        }
    };
    // Whoever asked may have gone.
    let _ = done.send(());
}

impl WatchHandle {
    /// Watches this server from now on, in place of one of the same name, whose incidents go on.
    pub async fn add(&self, monitor: ServerMonitor) {
        self.order(|done| Order::Add(Box::new(monitor), done)).await;
    }

    /// Watches this server no longer. Its incidents are told as over.
    pub async fn remove(&self, server: impl Into<String>) {
        self.order(|done| Order::Remove(server.into(), done)).await;
    }

    /// Judges by these rules and silences from now on.
    pub async fn judge_by(&self, rules: Vec<Rule>, silences: Vec<Silence>) {
        self.order(|done| Order::Judge(rules, silences, done)).await;
    }

    /// Tells through another outbox from now on. The one before is closed when `open` is called,
    /// so that both may keep their alerts in one file.
    pub async fn tell_through(
        &self,
        open: impl FnOnce() -> Result<Outbox, OutboxError> + Send + 'static,
    ) {
        self.order(|done| Order::Tell(Box::new(open), done)).await;
    }

    /// Returns once it is done, or the watcher is no more.
    async fn order(&self, order: impl FnOnce(oneshot::Sender<()>) -> Order) {
        let (done, is_done) = oneshot::channel();
        if self.orders.send(order(done)).is_ok() {
            let _ = is_done.await;
        }
    }
}

#[cfg(test)]
mod tests;
