//! How old a backup is, by the store's clock and by its name.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::name_date::NameDate;
use super::series::series;
use super::{CatalogueCheck, CatalogueRules, spoken};
use crate::backup::Backup;
use crate::finding::{Finding, FindingCode};

/// Clocks may differ by this much.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(10);

/// A name that is this much older than the object's time is worth saying.
const STRIKING_DISAGREEMENT: SignedDuration = SignedDuration::from_hours(48);

/// A dump and its upload may take so long: that it was begun earlier says nothing yet.
const LONGEST_DUMP: SignedDuration = SignedDuration::from_hours(14);

const JOB_HINT: &str = "check that the backup job runs, and that its uploads succeed";
const NAME_HINT: &str =
    "check whether the newest object is an old dump that was written again or copied";

pub(super) fn check(
    backup: &Backup,
    backups: &[Backup],
    rules: &CatalogueRules,
    now: Timestamp,
) -> CatalogueCheck {
    let mut found = CatalogueCheck::default();
    if backup.modified > now + CLOCK_SKEW {
        from_the_future(backup, now, &mut found);
    }
    match rules.max_age {
        Some(max_age) => {
            older_than(max_age, backup, backups, now, &mut found);
            stale_series(max_age, backup, backups, now, &mut found);
        }
        None => disagreement(backup, &mut found),
    }
    found
}

/// Judges a backup by when the dump inside of it was begun, which is not later than `started`: an
/// old dump that was written again has a new time in the store.
pub(super) fn check_inside(
    backup: &Backup,
    started: Timestamp,
    rules: &CatalogueRules,
    now: Timestamp,
) -> Option<Finding> {
    let apart = backup.modified.duration_since(started);
    if apart <= LONGEST_DUMP {
        return None;
    }
    let message = format!(
        "the dump inside was begun {} before the store says that it was written, {}",
        spoken(apart),
        backup.modified
    );
    let age = now.duration_since(started);
    let finding = match rules.max_age {
        Some(max_age) if age > max_age => {
            let message = format!("{message}; at most {} are allowed", spoken(max_age));
            Finding::critical(FindingCode::SourceStale, &backup.key, message)
        }
        _ if apart > STRIKING_DISAGREEMENT => {
            Finding::info(FindingCode::SourceStale, &backup.key, message)
        }
        _ => return None,
    };
    Some(finding.with_hint(NAME_HINT))
}

fn from_the_future(backup: &Backup, now: Timestamp, found: &mut CatalogueCheck) {
    let ahead = spoken(backup.modified.duration_since(now));
    found.doubt(
        FindingCode::SourceStale,
        &backup.key,
        format!("it was written {ahead} in the future by the store's clock: its age is unknown"),
        "set the clocks of this machine and of the store",
    );
}

fn older_than(
    max_age: SignedDuration,
    backup: &Backup,
    backups: &[Backup],
    now: Timestamp,
    found: &mut CatalogueCheck,
) {
    let age = now.duration_since(backup.modified);
    if age > max_age {
        let message = format!("it is {} old; at most {} are allowed", spoken(age), spoken(max_age));
        let finding = Finding::critical(FindingCode::SourceStale, &backup.key, message);
        return found.findings.push(finding.with_hint(JOB_HINT));
    }
    let Some((date, moment)) = dated(backup) else { return };
    let age = now.duration_since(moment.min(backup.modified));
    if age <= max_age {
        return;
    }
    let message = format!(
        "its name says {date}, at least {} ago, although the store says that it was written {}; \
         at most {} are allowed",
        spoken(age),
        backup.modified,
        spoken(max_age)
    );
    if names_follow_the_date(backup, backups) {
        let finding = Finding::critical(FindingCode::SourceStale, &backup.key, message);
        found.findings.push(finding.with_hint(NAME_HINT));
    } else {
        found.doubt(FindingCode::SourceStale, &backup.key, message, NAME_HINT);
    }
}

/// Whether dates in the names of this series differ. A date that is always the same is that of
/// something else: a release, a schema.
fn names_follow_the_date(backup: &Backup, backups: &[Backup]) -> bool {
    let own = series(&backup.key);
    let dates: BTreeSet<NameDate> = backups
        .iter()
        .chain([backup])
        .filter(|other| series(&other.key) == own)
        .filter_map(|other| NameDate::of_key(&other.key))
        .collect();
    dates.len() > 1
}

fn dated(backup: &Backup) -> Option<(NameDate, Timestamp)> {
    let date = NameDate::of_key(&backup.key)?;
    Some((date, date.latest_moment()?))
}

fn disagreement(backup: &Backup, found: &mut CatalogueCheck) {
    let Some((date, moment)) = dated(backup) else { return };
    let apart = backup.modified.duration_since(moment);
    if apart > STRIKING_DISAGREEMENT {
        let message = format!(
            "its name says {date}, but the store says that it was written {}",
            backup.modified
        );
        let finding = Finding::info(FindingCode::SourceStale, &backup.key, message);
        found.findings.push(finding.with_hint(NAME_HINT));
    }
}

/// Other databases' backups in the same place may have stopped behind this one's back.
fn stale_series(
    max_age: SignedDuration,
    backup: &Backup,
    backups: &[Backup],
    now: Timestamp,
    found: &mut CatalogueCheck,
) {
    let own = series(&backup.key);
    let mut newest: BTreeMap<String, &Backup> = BTreeMap::new();
    for other in backups.iter().filter(|other| series(&other.key) != own) {
        let entry = newest.entry(series(&other.key)).or_insert(other);
        if other.modified > entry.modified {
            *entry = other;
        }
    }
    for other in newest.into_values() {
        let age = now.duration_since(other.modified);
        if age > max_age {
            let message = format!("the newest of its name is {} old", spoken(age));
            let finding = Finding::warning(FindingCode::SourceStale, &other.key, message);
            found.findings.push(finding.with_hint(JOB_HINT));
        }
    }
}
