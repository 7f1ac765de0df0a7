//! Connections against what ordinary roles may hold, and the pool in front of them.

use super::{Content, figures, first, label, text};
use crate::dashboard::figure::shown;
use crate::dashboard::judge::Judge;
use crate::dashboard::model::{Figure, State};
use crate::monitor::{Labels, Metric, Reading, Sample, Unit};

pub(super) fn content(reading: &Reading, judge: &Judge<'_>) -> Content {
    let used = first(reading, Metric::ConnectionsUsed);
    let usable = first(reading, Metric::ConnectionsUsable);
    let named = [
        (Metric::ConnectionsSaturation, "of usable"),
        (Metric::ConnectionsActive, "active"),
        (Metric::ConnectionsIdleInTransaction, "idle in transaction"),
        (Metric::ConnectionsWaiting, "waiting for a lock"),
    ];
    let mut all = figures(reading, judge, &named);
    all.extend(idle(reading));
    all.extend(limits(reading, judge));
    all.extend(pools(reading, judge));
    Content {
        headline: format!("{} of {}", text(used, Unit::Count), text(usable, Unit::Count)),
        caption: "client connections of those that ordinary roles may hold".to_owned(),
        figures: all,
    }
}

/// Those that do nothing: what is used and neither active nor within a transaction.
fn idle(reading: &Reading) -> Option<Figure> {
    let used = first(reading, Metric::ConnectionsUsed)?;
    let active = first(reading, Metric::ConnectionsActive)?;
    let within = first(reading, Metric::ConnectionsIdleInTransaction)?;
    let value = (used - active - within).max(0.0);
    Some(Figure {
        name: "idle".to_owned(),
        value: Some(value),
        unit: Unit::Count,
        text: shown(value, Unit::Count),
        state: State::Ok,
        note: String::new(),
    })
}

fn limits(reading: &Reading, judge: &Judge<'_>) -> Vec<Figure> {
    let samples = reading.samples_of(Metric::ConnectionsLimitSaturation);
    let named = samples.map(|sample| {
        let of: Vec<_> =
            sample.labels.iter().map(|(name, value)| format!("{name} {value}")).collect();
        Figure::of(format!("limit of {}", of.join(", ")), sample, judge)
    });
    named.collect()
}

fn pools(reading: &Reading, judge: &Judge<'_>) -> Vec<Figure> {
    let down = reading.samples_of(Metric::PoolUp).filter(|sample| sample.value != Some(1.0));
    let mut figures: Vec<Figure> =
        down.map(|sample| Figure::of("pool answers", sample, judge)).collect();
    for pool in reading.samples_of(Metric::PoolSaturation) {
        let name = format!("pool {}/{}", label(pool, "database"), label(pool, "user"));
        figures.push(Figure::of(format!("{name} in use"), pool, judge));
        let beside = [
            (Metric::PoolClientsWaiting, "clients waiting"),
            (Metric::PoolMaxWaitSeconds, "longest wait"),
        ];
        for (metric, what) in beside {
            if let Some(sample) = of(reading, metric, &pool.labels) {
                figures.push(Figure::of(format!("{name} {what}"), sample, judge));
            }
        }
    }
    figures
}

fn of<'r>(reading: &'r Reading, metric: Metric, labels: &Labels) -> Option<&'r Sample> {
    reading.samples_of(metric).find(|sample| sample.labels == *labels)
}
