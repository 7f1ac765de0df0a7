//! The date that a name holds: `shop-2026-11-21.sql.gz`, `20261121T030000Z`, `2026/11/21/shop.sql`.

use std::fmt;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::naming;

/// A local time is at most this much behind UTC, so the moment it names is at most this much
/// later.
const FARTHEST_WEST: SignedDuration = SignedDuration::from_hours(12);

/// A date, with a time where the name has one, found in a backup's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameDate {
    date: Date,
    time: Option<Time>,
    utc: bool,
}

impl NameDate {
    /// The latest date in the last segment of a key, or else in the whole key.
    #[must_use]
    pub fn of_key(key: &str) -> Option<Self> {
        latest_in(naming::basename(key)).or_else(|| latest_in(key))
    }

    /// The latest moment that is meant: a date without a time is its end, one without a zone may
    /// be anywhere on earth.
    #[must_use]
    pub fn latest_moment(&self) -> Option<Timestamp> {
        let end = DateTime::from_parts(self.date, self.time.unwrap_or(Time::MAX));
        let moment = TimeZone::UTC.to_timestamp(end).ok()?;
        if self.utc { Some(moment) } else { moment.checked_add(FARTHEST_WEST).ok() }
    }
}

impl fmt::Display for NameDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.time {
            Some(time) => write!(f, "{} {time}", self.date),
            None => write!(f, "{}", self.date),
        }
    }
}

fn latest_in(text: &str) -> Option<NameDate> {
    let bytes = text.as_bytes();
    let starts = (0..bytes.len())
        .filter(|&at| bytes[at].is_ascii_digit() && (at == 0 || !bytes[at - 1].is_ascii_digit()));
    starts.filter_map(|at| Scanner { rest: &bytes[at..] }.name_date()).max()
}

/// Reads digits and separators from the front.
struct Scanner<'t> {
    rest: &'t [u8],
}

impl Scanner<'_> {
    fn name_date(mut self) -> Option<NameDate> {
        let year =
            i16::try_from(self.digits(4)?).ok().filter(|year| (1990..2100).contains(year))?;
        self.skip(b"-_./");
        let month = i8::try_from(self.digits(2)?).ok()?;
        self.skip(b"-_./");
        let day = i8::try_from(self.digits(2)?).ok()?;
        let date = Date::new(year, month, day).ok()?;
        let time = self.time();
        let utc = time.is_some() && self.rest.first() == Some(&b'Z');
        // A number that goes on is no date.
        if time.is_none() && self.rest.first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        Some(NameDate { date, time, utc })
    }

    /// `T030000`, `_03-00`, `0300`; leaves what is no time.
    fn time(&mut self) -> Option<Time> {
        let before = self.rest;
        let time = self.hours_and_minutes();
        if time.is_none() {
            self.rest = before;
        }
        time
    }

    fn hours_and_minutes(&mut self) -> Option<Time> {
        self.skip(b"T_- ");
        let hour = i8::try_from(self.digits(2)?).ok()?;
        self.skip(b"-:_.h");
        let minute = i8::try_from(self.digits(2)?).ok()?;
        let before = self.rest;
        self.skip(b"-:_.m");
        let second = self.digits(2).and_then(|second| i8::try_from(second).ok());
        if second.is_none() {
            self.rest = before;
        }
        let ends = !self.rest.first().is_some_and(u8::is_ascii_digit);
        Time::new(hour, minute, second.unwrap_or(0), 0).ok().filter(|_| ends)
    }

    fn skip(&mut self, separators: &[u8]) {
        if self.rest.first().is_some_and(|byte| separators.contains(byte)) {
            self.rest = &self.rest[1..];
        }
    }

    fn digits(&mut self, count: usize) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        let number =
            std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit));
        let number = number?.parse().ok()?;
        self.rest = rest;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(key: &str) -> Option<String> {
        NameDate::of_key(key).map(|date| date.to_string())
    }

    #[test]
    fn dates_are_found_in_the_usual_forms() {
        let cases = [
            ("shop-2026-11-21.sql.gz", "2026-11-21"),
            ("20261121T030000Z/shop.sql", "2026-11-21 03:00:00"),
            ("shop_20261121_0300.dump", "2026-11-21 03:00:00"),
            ("shop_2026-11-21_03-15-07.sql", "2026-11-21 03:15:07"),
            ("2026/11/21/shop.sql.gz", "2026-11-21"),
            ("1763776800_2026_11_21_17.1.tar", "2026-11-21"),
            ("shop-20261121030000.sql", "2026-11-21 03:00:00"),
            ("2020-01-01/shop-2026-11-20-to-2026-11-21.sql", "2026-11-21"),
        ];
        for (key, expected) in cases {
            let date = found(key);
            assert!(
                date.as_deref().is_some_and(|date| date.starts_with(expected)),
                "{key}: {date:?}"
            );
        }
    }

    #[test]
    fn numbers_that_are_no_dates_are_left_alone() {
        for key in
            ["shop.sql.gz", "shop-15.18.sql", "1763776800.sql", "2026-13-45.sql", "x20261.sql"]
        {
            assert_eq!(found(key), None, "{key}");
        }
    }

    #[test]
    fn a_time_in_utc_is_exact_and_a_date_lasts_to_its_end_anywhere() {
        let moment = |key: &str| {
            NameDate::of_key(key).and_then(|date| date.latest_moment()).map(|at| at.to_string())
        };
        assert_eq!(moment("20261121T030000Z.sql").as_deref(), Some("2026-11-21T03:00:00Z"));
        assert!(moment("2026-11-21.sql").is_some_and(|at| at.starts_with("2026-11-22T11:59:59")));
    }
}
