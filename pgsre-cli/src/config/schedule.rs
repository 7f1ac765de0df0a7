//! When something is done again and again: cron's fields in a time zone.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::error::ConfigError;
use super::reader::Reader;
use super::shape::Text;

/// When something is done again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    cron: Cron,
    timezone: TimeZone,
}

impl Schedule {
    /// Reads minute, hour, day, month and weekday as in crontab(5), also with seconds before them;
    /// `@daily` and its like.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub fn parse(text: &str, timezone: TimeZone) -> Result<Self, String> {
        let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed);
        let cron = parser.build().parse(text).map_err(|_| {
            "a schedule has five fields, as in crontab(5), or six with seconds first".to_owned()
        })?;
        let schedule = Self { cron, timezone };
        match schedule.after(Timestamp::UNIX_EPOCH) {
            Some(_) => Ok(schedule),
            None => Err("this time never comes".to_owned()),
        }
    }

    /// The first time after this one; `None` where there is none.
    #[must_use]
    pub fn after(&self, now: Timestamp) -> Option<Timestamp> {
        let now = now.to_zoned(self.timezone.clone());
        let next = self.cron.find_next_occurrence(&now, false).ok()?;
        // A search that turns back would run for ever.
        Some(next.timestamp()).filter(|next| *next > now.timestamp())
    }
}

pub(super) fn resolve(
    reader: &Reader<'_>,
    schedule: Option<&Text>,
    timezone: Option<&Text>,
) -> Result<Option<Schedule>, ConfigError> {
    let timezone = match timezone {
        Some(name) => TimeZone::get(&reader.string(name)?).map_err(|_| {
            let error = reader.error(name.span(), "there is no such time zone");
            error.with_hint("write it like \"Europe/Berlin\" or \"UTC\"")
        })?,
        None => TimeZone::UTC,
    };
    let Some(value) = schedule else { return Ok(None) };
    let parsed = Schedule::parse(&reader.string(value)?, timezone).map_err(|why| {
        let error = reader.error(value.span(), why);
        error.with_hint("\"0 3 * * 0\" is every Sunday at three")
    });
    parsed.map(Some)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use jiff::ToSpan;

    use super::*;

    fn after(schedule: &str, timezone: &str, now: &str) -> String {
        let timezone = TimeZone::get(timezone).unwrap();
        let schedule = Schedule::parse(schedule, timezone).unwrap();
        schedule.after(now.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn the_next_time_is_that_of_the_time_zone() {
        let now = "2026-11-23T02:00:00Z";
        assert_eq!(after("0 3 * * *", "UTC", now), "2026-11-23T03:00:00Z");
        assert_eq!(after("0 3 * * *", "Europe/Berlin", now), "2026-11-24T02:00:00Z");
        assert_eq!(after("* * * * * *", "UTC", now), "2026-11-23T02:00:01Z");
        assert_eq!(after("@daily", "UTC", now), "2026-11-24T00:00:00Z");
    }

    #[test]
    fn an_hour_that_a_change_of_the_clock_skips_or_repeats_runs_once() {
        let schedule = Schedule::parse("30 2 * * *", TimeZone::get("Europe/Berlin").unwrap());
        let schedule = schedule.unwrap();
        for (from, days) in [("2026-03-27T12:00:00Z", 4), ("2026-10-23T12:00:00Z", 4)] {
            let mut now: Timestamp = from.parse().unwrap();
            let end = now + (24 * days).hours();
            let mut times = 0;
            while let Some(next) = schedule.after(now).filter(|next| *next <= end) {
                times += 1;
                now = next;
            }
            assert_eq!(times, days, "from {from}");
        }
    }

    #[test]
    fn what_is_no_schedule_or_never_comes_is_refused() {
        for text in ["", "soon", "0 3 * *", "61 * * * *", "0 0 30 2 *", "* * * * * * *", "\u{7f}"] {
            assert!(Schedule::parse(text, TimeZone::UTC).is_err(), "{text:?}");
        }
        assert!(Schedule::parse("0 0 29 2 *", TimeZone::UTC).is_ok());
    }
}
