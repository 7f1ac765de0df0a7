//! Replication lag, replica by replica. One that is disconnected is not late: it is not there.

use super::{Content, label};
use crate::dashboard::figure::{UNKNOWN, shown};
use crate::dashboard::judge::Judge;
use crate::dashboard::model::{Figure, State};
use crate::monitor::{Labels, Metric, Reading, Sample, Unit};

const DISCONNECTED: &str = "disconnected";

pub(super) fn content(reading: &Reading, judge: &Judge<'_>) -> Content {
    let replicas: Vec<&Sample> = reading.samples_of(Metric::ReplicationConnected).collect();
    if replicas.is_empty() {
        return Content {
            headline: "no replica".to_owned(),
            caption: "none is connected and none is expected".to_owned(),
            figures: Vec::new(),
        };
    }
    let lags: Vec<Figure> = replicas.iter().map(|one| lag(reading, one, judge)).collect();
    let (headline, caption) = headline(&replicas, &lags);
    let mut figures = Vec::new();
    for (replica, lag) in replicas.iter().zip(lags) {
        figures.push(lag);
        figures.extend(details(reading, replica, judge));
    }
    Content { headline, caption, figures }
}

fn headline(replicas: &[&Sample], lags: &[Figure]) -> (String, String) {
    let gone: Vec<&str> = replicas
        .iter()
        .filter(|replica| replica.value == Some(0.0))
        .map(|replica| label(replica, "replica"))
        .collect();
    let count = replicas.len();
    let connected = replicas.iter().filter(|replica| replica.value == Some(1.0)).count();
    let caption = format!("{connected} of {count} connected");
    match gone.as_slice() {
        [] => {
            let worst = lags.iter().filter_map(|lag| lag.value).reduce(f64::max);
            let unknown = lags.iter().any(|lag| lag.value.is_none());
            let headline = match worst {
                Some(worst) if !unknown => shown(worst, Unit::Seconds),
                Some(worst) => format!("{} or more", shown(worst, Unit::Seconds)),
                None => UNKNOWN.to_owned(),
            };
            (headline, format!("behind at most; {caption}"))
        }
        [one] => (format!("{one} {DISCONNECTED}"), caption),
        several => (
            format!("{} {DISCONNECTED}", several.len()),
            format!("{}; {caption}", several.join(", ")),
        ),
    }
}

/// The lag of a replica; that it is disconnected where it is.
fn lag(reading: &Reading, replica: &Sample, judge: &Judge<'_>) -> Figure {
    let name = name(replica);
    let lag = of(reading, Metric::ReplicationReplayLagSeconds, &replica.labels);
    let connection = judge.of(replica);
    let figure = lag.map(|lag| Figure::of(&name, lag, judge));
    let unknown = || Figure {
        name: name.clone(),
        value: None,
        unit: Unit::Seconds,
        text: UNKNOWN.to_owned(),
        state: State::NoData,
        note: String::new(),
    };
    let figure = figure.unwrap_or_else(unknown);
    match replica.value {
        Some(0.0) => Figure {
            value: None,
            text: DISCONNECTED.to_owned(),
            state: connection.max(State::Critical),
            note: "its lag is not known".to_owned(),
            ..figure
        },
        Some(_) => Figure { state: figure.state.max(connection), ..figure },
        None => figure,
    }
}

fn details(reading: &Reading, replica: &Sample, judge: &Judge<'_>) -> Vec<Figure> {
    if replica.value == Some(0.0) {
        return Vec::new();
    }
    let name = name(replica);
    let mut figures = Vec::new();
    if let Some(bytes) = of(reading, Metric::ReplicationReplayLagBytes, &replica.labels) {
        figures.push(Figure::of(format!("{name}, to replay"), bytes, judge));
    }
    let paused = of(reading, Metric::ReplicationPaused, &replica.labels);
    if let Some(paused) = paused.filter(|paused| paused.value == Some(1.0)) {
        figures.push(Figure::of(format!("{name}, replay paused"), paused, judge));
    }
    figures
}

fn name(replica: &Sample) -> String {
    match replica.labels.get("replica") {
        Some(name) => name.clone(),
        None => "this standby".to_owned(),
    }
}

fn of<'r>(reading: &'r Reading, metric: Metric, labels: &Labels) -> Option<&'r Sample> {
    reading.samples_of(metric).find(|sample| sample.labels == *labels)
}
