//! [`QueryLoad`]: latency and load of a server, from `pg_stat_statements`.

use std::error::Error;

use async_trait::async_trait;

use super::extension::Extension;
use super::moments::Moments;
use super::percentile::{Latency, Percentile};
use super::rank::Order;
use super::statements::Snapshot;
use super::window::{Gap, Window};
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
];

/// Percentiles of all statements' execution times over the window between two readings, each
/// estimated with its bound, and the share of the heaviest three. No texts are read.
///
/// A server without the extension has no data here, which is said and alarms nobody. There is no
/// default rule on latency: what is slow depends on the service.
#[derive(Debug, Default)]
pub struct QueryLoad {
    extension: Option<Extension>,
    last: Option<Snapshot>,
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
        match self.snapshot(cx).await {
            Ok(snapshot) => {
                let window = self.last.as_ref().map(|last| Window::between(last, &snapshot));
                self.last = Some(snapshot);
                Ok(measured(window.as_ref(), cx))
            }
            // What the server refused ended the transaction that all probes share.
            Err(error) if error.is_absent() && error.source().is_none() => {
                self.last = None;
                let unseen = format!("latency and load of queries: {error}; {}", error.hint());
                Ok(Measured { unseen: vec![unseen], ..without_data(cx) })
            }
            Err(error) => {
                let context = format!("{error}; {}", error.hint());
                Err(ProbeError::new(context).with_cause(error))
            }
        }
    }
}

impl QueryLoad {
    async fn snapshot(&mut self, cx: &ProbeContext<'_>) -> Result<Snapshot, super::QueriesError> {
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
    let Some(window) = window.filter(|window| is_whole(window)) else { return without_data(cx) };
    let parts: Vec<Moments> = window
        .queries
        .iter()
        .filter(|query| query.key.toplevel)
        .map(|query| query.moments)
        .collect();
    let calls: u64 = parts.iter().map(|part| part.calls).sum();
    let latency = Latency::of(&parts).filter(|_| calls >= FEWEST_CALLS);
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

/// Nothing is told of a window that a reset fell into: its figures are those of a part of it.
fn is_whole(window: &Window) -> bool {
    let broken = |gap: &Gap| matches!(gap, Gap::Reset { .. } | Gap::Lost { .. } | Gap::Backwards);
    window.seconds() > 0.0 && !window.gaps.iter().any(broken)
}

fn without_data(cx: &ProbeContext<'_>) -> Measured {
    METRICS.iter().map(|metric| Sample::unknown(*metric, cx.now)).collect::<Vec<_>>().into()
}
