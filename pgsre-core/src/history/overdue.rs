//! A drill that did not happen is an alarm too.

use std::time::Duration;

use jiff::Timestamp;

use super::{Listing, ReportSummary, format};
use crate::finding::{Finding, FindingCode, Verdict};

impl Listing {
    /// The newest drill of this source that passed.
    #[must_use]
    pub fn last_passed(&self, source: &str) -> Option<&ReportSummary> {
        let passed = |report: &&ReportSummary| report.verdict == Verdict::Passed;
        self.of_source(source).filter(passed).max_by_key(|report| report.started_at)
    }

    /// That no drill of this source passed within `max_age` before `now`; `None` where one did.
    #[must_use]
    pub fn overdue(&self, source: &str, max_age: Duration, now: Timestamp) -> Option<Finding> {
        let last = self.last_passed(source);
        let age = last.map(|last| now.duration_since(last.started_at).as_secs_f64());
        if age.is_some_and(|age| age <= max_age.as_secs_f64()) {
            return None;
        }
        let since = last.map_or(Timestamp::MIN, |last| last.started_at);
        let others = self.of_source(source).filter(|report| report.started_at > since).count();
        let mut message = match (last, age) {
            (Some(last), Some(age)) => format!(
                "the last drill that passed began {} ago ({}), and {} are allowed",
                format::age(age),
                last.id,
                format::age(max_age.as_secs_f64())
            ),
            _ => "no drill of this source ever passed".to_owned(),
        };
        match (others, last.is_some()) {
            (0, _) => {}
            (1, true) => message.push_str("; one since did not pass"),
            (many, true) => message.push_str(&format!("; {many} since did not pass")),
            (many, false) => message.push_str(&format!(", of {many}")),
        }
        let finding = Finding::critical(FindingCode::DrillOverdue, source, message);
        Some(finding.with_hint(
            "run `pgsre drill`, and look why the scheduled one did not run, pass or keep its report",
        ))
    }

    pub(crate) fn of_source(&self, source: &str) -> impl Iterator<Item = &ReportSummary> {
        self.reports.iter().filter(move |report| same(&report.source, source))
    }
}

/// Whether both name the same place, however its end is written.
fn same(one: &str, other: &str) -> bool {
    fn plain(place: &str) -> &str {
        place.strip_prefix("file://").unwrap_or(place).trim_end_matches('/')
    }
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::history::evidence::sample;

    const DAY: u64 = 86_400;
    const SOURCE: &str = "s3://acme-backups/shop";

    fn listing(drills: &[(&str, Verdict)]) -> Listing {
        let reports = drills.iter().map(|(day, verdict)| {
            ReportSummary::from(&sample(&format!("202611{day}t030000z_00000001"), *verdict))
        });
        Listing { reports: reports.collect(), damaged: Vec::new() }
    }

    fn overdue(drills: &[(&str, Verdict)], days: u64) -> Option<String> {
        let now = "2026-11-22T03:00:00Z".parse().unwrap();
        let finding = listing(drills).overdue(SOURCE, Duration::from_secs(days * DAY), now)?;
        assert_eq!(finding.code, FindingCode::DrillOverdue);
        Some(finding.message)
    }

    #[test]
    fn a_drill_that_passed_within_the_time_allowed_is_enough() {
        use Verdict::{Failed, Passed};
        assert_eq!(overdue(&[("15", Passed)], 8), None);
        assert_eq!(overdue(&[("21", Failed), ("15", Passed), ("01", Failed)], 8), None);
    }

    #[test]
    fn a_drill_that_passed_too_long_ago_is_an_alarm() {
        use Verdict::{Failed, Inconclusive, Passed};
        let said = overdue(&[("12", Passed)], 8).unwrap();
        let expected = "the last drill that passed began 10 days ago (20261112t030000z_00000001), \
                        and 8 days are allowed";
        assert_eq!(said, expected);
        let said = overdue(&[("21", Failed), ("20", Inconclusive), ("12", Passed)], 8).unwrap();
        assert_eq!(said, format!("{expected}; 2 since did not pass"));
    }

    #[test]
    fn a_source_that_was_never_proved_is_an_alarm() {
        let said = overdue(&[], 8).unwrap();
        assert_eq!(said, "no drill of this source ever passed");
        let said = overdue(&[("21", Verdict::Failed)], 8).unwrap();
        assert_eq!(said, "no drill of this source ever passed, of 1");
    }

    #[test]
    fn drills_of_another_source_prove_nothing() {
        let listing = listing(&[("21", Verdict::Passed)]);
        let now = "2026-11-22T03:00:00Z".parse().unwrap();
        let week = Duration::from_secs(7 * DAY);
        assert!(listing.overdue("s3://acme-backups/crm/", week, now).is_some());
        assert!(listing.overdue("s3://acme-backups/shop/", week, now).is_none());
    }
}
