//! The six panels of one server.

use jiff::Timestamp;

use super::View;
use super::figure::{self, UNKNOWN, shown};
use super::judge::Judge;
use super::model::{Figure, Panel, PanelKind, State};
use super::remembered::Remembered;
use crate::monitor::{Metric, Reading, Role, Sample, Unit};

mod connections;
mod disk;
mod replication;

/// What a panel shows of a reading that has its data.
pub(super) struct Content {
    pub(super) headline: String,
    pub(super) caption: String,
    pub(super) figures: Vec<Figure>,
}

impl View<'_> {
    pub(super) fn panels(&self, remembered: &Remembered) -> Vec<Panel> {
        PanelKind::ALL.into_iter().map(|kind| self.panel(kind, remembered)).collect()
    }

    fn panel(&self, kind: PanelKind, remembered: &Remembered) -> Panel {
        let latest = self.seen.reading.as_deref();
        let is_fresh = self.watched.age_of(self.seen, self.now) <= Some(self.watched.patience());
        match latest.filter(|_| is_fresh) {
            Some(reading) if has_data(kind, reading) => self.filled(kind, reading),
            Some(reading) if was_asked(kind, reading) => Panel {
                why: Some(why_empty(kind, reading)),
                at: Some(reading.at),
                ..empty(kind, self.judge().of_panel(kind).max(State::NoData))
            },
            reading => self.gone(kind, reading.or(latest), remembered.last(kind)),
        }
    }

    fn filled(&self, kind: PanelKind, reading: &Reading) -> Panel {
        let judge = self.judge();
        let content = content(kind, reading, &judge);
        let states = content.figures.iter().map(|figure| figure.state);
        let known = states.filter(|state| *state != State::NoData);
        Panel {
            kind,
            state: known.max().unwrap_or_default().max(judge.of_panel(kind)),
            headline: content.headline,
            caption: content.caption,
            figures: content.figures,
            why: None,
            at: Some(reading.at),
        }
    }

    /// A panel whose data is not known now: with what was known last, and its age.
    fn gone(&self, kind: PanelKind, latest: Option<&Reading>, last: Option<&Reading>) -> Panel {
        let why = why_missing(kind, latest);
        let firing = self.judge().of_panel(kind);
        let Some(last) = last else {
            return Panel { why: Some(why), ..empty(kind, firing.max(State::NoData)) };
        };
        let age = figure::lasting(last.at, self.now);
        Panel {
            state: firing.max(State::Stale),
            why: Some(format!("last known {age} ago: {why}")),
            ..self.filled(kind, last)
        }
    }

    pub(super) fn judge(&self) -> Judge<'_> {
        Judge { rules: self.rules, incidents: &self.seen.incidents }
    }
}

/// Whether a reading has what a panel is about.
pub(super) fn has_data(kind: PanelKind, reading: &Reading) -> bool {
    let known = |metric| reading.samples_of(metric).any(|sample| sample.value.is_some());
    match kind {
        PanelKind::Connections => known(Metric::ConnectionsUsed),
        PanelKind::Latency => known(Metric::LatencyP95),
        // A primary that nobody follows is well too.
        PanelKind::Replication => known(Metric::ReplicationConnected) || has_no_replica(reading),
        PanelKind::Transactions => known(Metric::TransactionsCommitRate),
        PanelKind::Cache => known(Metric::CacheHitRatio),
        PanelKind::Disk => known(Metric::DiskUsedBytes) || known(Metric::DiskFreeBytes),
    }
}

fn has_no_replica(reading: &Reading) -> bool {
    reading.server.role == Some(Role::Primary)
        && !is_missing(PanelKind::Replication, reading)
        && reading.samples_of(Metric::ReplicationConnected).next().is_none()
}

/// Whether the server was asked and had nothing to say, as one that is idle.
fn was_asked(kind: PanelKind, reading: &Reading) -> bool {
    reading.server.role.is_some() && !is_missing(kind, reading)
}

fn is_missing(kind: PanelKind, reading: &Reading) -> bool {
    reading.missing.iter().any(|missing| missing.probe == probe(kind))
}

const fn probe(kind: PanelKind) -> &'static str {
    match kind {
        PanelKind::Connections => "connections",
        PanelKind::Latency => "queries",
        PanelKind::Replication => "replication",
        PanelKind::Transactions => "transactions",
        PanelKind::Cache => "cache",
        PanelKind::Disk => "disk",
    }
}

fn why_empty(kind: PanelKind, reading: &Reading) -> String {
    let unseen = |word: &str| reading.unseen.iter().find(|why| why.contains(word)).cloned();
    match kind {
        PanelKind::Latency => unseen("latency")
            .unwrap_or_else(|| "fewer than 100 statements since the last reading".to_owned()),
        PanelKind::Cache => "too few blocks were asked for since the last reading".to_owned(),
        PanelKind::Transactions => "a rate needs a second reading".to_owned(),
        PanelKind::Replication => match reading.server.role {
            Some(Role::Standby) => "it says nothing of its primary".to_owned(),
            _ => "no replica answered yet".to_owned(),
        },
        PanelKind::Connections | PanelKind::Disk => {
            unseen("pg_monitor").unwrap_or_else(|| "not visible to this role".to_owned())
        }
    }
}

fn why_missing(kind: PanelKind, latest: Option<&Reading>) -> String {
    let Some(reading) = latest else { return "the server was not read yet".to_owned() };
    let of_probe = reading.missing.iter().find(|missing| missing.probe == probe(kind));
    let any = of_probe.or(reading.missing.first());
    any.map_or_else(|| "no reading has come since".to_owned(), |missing| missing.why.clone())
}

fn empty(kind: PanelKind, state: State) -> Panel {
    Panel {
        kind,
        state,
        headline: "no data".to_owned(),
        caption: String::new(),
        figures: Vec::new(),
        why: None,
        at: None,
    }
}

fn content(kind: PanelKind, reading: &Reading, judge: &Judge<'_>) -> Content {
    match kind {
        PanelKind::Connections => connections::content(reading, judge),
        PanelKind::Latency => latency(reading, judge),
        PanelKind::Replication => replication::content(reading, judge),
        PanelKind::Transactions => transactions(reading, judge),
        PanelKind::Cache => cache(reading, judge),
        PanelKind::Disk => disk::content(reading, judge),
    }
}

fn latency(reading: &Reading, judge: &Judge<'_>) -> Content {
    let named = [
        (Metric::LatencyP50, "p50"),
        (Metric::LatencyP95, "p95"),
        (Metric::LatencyP99, "p99"),
        (Metric::QueriesCallsRate, "statements"),
        (Metric::QueriesTopShare, "the three heaviest"),
        (Metric::QueriesRegressions, "became slower or heavier"),
    ];
    Content {
        headline: text_of(reading, Metric::LatencyP95),
        caption: "p95 of execution: 95 of 100 statements take no longer".to_owned(),
        figures: figures(reading, judge, &named),
    }
}

fn transactions(reading: &Reading, judge: &Judge<'_>) -> Content {
    let named = [
        (Metric::TransactionsCommitRate, "commits"),
        (Metric::TransactionsRollbackRate, "rollbacks"),
        (Metric::TransactionsDeadlockRate, "deadlocks"),
        (Metric::TransactionsConflictRate, "cancelled by recovery"),
        (Metric::LongestTransactionSeconds, "longest open"),
    ];
    let commits = first(reading, Metric::TransactionsCommitRate);
    let rollbacks = first(reading, Metric::TransactionsRollbackRate);
    let (headline, caption) = match (commits, rollbacks) {
        (Some(commits), Some(rollbacks)) => {
            let all = commits + rollbacks;
            let share = if all > 0.0 { rollbacks / all } else { 0.0 };
            let caption = format!("{} rolled back", shown(share, Unit::Ratio));
            (shown(all, Unit::PerSecond), caption)
        }
        (commits, _) => (text(commits, Unit::PerSecond), "committed".to_owned()),
    };
    Content { headline, caption, figures: figures(reading, judge, &named) }
}

fn cache(reading: &Reading, judge: &Judge<'_>) -> Content {
    let named =
        [(Metric::CacheHitRatio, "hits"), (Metric::TemporaryBytesRate, "temporary files written")];
    let rule = judge.rules.iter().find(|rule| rule.metric == Metric::CacheHitRatio);
    let target = rule.and_then(|rule| rule.warning.or(rule.critical)).map(|one| match one.bound {
        crate::monitor::Bound::Above(value) | crate::monitor::Bound::Below(value) => value,
    });
    Content {
        headline: text_of(reading, Metric::CacheHitRatio),
        caption: match target {
            Some(target) => format!(
                "of blocks found in shared buffers; target {}",
                figure::bound(Metric::CacheHitRatio, target)
            ),
            None => "of blocks found in shared buffers".to_owned(),
        },
        figures: figures(reading, judge, &named),
    }
}

/// The figures of these metrics that the reading has, known or not.
fn figures(reading: &Reading, judge: &Judge<'_>, named: &[(Metric, &str)]) -> Vec<Figure> {
    let found = named.iter().filter_map(|(metric, name)| {
        let sample = reading.samples_of(*metric).next()?;
        Some(Figure::of(*name, sample, judge))
    });
    found.collect()
}

fn first(reading: &Reading, metric: Metric) -> Option<f64> {
    reading.samples_of(metric).find_map(|sample| sample.value)
}

fn text_of(reading: &Reading, metric: Metric) -> String {
    text(first(reading, metric), metric.unit())
}

fn text(value: Option<f64>, unit: Unit) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| shown(value, unit))
}

fn label<'s>(sample: &'s Sample, name: &str) -> &'s str {
    sample.labels.get(name).map_or("", String::as_str)
}

/// How old a reading is, in seconds.
pub(super) fn age_seconds(at: Timestamp, now: Timestamp) -> f64 {
    now.duration_since(at).as_secs_f64().max(0.0)
}
