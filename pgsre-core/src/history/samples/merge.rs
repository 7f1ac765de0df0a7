//! Points of one stretch of time, taken together.

use std::time::Duration;

use jiff::Timestamp;

use super::Point;

/// Points in the order of time, those of each stretch as one. Stretches begin at multiples of their
/// length, so that two questions have the same ones.
pub(super) fn merged(points: impl Iterator<Item = Point>, step: Duration) -> Vec<Point> {
    let step = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
    if step == 0 {
        return points.collect();
    }
    let mut merged: Vec<Point> = Vec::new();
    for point in points {
        let begin = point.at.as_millisecond().div_euclid(step) * step;
        let at = Timestamp::from_millisecond(begin).unwrap_or(point.at);
        match merged.last_mut() {
            Some(last) if last.at == at => *last = together(last, &point),
            _ => merged.push(Point { at, ..point }),
        }
    }
    merged
}

fn together(one: &Point, other: &Point) -> Point {
    let count = one.count + other.count;
    let sum = |point: &Point| point.value.unwrap_or(0.0) * point.count as f64;
    let value = (count > 0).then(|| (sum(one) + sum(other)) / count as f64);
    let of = |pick: fn(f64, f64) -> f64, one: Option<f64>, other: Option<f64>| match (one, other) {
        (Some(one), Some(other)) => Some(pick(one, other)),
        (known, None) | (None, known) => known,
    };
    Point {
        at: one.at,
        value,
        min: of(f64::min, one.min, other.min),
        max: of(f64::max, one.max, other.max),
        count,
    }
}
