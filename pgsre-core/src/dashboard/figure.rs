//! Figures as people read them.

use jiff::{SignedDuration, Timestamp};

use super::judge::Judge;
use super::model::Figure;
use crate::monitor::{Metric, Sample, Unit};

/// The narrow blank that does not break between a figure and its unit.
const BLANK: char = '\u{a0}';

/// What stands where a figure is not known.
pub(super) const UNKNOWN: &str = "unknown";

/// A figure with its unit: `12 ms`, `3.4 GiB`, `99.2 %`, `1 204 /s`.
#[must_use]
pub fn shown(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Seconds => seconds(value),
        Unit::Bytes => bytes(value),
        Unit::BytesPerSecond => format!("{}/s", bytes(value)),
        Unit::PerSecond => format!("{}{BLANK}/s", number(value)),
        Unit::Ratio => percent(value),
        Unit::Bool => (if value > 0.0 { "yes" } else { "no" }).to_owned(),
        Unit::Count => number(value),
        Unit::Days => format!("{}{BLANK}days", number(value)),
    }
}

/// `240 µs`, `12 ms`, `3.4 s`, `12 min`, `5.2 h`, `9.5 days`.
pub(super) fn seconds(value: f64) -> String {
    let (many, unit) = match value.abs() {
        ..0.000_000_5 => return format!("0{BLANK}s"),
        ..0.001 => (value * 1e6, "µs"),
        ..1.0 => (value * 1e3, "ms"),
        ..120.0 => (value, "s"),
        ..7_200.0 => (value / 60.0, "min"),
        ..172_800.0 => (value / 3_600.0, "h"),
        _ => (value / 86_400.0, "days"),
    };
    format!("{}{BLANK}{unit}", number(many))
}

pub(super) fn bytes(value: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut rest = value;
    let mut unit = 0;
    while rest.abs() >= 1_000.0 && unit + 1 < units.len() {
        rest /= 1_024.0;
        unit += 1;
    }
    format!("{}{BLANK}{}", number(rest), units[unit])
}

/// Close to the whole every hundredth counts: 99.95 % is not 100 %.
fn percent(value: f64) -> String {
    let percent = value * 100.0;
    let text = match percent {
        _ if percent > 99.0 && percent < 100.0 => {
            format!("{:.2}", (percent * 100.0).floor() / 100.0)
        }
        _ if percent == percent.round() => format!("{percent:.0}"),
        _ => format!("{percent:.1}"),
    };
    format!("{text}{BLANK}%")
}

/// Three figures that count; whole numbers whole, thousands apart.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 999.5 {
        return grouped(value);
    }
    let digits = match size {
        _ if value == value.round() => 0,
        99.95.. => 0,
        9.995.. => 1,
        0.095.. => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}

/// `20 s`, `3 min`, `5.2 h`: for how long, never negative.
pub(super) fn lasting(from: Timestamp, to: Timestamp) -> String {
    let time = to.duration_since(from).max(SignedDuration::ZERO);
    seconds(time.as_secs_f64().floor())
}

impl Figure {
    /// The figure of a sample.
    pub(super) fn of(name: impl Into<String>, sample: &Sample, judge: &Judge<'_>) -> Self {
        let unit = sample.metric.unit();
        let text = sample.value.map_or_else(|| UNKNOWN.to_owned(), |value| shown(value, unit));
        Self {
            name: name.into(),
            value: sample.value,
            unit,
            text,
            state: judge.of(sample),
            note: note(sample),
        }
    }
}

/// How a figure was come by, and by how much it may be wrong.
fn note(sample: &Sample) -> String {
    let method = sample.method.unwrap_or_default();
    match (sample.value, sample.error) {
        (Some(_), Some(error)) if error > 0.0 => {
            let error = format!("± {}", shown(error, sample.metric.unit()));
            if method.is_empty() { error } else { format!("{method}, {error}") }
        }
        _ => method.to_owned(),
    }
}

/// A metric's threshold as people read it.
pub(super) fn bound(metric: Metric, value: f64) -> String {
    shown(value, metric.unit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        text.replace(BLANK, " ").replace('\u{202f}', ",")
    }

    #[test]
    fn figures_read_well() {
        let cases = [
            (0.000_24, Unit::Seconds, "240 µs"),
            (0.0, Unit::Seconds, "0 s"),
            (0.0123, Unit::Seconds, "12.3 ms"),
            (59.0, Unit::Seconds, "59 s"),
            (5_400.0, Unit::Seconds, "90 min"),
            (999.0, Unit::Bytes, "999 B"),
            (1_073_741_824.0, Unit::Bytes, "1 GiB"),
            (-1_536_000.0, Unit::BytesPerSecond, "-1.46 MiB/s"),
            (1_204.4, Unit::PerSecond, "1,204 /s"),
            (0.0, Unit::PerSecond, "0 /s"),
            (0.9999, Unit::Ratio, "99.99 %"),
            (0.999_99, Unit::Ratio, "99.99 %"),
            (1.0, Unit::Ratio, "100 %"),
            (0.123, Unit::Ratio, "12.3 %"),
            (1.0, Unit::Bool, "yes"),
            (12.0, Unit::Count, "12"),
            (1_234_567.0, Unit::Count, "1,234,567"),
            (9.26, Unit::Days, "9.26 days"),
        ];
        for (value, unit, expected) in cases {
            assert_eq!(plain(&shown(value, unit)), expected);
        }
    }
}
