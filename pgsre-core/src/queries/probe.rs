//! [`QueryLoad`]: latency and load of a server, from `pg_stat_statements`.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;

use super::error::QueriesError;
use super::extension::Extension;
use super::lookout::Lookout;
use super::percentile::{Latency, Percentile};
use super::rank::Order;
use super::regression::{Regression, RegressionKind};
use super::statements::{Snapshot, StatementKey};
use super::text::Names;
use super::window::{Gap, QueryWindow, Window};
use super::worst::{Teller, WorstQueries};
use crate::monitor::{Measured, Metric, Probe, ProbeContext, ProbeError, Sample};

/// Fewer executions have no 99th percentile that says anything.
const FEWEST_CALLS: u64 = 100;

/// The queries whose share of the load is told.
const TOP: usize = 3;

const METRICS: &[Metric] = &[
    Metric::LatencyP50,
    Metric::LatencyP95,
    Metric::LatencyP99,
    Metric::QueriesCallsRate,
    Metric::QueriesTopShare,
    Metric::QueriesRegressions,
    Metric::QueriesRegressed,
    Metric::QueriesHeavier,
];

/// What windows of their own say.
const OF_THE_LOOKOUT: [Metric; 3] =
    [Metric::QueriesRegressions, Metric::QueriesRegressed, Metric::QueriesHeavier];

/// The queries of each kind that are told one by one.
const MOST_REGRESSED: usize = 3;

/// Percentiles of all statements' execution times over the window between two readings, each
/// estimated with its bound, and the share of the heaviest three. No texts are read.
///
/// Windows of a minute are held against those before them, for queries that became slower or heavier:
/// the heaviest three of these are told by their ids.
///
/// A server without the extension has no data here, which is said and alarms nobody. There is no
/// default rule on latency: what is slow depends on the service. There is one on queries that became
/// slower than they were.
#[derive(Debug, Default)]
pub struct QueryLoad {
    extension: Option<Extension>,
    last: Option<Snapshot>,
    lookout: Lookout,
    teller: Option<Teller>,
}

#[async_trait]
impl Probe for QueryLoad {
    fn name(&self) -> &'static str {
        "queries"
    }

    fn metrics(&self) -> &'static [Metric] {
        METRICS
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        match self.read(cx).await {
            Ok(measured) => Ok(measured),
            // What the server refused ended the transaction that all probes share.
            Err(error) if error.is_absent() && error.source().is_none() => {
                self.last = None;
                let unseen = format!("latency and load of queries: {error}; {}", error.hint());
                let samples = METRICS.iter().map(|metric| Sample::unknown(*metric, cx.now));
                Ok(Measured { samples: samples.collect(), unseen: vec![unseen] })
            }
            Err(error) => {
                let context = format!("{error}; {}", error.hint());
                Err(ProbeError::new(context).with_cause(error))
            }
        }
    }
}

impl QueryLoad {
    /// The same that holds windows of another length against those before them: a minute by default.
    #[must_use]
    pub fn in_windows_of(mut self, window: Duration) -> Self {
        self.lookout.window = SignedDuration::try_from(window).unwrap_or(SignedDuration::MAX);
        self
    }

    /// The same that tells the heaviest queries of this server here, with their texts, which are
    /// fetched once each.
    #[must_use]
    pub fn telling(mut self, server: impl Into<String>, told: WorstQueries) -> Self {
        self.teller = Some(Teller::new(server.into(), told));
        self
    }

    async fn tell(
        &mut self,
        cx: &ProbeContext<'_>,
        snapshot: &Snapshot,
        slower: Option<&[(StatementKey, Regression)]>,
    ) -> Result<(), QueriesError> {
        match (&mut self.teller, &self.extension) {
            (Some(teller), Some(extension)) => {
                teller.see(cx, extension, snapshot, slower.unwrap_or_default()).await
            }
            _ => Ok(()),
        }
    }

    async fn read(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, QueriesError> {
        let snapshot = self.snapshot(cx).await?;
        let window = self.last.as_ref().map(|last| Window::between(last, &snapshot));
        let slower = self.lookout.see(&snapshot);
        self.tell(cx, &snapshot, slower.as_deref()).await?;
        self.last = Some(snapshot);
        let mut measured = measured(window.as_ref(), cx);
        measured.samples.extend(regressed(slower, cx).await?);
        Ok(measured)
    }

    async fn snapshot(&mut self, cx: &ProbeContext<'_>) -> Result<Snapshot, QueriesError> {
        // Forgotten until a snapshot is there: an update of the extension changes its columns.
        let extension = match self.extension.take() {
            Some(extension) => extension,
            None => Extension::found(cx).await?,
        };
        let snapshot = Snapshot::taken(cx, &extension).await?;
        self.extension = Some(extension);
        Ok(snapshot)
    }
}

fn measured(window: Option<&Window>, cx: &ProbeContext<'_>) -> Measured {
    // Nothing is told of a window that a reset fell into: its figures are those of a part of it.
    let Some(window) = window.filter(|window| window.is_whole()) else { return without_data(cx) };
    let sent: Vec<&QueryWindow> =
        window.queries.iter().filter(|query| query.key.toplevel).collect();
    let calls: u64 = sent.iter().map(|query| query.counted.calls).sum();
    let latency = Latency::of_queries(&sent).filter(|_| calls >= FEWEST_CALLS);
    let percentile = |metric, of: fn(&Latency) -> Percentile| match &latency {
        Some(latency) => {
            let found = of(latency);
            let error = Some(found.error() / 1000.0).filter(|error| error.is_finite());
            Sample::maybe(metric, Some(found.ms / 1000.0), cx.now)
                .by(latency.method.as_str(), error)
        }
        None => Sample::unknown(metric, cx.now),
    };
    let top = window.top(Order::Total, usize::MAX);
    let top = top.iter().filter(|query| query.key.toplevel).take(TOP);
    let share: f64 = top.map(|query| window.share(query)).sum();
    let mut measured = Measured::from(vec![
        percentile(Metric::LatencyP50, |latency| latency.p50),
        percentile(Metric::LatencyP95, |latency| latency.p95),
        percentile(Metric::LatencyP99, |latency| latency.p99),
        Sample::maybe(Metric::QueriesCallsRate, Some(calls as f64 / window.seconds()), cx.now),
        Sample::maybe(Metric::QueriesTopShare, (window.total_ms > 0.0).then_some(share), cx.now),
    ]);
    let hidden = window.gaps.iter().filter(|gap| matches!(gap, Gap::Hidden { .. }));
    measured.unseen.extend(hidden.map(ToString::to_string));
    measured
}

/// How many queries became slower or heavier, and by how much the heaviest of them.
async fn regressed(
    found: Option<Vec<(StatementKey, Regression)>>,
    cx: &ProbeContext<'_>,
) -> Result<Vec<Sample>, QueriesError> {
    let Some(found) = found else {
        return Ok(OF_THE_LOOKOUT.map(|metric| Sample::unknown(metric, cx.now)).to_vec());
    };
    let mut samples = vec![Sample::exact(Metric::QueriesRegressions, found.len() as f64, cx.now)];
    if found.is_empty() {
        return Ok(samples);
    }
    let names = Names::of(cx).await?;
    let (slower, heavier): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(_, found)| found.kind == RegressionKind::Mean);
    let worst = slower.into_iter().take(MOST_REGRESSED);
    samples.extend(worst.chain(heavier.into_iter().take(MOST_REGRESSED)).map(|(key, found)| {
        let (metric, value) = match found.kind {
            RegressionKind::Mean => (Metric::QueriesRegressed, found.ratio),
            _ => (Metric::QueriesHeavier, Some(found.share)),
        };
        Sample::maybe(metric, value, cx.now)
            .about("query_id", key.query_id.to_string())
            .about("database", names.database(key.database))
            .about("user", names.user(key.user))
    }));
    Ok(samples)
}

fn without_data(cx: &ProbeContext<'_>) -> Measured {
    let of_a_window = METRICS.iter().filter(|metric| !OF_THE_LOOKOUT.contains(metric));
    of_a_window.map(|metric| Sample::unknown(*metric, cx.now)).collect::<Vec<_>>().into()
}
