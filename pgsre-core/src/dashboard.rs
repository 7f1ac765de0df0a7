//! The dashboard: whether a database is well, why not, and what will go wrong next.
//!
//! A [`Dashboard`] reads what a [`Watcher`](crate::watch::Watcher) publishes and what its
//! [`SampleStore`] keeps; it never connects to a database, so viewers cost it no query. A
//! [`ServerBoard`] is one server as data: six [`Panel`]s and what stands below them. With the
//! feature `dashboard`, `Dashboard::router` serves it as an axum `Router`.
//!
//! What is not known is a gap, never 0; what was known and is no longer is [`State::Stale`], with
//! its age.
//!
//! ```no_run
//! # async fn watch() -> Result<(), Box<dyn std::error::Error>> {
//! use pgsre_core::alert::Outbox;
//! use pgsre_core::dashboard::Dashboard;
//! use pgsre_core::monitor::{ServerMonitor, default_rules};
//! use pgsre_core::postgres::ConnectConfig;
//! use pgsre_core::watch::Watcher;
//!
//! let config = ConnectConfig::parse("postgres://pgsre@db1/shop")?;
//! let watcher = Watcher::new(default_rules(), Outbox::open(Vec::new(), None)?)
//!     .watching([ServerMonitor::new("shop", config)]);
//! let dashboard = Dashboard::new(watcher.watched());
//! for board in dashboard.overview(jiff::Timestamp::now()) {
//!     println!("{} {}: {}", board.name, board.state, board.summary);
//! }
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use jiff::Timestamp;
use tokio::sync::watch::Receiver;

use crate::history::ReportStore;
use crate::history::samples::{NoSamples, SampleStore, SampleStoreError};
use crate::monitor::{Rule, default_rules};
use crate::queries::WorstQueries;
use crate::watch::{Watched, WatchedServer};
use remembered::Remembered;

mod below;
mod chart;
mod figure;
mod grafana;
mod judge;
mod model;
mod panel;
mod remembered;
#[cfg(feature = "dashboard")]
mod web;

pub use chart::{Band, Chart, ChartBound, ChartSeries, Range};
pub use figure::shown;
pub use grafana::grafana_dashboard;
pub use model::{
    AlertRow, BackupsBoard, DrillRow, Figure, ForecastRow, Panel, PanelKind, PastAlert,
    QueriesBoard, QueryRow, ServerBoard, State,
};

#[cfg(feature = "dashboard")]
pub use web::{Control, Token, WebOptions};

/// What shows a watcher's servers. Cheap to clone: all clones are one.
#[derive(Clone, Debug)]
pub struct Dashboard {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    known: Receiver<Arc<Watched>>,
    samples: Arc<dyn SampleStore>,
    rules: RwLock<Arc<Vec<Rule>>>,
    queries: WorstQueries,
    reports: Option<(ReportStore, BTreeMap<String, String>)>,
    servers: Mutex<BTreeMap<String, Remembered>>,
}

impl Inner {
    fn rules(&self) -> Arc<Vec<Rule>> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Dashboard {
    /// A dashboard of what a watcher publishes, judged by the default rules, without history.
    #[must_use]
    pub fn new(known: Receiver<Arc<Watched>>) -> Self {
        let inner = Inner {
            known,
            samples: Arc::new(NoSamples),
            rules: RwLock::new(Arc::new(default_rules())),
            queries: WorstQueries::default(),
            reports: None,
            servers: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Draws its charts from here: the store that the watcher records to.
    #[must_use]
    pub fn with_samples(self, samples: Arc<dyn SampleStore>) -> Self {
        self.changed(|inner| inner.samples = samples)
    }

    /// Draws the thresholds of these rules, and judges figures by them: those of the watcher.
    #[must_use]
    pub fn judging_by(self, rules: Vec<Rule>) -> Self {
        self.judge_by(rules);
        self
    }

    /// Judges by other rules from now on: those that the watcher was told.
    pub fn judge_by(&self, rules: Vec<Rule>) {
        *self.inner.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }

    /// Shows the heaviest queries: what [`QueryLoad::telling`](crate::queries::QueryLoad::telling)
    /// was given.
    #[must_use]
    pub fn with_queries(self, queries: WorstQueries) -> Self {
        self.changed(|inner| inner.queries = queries)
    }

    /// Shows the drills of these sources of backups, by the name of the server.
    #[must_use]
    pub fn with_drills(
        self,
        reports: ReportStore,
        sources: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let sources = sources.into_iter().collect();
        self.changed(|inner| inner.reports = Some((reports, sources)))
    }

    /// The builder owns the only clone; of a shared dashboard a copy is changed.
    fn changed(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Arc::try_unwrap(self.inner).unwrap_or_else(|shared| Inner {
            known: shared.known.clone(),
            samples: Arc::clone(&shared.samples),
            rules: RwLock::new(shared.rules()),
            queries: shared.queries.clone(),
            reports: shared.reports.clone(),
            servers: Mutex::default(),
        });
        change(&mut inner);
        Self { inner: Arc::new(inner) }
    }

    /// Every server, the worst first; equal ones by name.
    #[must_use]
    pub fn overview(&self, now: Timestamp) -> Vec<ServerBoard> {
        let names: Vec<String> = self.inner.known.borrow().servers.keys().cloned().collect();
        let mut boards: Vec<_> = names.iter().filter_map(|name| self.board(name, now)).collect();
        boards.sort_by(|a, b| b.state.cmp(&a.state).then_with(|| a.name.cmp(&b.name)));
        boards
    }

    /// One server as it is now; `None` where it is not watched.
    #[must_use]
    pub fn board(&self, server: &str, now: Timestamp) -> Option<ServerBoard> {
        self.catch_up(now);
        let watched = Arc::clone(&self.inner.known.borrow());
        let seen = watched.servers.get(server)?;
        let servers = self.servers();
        let rules = self.inner.rules();
        let view = View {
            name: server,
            watched: &watched,
            seen,
            rules: &rules,
            now,
            queries: self.inner.queries.of(server),
        };
        Some(match servers.get(server) {
            Some(remembered) => view.board(remembered),
            None => view.board(&Remembered::default()),
        })
    }

    #[cfg(feature = "dashboard")]
    fn watches(&self, server: &str) -> bool {
        self.inner.known.borrow().servers.contains_key(server)
    }

    #[cfg(feature = "dashboard")]
    fn watches_several(&self) -> bool {
        self.inner.known.borrow().servers.len() > 1
    }

    /// The charts of a server's panels over a range of time.
    ///
    /// # Errors
    /// Where the history cannot be read.
    pub async fn charts(
        &self,
        server: &str,
        range: Range,
        now: Timestamp,
    ) -> Result<Vec<Chart>, SampleStoreError> {
        let interval = self.inner.known.borrow().interval;
        let rules = self.inner.rules();
        let asked = chart::Asked { server, range, now, interval, rules: &rules };
        chart::charts(self.inner.samples.as_ref(), &asked).await
    }

    /// Follows the watcher until it ends, so that what is between two looks is not forgotten: when
    /// an alert began and ended, what a panel showed last. A router does so by itself.
    pub async fn follow(&self) {
        let mut known = self.inner.known.clone();
        let mut drills_at = None;
        loop {
            let now = Timestamp::now();
            self.catch_up(now);
            if drills_at.is_none_or(|at| now.duration_since(at) >= remembered::DRILLS_EVERY) {
                drills_at = Some(now);
                self.look_at_drills().await;
            }
            if known.changed().await.is_err() {
                return;
            }
        }
    }

    fn catch_up(&self, now: Timestamp) {
        let watched = Arc::clone(&self.inner.known.borrow());
        let mut servers = self.servers();
        servers.retain(|name, _| watched.servers.contains_key(name));
        for (name, seen) in &watched.servers {
            servers.entry(name.clone()).or_default().see(seen, now);
        }
    }

    async fn look_at_drills(&self) {
        let Some((reports, sources)) = &self.inner.reports else { return };
        let Ok(listing) = reports.list().await else { return };
        let mut servers = self.servers();
        for (server, source) in sources {
            if let Some(remembered) = servers.get_mut(server) {
                remembered.drills = below::drills(&listing, source);
            }
        }
    }

    fn servers(&self) -> MutexGuard<'_, BTreeMap<String, Remembered>> {
        self.inner.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All that a board is made of.
struct View<'v> {
    name: &'v str,
    watched: &'v Watched,
    seen: &'v Arc<WatchedServer>,
    rules: &'v [Rule],
    now: Timestamp,
    queries: Option<Arc<crate::queries::HeavyQueries>>,
}

#[cfg(test)]
mod tests;
