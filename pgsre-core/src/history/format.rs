//! Figures for people: times, sizes, counts.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `2026-11-22 14:43:10 UTC`.
pub(super) fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `0.4 s`, `37.5 s`, `12 min 05 s`, `3 h 20 min`.
pub(super) fn seconds(seconds: f64) -> String {
    if seconds < 0.995 {
        return format!("{:.0}\u{a0}ms", seconds.max(0.0) * 1000.0);
    }
    if seconds < 99.95 {
        return format!("{seconds:.1}\u{a0}s");
    }
    let (hours, minutes) = ((seconds / 3600.0).floor(), (seconds % 3600.0 / 60.0).floor());
    if hours > 0.0 {
        format!("{hours:.0}\u{a0}h {minutes:02.0}\u{a0}min")
    } else {
        format!("{minutes:.0}\u{a0}min {:02.0}\u{a0}s", (seconds % 60.0).floor())
    }
}

/// How long ago, for prose: `20 minutes`, `26 hours`, `9 days`.
pub(super) fn age(seconds: f64) -> String {
    let (many, unit) = match seconds {
        ..120.0 => (seconds, "second"),
        ..7_200.0 => (seconds / 60.0, "minute"),
        ..172_800.0 => (seconds / 3600.0, "hour"),
        _ => (seconds / 86_400.0, "day"),
    };
    let many = many.max(0.0).floor();
    format!("{many:.0} {unit}{}", if many == 1.0 { "" } else { "s" })
}

/// `1.2 GiB`. Figure and unit never part: the blank between them does not break.
#[expect(clippy::cast_precision_loss, reason = "two figures are shown")]
pub(super) fn bytes(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut value = bytes as f64;
    let mut unit = None;
    for next in units {
        if value < 1000.0 {
            break;
        }
        value /= 1024.0;
        unit = Some(next);
    }
    match unit {
        Some(unit) => format!("{value:.1}\u{a0}{unit}"),
        None => format!("{bytes}\u{a0}B"),
    }
}

/// `1 234 567`, with thin spaces that do not break.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        let seconds = |value| seconds(value).replace('\u{a0}', " ");
        let bytes = |value| bytes(value).replace('\u{a0}', " ");
        assert_eq!((age(1.9), age(93_600.0)), ("1 second".into(), "26 hours".into()));
        assert_eq!(age(10.0 * 86_400.0), "10 days");
        assert_eq!(seconds(0.0), "0 ms");
        assert_eq!(seconds(0.4321), "432 ms");
        assert_eq!(seconds(37.54), "37.5 s");
        assert_eq!(seconds(725.9), "12 min 05 s");
        assert_eq!(seconds(12_000.0), "3 h 20 min");
        assert_eq!(
            (bytes(0), bytes(999), bytes(1 << 30)),
            ("0 B".into(), "999 B".into(), "1.0 GiB".into())
        );
        assert_eq!(bytes(u64::MAX), "16.0 EiB");
        assert_eq!((count(7), count(1_234_567)), ("7".into(), "1\u{202f}234\u{202f}567".into()));
    }
}
