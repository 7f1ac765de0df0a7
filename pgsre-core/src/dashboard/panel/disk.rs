//! Disk: how much is used, how fast that grows, and how long it will do.

use super::{Content, label};
use crate::dashboard::figure::{UNKNOWN, bytes, shown};
use crate::dashboard::judge::Judge;
use crate::dashboard::model::{Figure, State};
use crate::monitor::{Labels, Metric, Reading, Sample, Unit};

/// The databases that are named.
const NAMED: usize = 5;

pub(super) fn content(reading: &Reading, judge: &Judge<'_>) -> Content {
    let databases: Vec<&Sample> = reading
        .samples_of(Metric::DiskUsedBytes)
        .filter(|sample| sample.labels.contains_key("database"))
        .collect();
    let used: f64 = databases.iter().filter_map(|sample| sample.value).sum();
    let fullest = reading
        .samples_of(Metric::DiskFreeRatio)
        .filter_map(|sample| Some((sample.value?, sample)))
        .min_by(|a, b| a.0.total_cmp(&b.0));
    let (headline, caption) = match fullest {
        Some((free, sample)) => (
            format!("{} used", shown(1.0 - free, Unit::Ratio)),
            format!("of {}; {} in databases", label(sample, "filesystem"), bytes(used)),
        ),
        None => (bytes(used), "in databases; how much is free is not known".to_owned()),
    };
    let mut figures = Vec::new();
    for free in reading.samples_of(Metric::DiskFreeBytes) {
        figures.extend(file_system(reading, free, judge));
    }
    figures.extend(growth(reading, judge));
    figures.extend(beside(reading, judge));
    figures.extend(largest(databases, judge));
    Content { headline, caption, figures }
}

/// A file system: what is free, how fast that shrinks, how long it will do.
fn file_system(reading: &Reading, free: &Sample, judge: &Judge<'_>) -> Vec<Figure> {
    let name = match label(free, "filesystem") {
        "" => "file system".to_owned(),
        name => name.to_owned(),
    };
    let mut figures = vec![Figure::of(format!("{name}, free"), free, judge)];
    if let Some(ratio) = of(reading, Metric::DiskFreeRatio, &free.labels) {
        let state = judge.of(ratio);
        figures[0].state = if figures[0].value.is_some() { state } else { State::NoData };
    }
    if free.value.is_some()
        && let Some(days) = of(reading, Metric::DiskDaysUntilFull, &free.labels)
    {
        figures.push(until_full(reading, &name, days, judge));
    }
    figures
}

fn until_full(reading: &Reading, name: &str, days: &Sample, judge: &Judge<'_>) -> Figure {
    let mut figure = Figure::of(format!("{name}, until full"), days, judge);
    let earliest = of(reading, Metric::DiskDaysUntilFullEarliest, &days.labels);
    if let Some(earliest) = earliest.and_then(|sample| sample.value)
        && figure.value.is_some()
    {
        figure.note = format!("{} at the earliest, {}", shown(earliest, Unit::Days), figure.note);
    }
    if figure.value.is_none() {
        figure.text = "not foreseen".to_owned();
        figure.state = State::Ok;
        if days.method.is_none() {
            figure.text = UNKNOWN.to_owned();
        }
    }
    figure
}

/// How fast what grows grows, per day.
fn growth(reading: &Reading, judge: &Judge<'_>) -> Vec<Figure> {
    let mut all: Vec<&Sample> = reading.samples_of(Metric::DiskGrowthRate).collect();
    all.sort_by(|a, b| b.value.unwrap_or(0.0).total_cmp(&a.value.unwrap_or(0.0)));
    let named = all.into_iter().take(3).map(|sample| {
        let of = sample.labels.values().next().cloned().unwrap_or_default();
        let figure = Figure::of(format!("{of}, growth"), sample, judge);
        let a_day = |rate: f64| format!("{} a day", bytes(rate * 86_400.0));
        Figure {
            text: sample.value.map_or(figure.text, a_day),
            note: match sample.error.filter(|error| *error > 0.0) {
                Some(error) => format!("± {}", a_day(error)),
                None => figure.note,
            },
            ..figure
        }
    });
    named.collect()
}

fn beside(reading: &Reading, judge: &Judge<'_>) -> Vec<Figure> {
    let named =
        [(Metric::WalBytes, "write-ahead log"), (Metric::TemporaryBytes, "temporary files")];
    super::figures(reading, judge, &named)
}

fn largest(mut databases: Vec<&Sample>, judge: &Judge<'_>) -> Vec<Figure> {
    databases.sort_by(|a, b| b.value.unwrap_or(0.0).total_cmp(&a.value.unwrap_or(0.0)));
    let largest = databases.into_iter().take(NAMED);
    largest
        .map(|one| Figure::of(format!("database {}", label(one, "database")), one, judge))
        .collect()
}

fn of<'r>(reading: &'r Reading, metric: Metric, labels: &Labels) -> Option<&'r Sample> {
    reading.samples_of(metric).find(|sample| sample.labels == *labels)
}
