//! Durations, sizes and ratios as people write and read them.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// Reads `26h`, `2h30m`, `90s`, `7d`.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let accepted = || format!("{text:?} is no duration; write it like 90s, 26h, 2h30m or 7d");
    let span: Span = text.trim().parse().map_err(|_| accepted())?;
    span.to_duration(SpanRelativeTo::days_are_24_hours())
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(accepted)
}

/// Reads `100MiB`, `1.5GB`, `4096`: KiB and its like are powers of 1024, kB and its like of 1000.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let accepted = || format!("{text:?} is no size; write it like 100MiB, 1.5GB or 4096");
    let trimmed = text.trim();
    let split = trimmed.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(split);
    let factor = size_factor(unit).ok_or_else(accepted)?;
    let number = number.trim();
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(factor).ok_or_else(accepted);
    }
    let fraction: f64 = number.parse().map_err(|_| accepted())?;
    let bytes = fraction * factor as f64;
    if bytes.is_finite() && (0.0..1e18).contains(&bytes) {
        Ok(bytes as u64)
    } else {
        Err(accepted())
    }
}

fn size_factor(unit: &str) -> Option<u64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        _ => return None,
    })
}

/// Reads `30%` and `0.3` as 0.3. From 0% to 100%.
///
/// # Errors
/// A sentence that says what is accepted.
pub fn parse_ratio(text: &str) -> Result<f64, String> {
    let accepted = || format!("{text:?} is no share; write it like 30%, 0.5% or 0.005");
    let number = |text: &str| text.trim().parse::<f64>().map_err(|_| accepted());
    let ratio = match text.trim().strip_suffix('%') {
        Some(percent) => number(percent)? / 100.0,
        // Whole numbers may be meant as percentages.
        None if text.contains('.') => number(text)?,
        None => return Err(accepted()),
    };
    if (0.0..=1.0).contains(&ratio) { Ok(ratio) } else { Err(accepted()) }
}

/// Writes a duration in its two largest units: `2h 05m`, `1m 09s`, `3.4s`, `120ms`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round().max(0.0) as u64;
    match whole {
        _ if seconds < 0.0005 => "0ms".to_owned(),
        _ if seconds < 0.9995 => format!("{:.0}ms", seconds * 1000.0),
        0..60 => format!("{seconds:.1}s"),
        60..3600 => format!("{}m {:02}s", whole / 60, whole % 60),
        3600..172_800 => format!("{}h {:02}m", whole / 3600, whole % 3600 / 60),
        _ => format!("{}d {:02}h", whole / 86_400, whole % 86_400 / 3600),
    }
}

/// Writes a size: `512 B`, `3.4 MiB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in UNITS {
        if value < 1023.95 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

/// Writes a count with its thousands apart: `12,345`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        for (text, seconds) in
            [("26h", 93_600), ("2h30m", 9_000), ("90s", 90), ("7d", 604_800), ("1w", 604_800)]
        {
            assert_eq!(parse_duration(text).unwrap().as_secs(), seconds, "{text}");
        }
        for text in ["", "26", "h", "-3h", "soon"] {
            assert!(parse_duration(text).unwrap_err().contains("26h"), "{text}");
        }
    }

    #[test]
    fn sizes_read_as_people_write_them() {
        for (text, bytes) in [
            ("100MiB", 100 << 20),
            ("1.5 GB", 1_500_000_000),
            ("4096", 4096),
            ("2k", 2048),
            ("7B", 7),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "1 parsec", "-3MB", "99999999999TiB", "infB", "NaN"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ratios_read_as_percentages_or_shares() {
        assert_eq!(parse_ratio("30%"), Ok(0.3));
        assert_eq!(parse_ratio("0.5 %"), Ok(0.005));
        assert_eq!(parse_ratio("0.05"), Ok(0.05));
        for text in ["30", "1", "1.5", "101%", "-1%", "-0.5", "%", "NaN%", "."] {
            assert!(parse_ratio(text).is_err(), "{text}");
        }
    }

    #[test]
    fn figures_are_written_short() {
        assert_eq!(duration(0.12), "120ms");
        assert_eq!(duration(3.42), "3.4s");
        assert_eq!(duration(69.0), "1m 09s");
        assert_eq!(duration(7_500.0), "2h 05m");
        assert_eq!(duration(200_000.0), "2d 07h");
        assert_eq!(size(512), "512 B");
        assert_eq!(size(3_565_158), "3.4 MiB");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(12), "12");
    }
}
