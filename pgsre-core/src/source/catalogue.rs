//! The catalogue: what a listing says about backups before one of them is read.
//!
//! [`check`] judges one backup among the others: its age, its size, its size against the trend.
//! [`copy_of`] finds that it is only a copy of the one before. [`trend`] is what
//! `pgsre backups list` shows. All but [`copy_of`] are pure; the clock is a parameter.

use jiff::{SignedDuration, Timestamp};

use crate::backup::Backup;
use crate::finding::{Finding, FindingCode};

mod age;
mod copy;
mod name_date;
mod series;
mod size;
mod trend;

pub use copy::copy_of;
pub use name_date::NameDate;
pub use trend::{TrendEntry, trend};

/// What a backup must be like. By default nothing is demanded, and only what is striking is said.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CatalogueRules {
    /// The oldest that the newest backup may be.
    pub max_age: Option<SignedDuration>,
    /// The fewest bytes.
    pub min_size: Option<u64>,
    /// How much smaller than the median of its predecessors it may be, from 0 to 1: 0.3 allows
    /// a fall by 30 %.
    pub max_shrink: Option<f64>,
}

/// What a check of the catalogue found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct CatalogueCheck {
    /// What is wrong, or worth knowing.
    pub findings: Vec<Finding>,
    /// What could not be judged, in sentences. Anything here keeps a drill from passing.
    pub unproved: Vec<String>,
}

impl CatalogueCheck {
    /// Adds what another check found.
    pub fn extend(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.unproved.extend(other.unproved);
    }

    /// A warning that keeps a drill from passing: what was seen may be sound or may be damage.
    fn doubt(&mut self, code: FindingCode, subject: &str, message: String, hint: &str) {
        self.unproved.push(message.clone());
        self.findings.push(Finding::warning(code, subject, message).with_hint(hint));
    }
}

/// Judges the newest of `backups` (in any order), or says `source.none` where there is none.
pub fn check_newest(backups: &[Backup], rules: &CatalogueRules, now: Timestamp) -> CatalogueCheck {
    match newest(backups) {
        Some(backup) => check(backup, backups, rules, now),
        None => CatalogueCheck { findings: vec![none_found()], ..CatalogueCheck::default() },
    }
}

/// Judges `backup` among all the `backups` of its source, in any order.
pub fn check(
    backup: &Backup,
    backups: &[Backup],
    rules: &CatalogueRules,
    now: Timestamp,
) -> CatalogueCheck {
    let mut found = age::check(backup, backups, rules, now);
    found.extend(size::check(backup, backups, rules));
    found
}

/// Judges `backup` by when the dump inside of it was begun, which is not later than `started`. What
/// is found is `source.stale`: critical where it is older than allowed, else worth knowing.
#[must_use]
pub fn check_inside(
    backup: &Backup,
    started: Timestamp,
    rules: &CatalogueRules,
    now: Timestamp,
) -> Option<Finding> {
    age::check_inside(backup, started, rules, now)
}

/// The newest by the store's clock; of equal times that with the greatest key.
fn newest(backups: &[Backup]) -> Option<&Backup> {
    backups.iter().max_by(|a, b| (a.modified, &a.key).cmp(&(b.modified, &b.key)))
}

fn none_found() -> Finding {
    Finding::critical(FindingCode::SourceNone, "source", "there is no backup in the source")
        .with_hint("check the path or prefix, and whether the backup job still uploads there")
}

/// A duration as people say it: `3 d 4 h`, `5 h 12 min`, `8 min`, `40 s`.
fn spoken(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().unsigned_abs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn backup(key: &str, size: u64, modified: &str) -> Backup {
        Backup {
            checksum: None,
            manifest: None,
            key: key.to_owned(),
            format: crate::backup::BackupFormat::Plain,
            size,
            modified: at(modified),
            parts: Vec::new(),
        }
    }

    /// Ten nightly backups of about 1,000 bytes, the last in the night to 22 November.
    fn nightly() -> Vec<Backup> {
        (13..=22)
            .map(|day| {
                let key = format!("shop-2026-11-{day}.sql.gz");
                backup(&key, 990 + day, &format!("2026-11-{day}T03:10:00Z"))
            })
            .collect()
    }

    const NOW: &str = "2026-11-22T12:00:00Z";

    fn rules(max_age_hours: i64) -> CatalogueRules {
        CatalogueRules {
            max_age: Some(SignedDuration::from_hours(max_age_hours)),
            ..CatalogueRules::default()
        }
    }

    fn codes(check: &CatalogueCheck) -> Vec<(FindingCode, Severity)> {
        check.findings.iter().map(|finding| (finding.code, finding.severity)).collect()
    }

    #[test]
    fn nightly_backups_of_steady_size_raise_nothing() {
        let rules = CatalogueRules { min_size: Some(500), max_shrink: Some(0.3), ..rules(26) };
        assert_eq!(check_newest(&nightly(), &rules, at(NOW)), CatalogueCheck::default());
    }

    #[test]
    fn an_empty_source_has_no_backup() {
        let found = check_newest(&[], &CatalogueRules::default(), at(NOW));
        assert_eq!(codes(&found), [(FindingCode::SourceNone, Severity::Critical)]);
    }

    #[test]
    fn a_backup_older_than_allowed_is_stale() {
        let found = check_newest(&nightly(), &rules(26), at("2026-11-23T12:00:00Z"));
        assert_eq!(codes(&found), [(FindingCode::SourceStale, Severity::Critical)]);
    }

    #[test]
    fn uploads_that_failed_for_three_weeks_are_noticed() {
        let found = check_newest(&nightly(), &rules(26), at("2026-12-13T12:00:00Z"));
        assert_eq!(codes(&found), [(FindingCode::SourceStale, Severity::Critical)]);
    }

    #[test]
    fn an_old_dump_written_anew_is_stale_by_its_name() {
        let mut backups = nightly();
        backups.truncate(5);
        backups.push(backup("shop-2026-11-11.sql.gz", 1_000, "2026-11-22T03:10:00Z"));
        let found = check_newest(&backups, &rules(26), at(NOW));
        assert!(codes(&found).contains(&(FindingCode::SourceStale, Severity::Critical)));
        assert!(found.findings.iter().any(|f| f.message.contains("2026-11-11")), "{found:?}");
    }

    #[test]
    fn an_old_dump_written_anew_is_stale_by_the_date_inside() {
        let latest = backup("latest.dump", 1_000, "2026-11-22T03:10:00Z");
        let found = |started, rules: &CatalogueRules| {
            let found = check_inside(&latest, at(started), rules, at(NOW));
            found.map(|found| (found.code, found.severity))
        };
        let stale = |severity| Some((FindingCode::SourceStale, severity));
        let none = CatalogueRules::default();
        assert_eq!(found("2026-11-19T03:00:00Z", &rules(26)), stale(Severity::Critical));
        assert_eq!(found("2026-11-19T03:00:00Z", &none), stale(Severity::Info));
        // Of an unknown zone, and a dump that took its time.
        for started in ["2026-11-22T17:00:00Z", "2026-11-22T03:00:00Z", "2026-11-21T14:00:00Z"] {
            assert_eq!(found(started, &rules(20)), None, "{started}");
            assert_eq!(found(started, &none), None, "{started}");
        }
    }

    #[test]
    fn a_name_with_one_constant_date_leaves_a_doubt_and_no_failure() {
        let only = [backup("v20200101/shop.sql.gz", 1_000, "2026-11-22T03:10:00Z")];
        let found = check_newest(&only, &rules(26), at(NOW));
        assert!(found.findings.iter().all(|f| f.severity < Severity::Critical), "{found:?}");
        assert_eq!(found.unproved.len(), 1, "{found:?}");
    }

    #[test]
    fn a_backup_named_by_its_local_day_is_not_stale_before_its_time() {
        let found = check_newest(&nightly(), &rules(26), at("2026-11-23T05:00:00Z"));
        assert_eq!(found, CatalogueCheck::default());
    }

    #[test]
    fn a_backup_from_the_future_leaves_its_age_unproved() {
        let found = check_newest(&nightly(), &rules(26), at("2026-11-20T12:00:00Z"));
        assert_eq!((found.findings.len(), found.unproved.len()), (1, 1), "{found:?}");
    }

    #[test]
    fn another_series_that_stopped_is_a_warning() {
        let mut backups = nightly();
        backups.push(backup("crm-2026-11-01.sql.gz", 5, "2026-11-01T03:10:00Z"));
        let found = check_newest(&backups, &rules(26), at(NOW));
        assert_eq!(codes(&found), [(FindingCode::SourceStale, Severity::Warning)]);
        assert!(found.unproved.is_empty());
    }

    #[test]
    fn a_backup_below_the_least_size_is_shrunk() {
        let rules = CatalogueRules { min_size: Some(2_000), ..CatalogueRules::default() };
        let found = check_newest(&nightly(), &rules, at(NOW));
        assert_eq!(codes(&found), [(FindingCode::SourceShrunk, Severity::Critical)]);
    }

    #[test]
    fn a_fall_beyond_max_shrink_is_shrunk() {
        let mut backups = nightly();
        backups[9].size = 600;
        let rules = CatalogueRules { max_shrink: Some(0.3), ..CatalogueRules::default() };
        let found = check_newest(&backups, &rules, at(NOW));
        assert_eq!(codes(&found), [(FindingCode::SourceShrunk, Severity::Critical)]);
    }

    #[test]
    fn a_fall_by_more_than_half_never_passes_in_silence() {
        let mut backups = nightly();
        backups[9].size = 20;
        let found = check_newest(&backups, &CatalogueRules::default(), at(NOW));
        assert_eq!(codes(&found), [(FindingCode::SourceShrunk, Severity::Warning)]);
        assert_eq!(found.unproved.len(), 1);
    }

    #[test]
    fn a_smaller_database_of_another_name_is_no_fall() {
        let mut backups = nightly();
        backups.push(backup("tiny-2026-11-22.sql.gz", 20, "2026-11-22T04:00:00Z"));
        let found = check_newest(&backups, &CatalogueRules::default(), at(NOW));
        assert_eq!(found, CatalogueCheck::default());
    }

    #[test]
    fn the_first_of_a_series_has_nothing_to_have_shrunk_against() {
        let rules = CatalogueRules { max_shrink: Some(0.3), ..CatalogueRules::default() };
        let found = check_newest(&nightly()[..1], &rules, at(NOW));
        assert_eq!((found.findings.len(), found.unproved.len()), (0, 0));
    }

    #[test]
    fn durations_are_said_in_two_units() {
        let cases = [(40, "40 s"), (480, "8 min"), (18_720, "5 h 12 min"), (273_600, "3 d 4 h")];
        for (seconds, expected) in cases {
            assert_eq!(spoken(SignedDuration::from_secs(seconds)), expected);
        }
    }
}
