//! [`WorstQueries`]: the heaviest queries of each server, told to whoever shows them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::ask::Ask;
use super::error::QueriesError;
use super::extension::Extension;
use super::rank::Order;
use super::regression::{Regression, RegressionKind};
use super::statements::{Snapshot, StatementKey};
use super::text::{Names, Text, Texts};
use super::window::{QueryWindow, Window};

/// The queries that are told.
const TOLD: usize = 10;

/// The window is this long at least, and twice as long at most, once as much was seen.
const WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// The longest text that is told, in characters.
const LONGEST: usize = 1_000;

/// The heaviest queries of the servers that are watched, shared between their probes, which write
/// it, and what shows it.
#[derive(Clone, Debug, Default)]
pub struct WorstQueries {
    servers: Arc<Mutex<BTreeMap<String, Arc<HeavyQueries>>>>,
}

/// The heaviest queries of one server.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeavyQueries {
    /// When the window ended.
    pub at: Timestamp,
    /// How long the window was.
    pub seconds: f64,
    /// The heaviest by time of execution, the heaviest first; ten at most.
    pub queries: Vec<HeavyQuery>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeavyQuery {
    /// The server's hash of it.
    pub query_id: i64,
    /// The database.
    pub database: String,
    /// The user.
    pub user: String,
    /// Executions a second.
    pub calls_per_second: f64,
    /// Mean time of an execution, in milliseconds.
    pub mean_ms: f64,
    /// Its part of the time of execution of all, from 0 to 1.
    pub share: f64,
    /// What of it rose against the windows before, and how often more there is: see
    /// [`RegressionKind`].
    pub regression: Option<(RegressionKind, Option<f64>)>,
    /// Its text [without values](Text::masked); empty where it is not known.
    pub text: String,
}

impl WorstQueries {
    /// Those of a server; `None` where none is known yet.
    #[must_use]
    pub fn of(&self, server: &str) -> Option<Arc<HeavyQueries>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner).get(server).cloned()
    }

    /// Tells those of a server.
    pub fn tell(&self, server: &str, queries: HeavyQueries) {
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        servers.insert(server.to_owned(), Arc::new(queries));
    }
}

/// Finds them, reading after reading, for one server.
#[derive(Debug)]
pub(super) struct Teller {
    server: String,
    told: WorstQueries,
    older: Option<Snapshot>,
    newer: Option<Snapshot>,
    texts: Texts,
}

impl Teller {
    pub(super) fn new(server: String, told: WorstQueries) -> Self {
        Self { server, told, older: None, newer: None, texts: Texts::default() }
    }

    /// Takes a reading, and tells what the window up to it says.
    pub(super) async fn see(
        &mut self,
        server: &impl Ask,
        extension: &Extension,
        snapshot: &Snapshot,
        regressed: &[(StatementKey, Regression)],
    ) -> Result<(), QueriesError> {
        let window = self.older.as_ref().map(|older| Window::between(older, snapshot));
        self.remember(snapshot);
        let Some(window) = window else { return Ok(()) };
        let top: Vec<&QueryWindow> = window
            .top(Order::Total, TOLD)
            .into_iter()
            .filter(|query| query.counted.calls > 0)
            .collect();
        let keys: Vec<StatementKey> = top.iter().map(|query| query.key).collect();
        let (texts, names) = if keys.is_empty() {
            (HashMap::new(), Names::default())
        } else {
            (self.texts.of_server(server, extension, &keys).await?, Names::of(server).await?)
        };
        let queries =
            top.iter().map(|query| heavy(&window, query, &texts, &names, regressed)).collect();
        let told = HeavyQueries { at: snapshot.at, seconds: window.seconds(), queries };
        self.told.tell(&self.server, told);
        Ok(())
    }

    fn remember(&mut self, snapshot: &Snapshot) {
        let is_over = |kept: &Snapshot| {
            let age = snapshot.at.duration_since(kept.at);
            age >= WINDOW || age.is_negative()
        };
        match &self.newer {
            None => {
                self.older.get_or_insert_with(|| snapshot.clone());
                self.newer = Some(snapshot.clone());
            }
            Some(newer) if is_over(newer) => {
                self.older = self.newer.replace(snapshot.clone());
            }
            Some(_) => {}
        }
    }
}

fn heavy(
    window: &Window,
    query: &QueryWindow,
    texts: &HashMap<StatementKey, Text>,
    names: &Names,
    regressed: &[(StatementKey, Regression)],
) -> HeavyQuery {
    let regression = regressed.iter().find(|(key, _)| *key == query.key);
    let text = texts.get(&query.key).map(Text::masked).unwrap_or_default();
    HeavyQuery {
        query_id: query.key.query_id,
        database: names.database(query.key.database),
        user: names.user(query.key.user),
        calls_per_second: query.counted.calls as f64 / window.seconds().max(1e-3),
        mean_ms: query.counted.mean_ms(),
        share: window.share(query),
        regression: regression.map(|(_, found)| (found.kind, found.ratio)),
        text: shortened(&text),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
