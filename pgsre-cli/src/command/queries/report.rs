//! What `pgsre queries` prints, as plain data: the JSON is this.

use std::collections::HashMap;

use jiff::Timestamp;
use pgsre_core::postgres::{ServerVersion, Session};
use pgsre_core::queries::{
    Advice, Advised, Extension, Gap, Latency, Names, QueriesError, QueryWindow, Regression,
    StatementKey, Text, Texts, Window, advise,
};
use serde::Serialize;

use crate::args::QueriesArgs;

/// The JSON of `pgsre queries`.
#[derive(Clone, Debug, Serialize)]
pub struct QueriesReport {
    /// The version of this shape: 1.
    pub schema: u32,
    /// What people call the server.
    pub server: String,
    /// The server's version.
    pub version: String,
    /// The extension's version.
    pub extension: String,
    /// What was looked at.
    pub window: WindowReport,
    /// All statements together.
    pub load: LoadReport,
    /// The worst queries.
    pub queries: Vec<QueryReport>,
    /// Every query that became slower or heavier, the heaviest first: also those that are not among
    /// the worst.
    pub regressions: Vec<QueryReport>,
    /// What the window does not know.
    pub gaps: Vec<GapReport>,
    /// What to do; with `--advice` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<Vec<AdviceReport>>,
    /// Queries that could not be planned, so that nothing is known of their scans.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unplanned: Vec<UnplannedReport>,
}

/// A piece of advice.
#[derive(Clone, Debug, Serialize)]
pub struct AdviceReport {
    /// The query, where it is about one.
    pub query_id: Option<String>,
    /// The advice.
    #[serde(flatten)]
    pub advice: Advice,
}

/// A query that could not be planned.
#[derive(Clone, Debug, Serialize)]
pub struct UnplannedReport {
    /// The query.
    pub query_id: String,
    /// Why.
    pub why: String,
}

/// What was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct WindowReport {
    /// Its beginning, by the server's clock.
    pub from: Timestamp,
    /// Its end, by the server's clock.
    pub to: Timestamp,
    /// How long it was.
    pub seconds: f64,
}

/// All statements together.
#[derive(Clone, Debug, Serialize)]
pub struct LoadReport {
    /// Executions of statements that clients sent.
    pub calls: u64,
    /// Their time of execution.
    pub total_ms: f64,
    /// Half of the executions did not take longer.
    pub p50_ms: Option<f64>,
    /// 95 of 100 executions did not take longer.
    pub p95_ms: Option<f64>,
    /// 99 of 100 executions did not take longer.
    pub p99_ms: Option<f64>,
    /// How the percentiles are known.
    pub latency: Option<LatencyReport>,
}

/// How percentiles are known, and above what they certainly are not.
#[derive(Clone, Debug, Serialize)]
pub struct LatencyReport {
    /// `measured` or `estimated`.
    pub method: &'static str,
    /// The median is not above this.
    pub bound_p50_ms: f64,
    /// The 95th percentile is not above this.
    pub bound_p95_ms: f64,
    /// The 99th percentile is not above this.
    pub bound_p99_ms: f64,
}

/// What a window does not know.
#[derive(Clone, Debug, Serialize)]
pub struct GapReport {
    /// For programs.
    #[serde(flatten)]
    pub gap: Gap,
    /// For people.
    pub message: String,
}

/// A query of the window.
#[derive(Clone, Debug, Serialize)]
pub struct QueryReport {
    /// The server's hash of it. A string: many readers of JSON round numbers beyond 2^53.
    pub query_id: String,
    /// The database's name.
    pub database: String,
    /// The user's name.
    pub user: String,
    /// Whether a client sent it, rather than a function.
    pub toplevel: bool,
    /// Executions.
    pub calls: u64,
    /// Whether the figures are exact; otherwise there was as much at least.
    pub exact: bool,
    /// Time of execution.
    pub total_ms: f64,
    /// Time of one execution.
    pub mean_ms: f64,
    /// Standard deviation of that.
    pub stddev_ms: f64,
    /// Its part of the load, from 0 to 1.
    pub share: f64,
    /// Rows returned or affected.
    pub rows: u64,
    /// Rows of one execution.
    pub rows_per_call: f64,
    /// Blocks found in shared buffers as a share of all asked for.
    pub hit_ratio: Option<f64>,
    /// Blocks found in shared buffers.
    pub blocks_hit: u64,
    /// Blocks read into shared buffers.
    pub blocks_read: u64,
    /// Blocks written.
    pub blocks_written: u64,
    /// Temporary blocks read and written.
    pub temporary_blocks: u64,
    /// Write-ahead log.
    pub wal_bytes: f64,
    /// Time of reading and writing blocks; 0 where `track_io_timing` is off.
    pub io_ms: f64,
    /// Half of the executions did not take longer.
    pub p50_ms: Option<f64>,
    /// 95 of 100 executions did not take longer.
    pub p95_ms: Option<f64>,
    /// 99 of 100 executions did not take longer.
    pub p99_ms: Option<f64>,
    /// How the percentiles are known.
    pub latency: Option<LatencyReport>,
    /// Whether it was not known when the window began.
    pub is_new: bool,
    /// By how much it became slower or heavier, where it did.
    pub regression: Option<Regression>,
    /// What it was like in the past windows that are kept, the oldest first, and in this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trend: Vec<TrendPoint>,
    /// What it says, as the server normalised it; `null` where that is gone.
    pub text: Option<String>,
    /// Whether the text was cut.
    pub is_cut: bool,
}

/// What a query was like in one window.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TrendPoint {
    /// When the window ended.
    pub to: Timestamp,
    /// Executions.
    pub calls: u64,
    /// Time of one execution; `null` where there was none.
    pub mean_ms: Option<f64>,
    /// Its part of the load, from 0 to 1.
    pub share: f64,
}

/// Makes a [`QueriesReport`].
pub(super) struct Maker<'a> {
    pub(super) name: &'a str,
    pub(super) version: ServerVersion,
    pub(super) extension: &'a Extension,
    pub(super) args: &'a QueriesArgs,
    pub(super) window: &'a Window,
    /// The windows before it that are known, the oldest first.
    pub(super) past: &'a [Window],
    pub(super) slower: &'a HashMap<StatementKey, Regression>,
}

impl Maker<'_> {
    pub(super) async fn make(&self, session: &Session) -> Result<QueriesReport, QueriesError> {
        let window = self.window;
        let worst = window.top(self.args.by.into(), self.args.limit.into());
        let mut slower = window.top(pgsre_core::queries::Order::Total, usize::MAX);
        slower.retain(|query| self.slower.contains_key(&query.key));
        let keys: Vec<StatementKey> = worst.iter().chain(&slower).map(|query| query.key).collect();
        let names = Names::read(session).await?;
        let texts = Texts::default().of(session, self.extension, &keys).await?;
        let advised = match self.args.advice {
            true => Some(advise(session, window, &worst, &texts).await?),
            false => None,
        };
        let report = |queries: Vec<&QueryWindow>| {
            queries.into_iter().map(|query| self.query(query, &names, &texts)).collect()
        };
        let (major, minor) = self.extension.version;
        Ok(QueriesReport {
            schema: 1,
            server: self.name.to_owned(),
            version: self.version.to_string(),
            extension: format!("{major}.{minor}"),
            window: WindowReport { from: window.from, to: window.to, seconds: window.seconds() },
            load: load(window),
            queries: report(worst),
            regressions: report(slower),
            gaps: window
                .gaps
                .iter()
                .map(|gap| GapReport { gap: gap.clone(), message: gap.to_string() })
                .collect(),
            unplanned: advised.iter().flat_map(unplanned).collect(),
            advice: advised.map(advice),
        })
    }

    fn query(
        &self,
        query: &QueryWindow,
        names: &Names,
        texts: &HashMap<StatementKey, Text>,
    ) -> QueryReport {
        let (key, counted) = (query.key, &query.counted);
        let latency = Latency::of_queries(&[query]);
        let text = texts.get(&key);
        QueryReport {
            query_id: key.query_id.to_string(),
            database: names.database(key.database),
            user: names.user(key.user),
            toplevel: key.toplevel,
            calls: counted.calls,
            exact: query.exact,
            total_ms: counted.total_ms,
            mean_ms: counted.mean_ms(),
            stddev_ms: counted.stddev_ms,
            share: self.window.share(query),
            rows: counted.rows,
            rows_per_call: counted.rows as f64 / (counted.calls as f64).max(1.0),
            hit_ratio: counted.hit_ratio(),
            blocks_hit: counted.blocks_hit,
            blocks_read: counted.blocks_read,
            blocks_written: counted.blocks_written,
            temporary_blocks: counted.temporary_read.saturating_add(counted.temporary_written),
            wal_bytes: counted.wal_bytes,
            io_ms: counted.io_ms,
            p50_ms: latency.map(|latency| latency.p50.ms),
            p95_ms: latency.map(|latency| latency.p95.ms),
            p99_ms: latency.map(|latency| latency.p99.ms),
            latency: latency.as_ref().map(LatencyReport::of),
            is_new: query.is_new,
            regression: self.slower.get(&key).copied(),
            trend: self.trend(&key),
            text: text.map(|text| text.text.clone()),
            is_cut: text.is_some_and(|text| text.is_cut),
        }
    }
}

impl Maker<'_> {
    /// Empty where there is nothing to compare with.
    fn trend(&self, key: &StatementKey) -> Vec<TrendPoint> {
        if self.past.is_empty() {
            return Vec::new();
        }
        let windows = self.past.iter().chain(std::iter::once(self.window));
        windows.map(|window| TrendPoint::of(window, key)).collect()
    }
}

impl TrendPoint {
    fn of(window: &Window, key: &StatementKey) -> Self {
        let query = window.queries.iter().find(|query| query.key == *key);
        Self {
            to: window.to,
            calls: query.map_or(0, |query| query.counted.calls),
            mean_ms: query.map(|query| query.counted.mean_ms()),
            share: query.map_or(0.0, |query| window.share(query)),
        }
    }
}

fn advice(advised: Advised) -> Vec<AdviceReport> {
    let query_id = |key: StatementKey| key.query_id.to_string();
    advised
        .advice
        .into_iter()
        .map(|advice| AdviceReport { query_id: advice.query.map(query_id), advice })
        .collect()
}

fn unplanned(advised: &Advised) -> impl Iterator<Item = UnplannedReport> {
    advised.unplanned.iter().map(|(key, why)| UnplannedReport {
        query_id: key.query_id.to_string(),
        why: why.to_string(),
    })
}

fn load(window: &Window) -> LoadReport {
    let sent: Vec<&QueryWindow> =
        window.queries.iter().filter(|query| query.key.toplevel).collect();
    let latency = Latency::of_queries(&sent);
    LoadReport {
        calls: sent.iter().map(|query| query.counted.calls).sum(),
        total_ms: window.total_ms,
        p50_ms: latency.map(|latency| latency.p50.ms),
        p95_ms: latency.map(|latency| latency.p95.ms),
        p99_ms: latency.map(|latency| latency.p99.ms),
        latency: latency.as_ref().map(LatencyReport::of),
    }
}

impl LatencyReport {
    fn of(latency: &Latency) -> Self {
        Self {
            method: latency.method.as_str(),
            bound_p50_ms: latency.p50.at_most,
            bound_p95_ms: latency.p95.at_most,
            bound_p99_ms: latency.p99.at_most,
        }
    }
}
