//! What is drawn: the figures of a panel over time, with their thresholds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::model::PanelKind;
use crate::finding::Severity;
use crate::history::samples::{SampleStore, SampleStoreError, Series, SeriesQuery};
use crate::monitor::{Bound, Labels, Metric, Rule, Unit};

/// The most points of a chart: more than most screens can show apart.
const POINTS: u32 = 360;

/// The most series of one chart; the others are left out.
const SERIES: usize = 12;

/// Points further apart than so many steps leave a gap.
const GAP: i32 = 3;

/// How far back a chart goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Range {
    /// A quarter of an hour.
    Quarter,
    /// An hour.
    #[default]
    Hour,
    /// Six hours.
    SixHours,
    /// A day.
    Day,
    /// A week.
    Week,
    /// Thirty days.
    Month,
}

impl Range {
    /// All of them, the shortest first.
    pub const ALL: [Self; 6] =
        [Self::Quarter, Self::Hour, Self::SixHours, Self::Day, Self::Week, Self::Month];

    /// The name as addresses have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quarter => "15m",
            Self::Hour => "1h",
            Self::SixHours => "6h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    /// How far back.
    #[must_use]
    pub const fn span(self) -> Duration {
        Duration::from_secs(match self {
            Self::Quarter => 900,
            Self::Hour => 3_600,
            Self::SixHours => 6 * 3_600,
            Self::Day => 86_400,
            Self::Week => 7 * 86_400,
            Self::Month => 30 * 86_400,
        })
    }

    /// The time that one point stands for; zero where each reading is one.
    fn step(self, interval: Duration) -> Duration {
        let step = self.span() / POINTS;
        if step <= interval { Duration::ZERO } else { step }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Range {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|range| range.as_str() == text).ok_or(())
    }
}

/// One panel's figures over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chart {
    /// Whose.
    pub panel: PanelKind,
    /// What it is counted in.
    pub unit: Unit,
    /// The moments, in seconds since 1970.
    pub at: Vec<f64>,
    /// The figures, one for each moment; `None` is a gap.
    pub series: Vec<ChartSeries>,
    /// Where it warns and is critical.
    pub bounds: Vec<ChartBound>,
    /// When something was not there.
    pub bands: Vec<Band>,
}

/// One figure over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChartSeries {
    /// Its name.
    pub name: String,
    /// One for each moment of the chart.
    pub values: Vec<Option<f64>>,
}

/// A threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChartBound {
    /// Where.
    pub value: f64,
    /// What beyond it is.
    pub severity: Severity,
}

/// A time in which a replica was disconnected.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Band {
    /// Since when, in seconds since 1970.
    pub from: f64,
    /// Until when.
    pub to: f64,
    /// What was not there.
    pub name: String,
}

/// What is to be drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) server: &'a str,
    pub(super) range: Range,
    pub(super) now: Timestamp,
    pub(super) interval: Duration,
    pub(super) rules: &'a [Rule],
}

impl Asked<'_> {
    fn step(&self) -> Duration {
        self.range.step(self.interval)
    }

    /// The usual time between two points.
    fn pace(&self) -> Duration {
        self.step().max(self.interval)
    }

    async fn series(
        &self,
        store: &dyn SampleStore,
        metric: Metric,
    ) -> Result<Vec<Series>, SampleStoreError> {
        let query = SeriesQuery::last(self.server, metric, self.range.span(), self.now);
        store.series(&query.by(self.step())).await
    }
}

/// The charts of all panels.
pub(super) async fn charts(
    store: &dyn SampleStore,
    asked: &Asked<'_>,
) -> Result<Vec<Chart>, SampleStoreError> {
    let mut charts = Vec::with_capacity(PanelKind::ALL.len());
    for kind in PanelKind::ALL {
        charts.push(chart(store, asked, kind).await?);
    }
    Ok(charts)
}

async fn chart(
    store: &dyn SampleStore,
    asked: &Asked<'_>,
    kind: PanelKind,
) -> Result<Chart, SampleStoreError> {
    let charted = kind.charted();
    let mut named: Vec<(String, Series)> = Vec::new();
    for (metric, name) in charted {
        let found = asked.series(store, *metric).await?;
        named.extend(found.into_iter().map(|series| (named_by(name, &series.labels), series)));
    }
    // Tablespaces hold what databases hold: counted once.
    if kind == PanelKind::Disk {
        named.retain(|(_, series)| is_drawn(&series.labels));
        let last = |series: &Series| series.points.last().and_then(|point| point.value);
        named.sort_by(|a, b| last(&b.1).unwrap_or(0.0).total_cmp(&last(&a.1).unwrap_or(0.0)));
        // What is free first, however little: with the many databases of a server it would be left out.
        named.sort_by_key(|(_, series)| !series.labels.contains_key("filesystem"));
    }
    named.truncate(SERIES);
    let bands = match kind {
        PanelKind::Replication => {
            bands(&asked.series(store, Metric::ReplicationConnected).await?, asked.pace())
        }
        _ => Vec::new(),
    };
    let unit = charted.first().map_or(Unit::Count, |(metric, _)| metric.unit());
    let (at, series) = aligned(named, asked.pace());
    let bounds = charted.first().map(|(metric, _)| bounds(asked, *metric)).unwrap_or_default();
    Ok(Chart { panel: kind, unit, at, series, bounds, bands })
}

/// Whether the chart of the disk has such a figure: databases, and what is free beside them.
pub(super) fn is_drawn(labels: &Labels) -> bool {
    labels.contains_key("database") || labels.contains_key("filesystem")
}

/// `p95` alone, else what the series is about: `db2`, `/var, free`.
pub(super) fn named_by(name: &str, labels: &Labels) -> String {
    if let Some(file_system) = labels.get("filesystem") {
        return format!("{file_system}, {name}");
    }
    let about: Vec<&str> = labels.values().map(String::as_str).collect();
    if about.is_empty() { name.to_owned() } else { about.join(" ") }
}

/// Every series at the same moments; a moment without any is put into what is a gap.
fn aligned(named: Vec<(String, Series)>, pace: Duration) -> (Vec<f64>, Vec<ChartSeries>) {
    let moments: BTreeSet<Timestamp> =
        named.iter().flat_map(|(_, series)| series.points.iter().map(|point| point.at)).collect();
    let moments = with_gaps(&moments, pace);
    let series = named.into_iter().map(|(name, series)| {
        let values: BTreeMap<Timestamp, Option<f64>> =
            series.points.iter().map(|point| (point.at, point.value)).collect();
        let values = moments.iter().map(|at| values.get(at).copied().flatten()).collect();
        ChartSeries { name, values }
    });
    let series = series.collect();
    (moments.into_iter().map(in_seconds).collect(), series)
}

fn with_gaps(moments: &BTreeSet<Timestamp>, pace: Duration) -> Vec<Timestamp> {
    let pace = SignedDuration::try_from(pace).unwrap_or(SignedDuration::MAX);
    let mut all: Vec<Timestamp> = Vec::with_capacity(moments.len());
    for at in moments {
        if let Some(last) = all.last().copied()
            && at.duration_since(last) > pace.saturating_mul(GAP)
            && let Ok(between) = last.checked_add(pace)
        {
            all.push(between);
        }
        all.push(*at);
    }
    all
}

/// When each replica was disconnected.
fn bands(connected: &[Series], pace: Duration) -> Vec<Band> {
    let mut bands: Vec<Band> = Vec::new();
    for series in connected {
        let name = named_by("replica", &series.labels);
        let mut since: Option<f64> = None;
        for point in &series.points {
            let at = in_seconds(point.at);
            // Of a stretch of time the smallest counts: it was gone within it.
            match (point.min == Some(0.0), since) {
                (true, None) => since = Some(at),
                (false, Some(from)) => {
                    bands.push(Band { from, to: at, name: name.clone() });
                    since = None;
                }
                _ => {}
            }
        }
        if let (Some(from), Some(last)) = (since, series.points.last()) {
            bands.push(Band { from, to: in_seconds(last.at) + pace.as_secs_f64(), name });
        }
    }
    bands
}

fn bounds(asked: &Asked<'_>, metric: Metric) -> Vec<ChartBound> {
    let of_metric =
        asked.rules.iter().filter(|rule| rule.metric == metric && rule.labels.is_empty());
    of_metric
        .flat_map(|rule| [(rule.warning, Severity::Warning), (rule.critical, Severity::Critical)])
        .filter_map(|(threshold, severity)| match threshold?.bound {
            Bound::Above(value) | Bound::Below(value) => Some(ChartBound { value, severity }),
        })
        .collect()
}

fn in_seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1_000.0
}
