//! Which backups stay and which may go, by the rules that users of restic know.
//!
//! A pure function of names, times and what was proved; nothing is deleted here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::Serialize;

/// What stays. A backup stays where any of the rules keeps it; without a rule every one does.
///
/// As in restic, a rule of `hourly`, `daily`, `weekly`, `monthly` or `yearly` keeps the newest
/// backup of each of the last so many hours, days, … *that have one*, and where fewer have one, the
/// oldest of all, too. The periods are those of UTC, whatever the zone of this machine: so every
/// machine decides alike. Weeks are those of ISO 8601. `within` counts from the newest backup, not
/// from now: when no more are taken, none is removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// The newest so many.
    pub last: Option<u32>,
    /// The newest of each of so many hours.
    pub hourly: Option<u32>,
    /// The newest of each of so many days.
    pub daily: Option<u32>,
    /// The newest of each of so many weeks.
    pub weekly: Option<u32>,
    /// The newest of each of so many months.
    pub monthly: Option<u32>,
    /// The newest of each of so many years.
    pub yearly: Option<u32>,
    /// Everything that is not this much older than the newest.
    pub within: Option<Duration>,
}

impl Retention {
    /// Whether there is no rule, so that everything stays.
    #[must_use]
    pub fn keeps_all(&self) -> bool {
        *self == Self::default()
    }
}

/// A backup as far as retention looks at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its key.
    pub key: String,
    /// When it was taken.
    pub taken: Timestamp,
}

/// What becomes of one backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Its key.
    pub key: String,
    /// When it was taken.
    pub taken: Timestamp,
    /// Why it stays, in the order of the rules: `last`, `daily`, `oldest daily`, `within`,
    /// `newest`, `newest proved`. It goes where there is no reason.
    pub kept_for: Vec<String>,
}

impl Decision {
    /// Whether it stays.
    #[must_use]
    pub fn stays(&self) -> bool {
        !self.kept_for.is_empty()
    }
}

/// What becomes of the backups of one family, newest first.
///
/// The newest stays whatever the rules say, and so does the newest of those whose key ends in the
/// last segment of one of `proved`: a drill restored it with success.
#[must_use]
pub fn decide(
    retention: &Retention,
    mut backups: Vec<Candidate>,
    proved: &BTreeSet<String>,
) -> Vec<Decision> {
    backups.sort_by(|a, b| (b.taken, &b.key).cmp(&(a.taken, &a.key)));
    let mut reasons: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut keep = |at: usize, why: String| reasons.entry(at).or_default().push(why);
    if retention.keeps_all() {
        (0..backups.len()).for_each(|at| keep(at, "no rule".to_owned()));
    }
    for rule in rules(retention) {
        rule.apply(&backups, &mut keep);
    }
    if let (Some(within), Some(newest)) = (retention.within, backups.first()) {
        let oldest = SignedDuration::try_from(within)
            .ok()
            .and_then(|within| newest.taken.checked_sub(within).ok())
            .unwrap_or(Timestamp::MIN);
        let inside = backups.iter().take_while(|backup| backup.taken >= oldest);
        inside.enumerate().for_each(|(at, _)| keep(at, "within".to_owned()));
    }
    if !backups.is_empty() {
        keep(0, "newest".to_owned());
    }
    if let Some(at) = newest_proved(&backups, proved) {
        keep(at, "newest proved".to_owned());
    }
    let decided = backups.into_iter().enumerate().map(|(at, backup)| Decision {
        key: backup.key,
        taken: backup.taken,
        kept_for: reasons.remove(&at).unwrap_or_default(),
    });
    decided.collect()
}

fn newest_proved(backups: &[Candidate], proved: &BTreeSet<String>) -> Option<usize> {
    let names: BTreeSet<&str> = proved.iter().map(|key| last_segment(key)).collect();
    backups.iter().position(|backup| names.contains(last_segment(&backup.key)))
}

fn last_segment(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, name)| name)
}

/// The period of a moment, or of a place in the list.
type Period = fn(Timestamp, usize) -> i64;

/// A rule that counts periods.
struct Rule {
    name: &'static str,
    count: u32,
    period: Period,
}

fn rules(retention: &Retention) -> Vec<Rule> {
    let all: [(&str, Option<u32>, Period); 6] = [
        ("last", retention.last, |_, at| i64::try_from(at).unwrap_or(i64::MAX)),
        ("hourly", retention.hourly, |taken, _| taken.as_second().div_euclid(3_600)),
        ("daily", retention.daily, |taken, _| taken.as_second().div_euclid(86_400)),
        ("weekly", retention.weekly, |taken, _| week(taken)),
        ("monthly", retention.monthly, |taken, _| month(taken)),
        ("yearly", retention.yearly, |taken, _| month(taken).div_euclid(12)),
    ];
    let given = all
        .into_iter()
        .filter_map(|(name, count, period)| count.map(|count| Rule { name, count, period }));
    given.collect()
}

impl Rule {
    /// As restic's `ApplyPolicy`: newest first, and what is left of the count keeps the oldest.
    fn apply(&self, backups: &[Candidate], keep: &mut impl FnMut(usize, String)) {
        let mut left = self.count;
        let mut period = None;
        for (at, backup) in backups.iter().enumerate() {
            if left == 0 {
                return;
            }
            let own = (self.period)(backup.taken, at);
            let is_new = period != Some(own);
            if is_new || at + 1 == backups.len() {
                let oldest = if is_new { "" } else { "oldest " };
                keep(at, format!("{oldest}{}", self.name));
                period = Some(own);
                left -= 1;
            }
        }
    }
}

/// Weeks begin on a Monday; the epoch was a Thursday.
fn week(taken: Timestamp) -> i64 {
    (taken.as_second().div_euclid(86_400) + 3).div_euclid(7)
}

fn month(taken: Timestamp) -> i64 {
    let date = taken.to_zoned(TimeZone::UTC);
    i64::from(date.year()) * 12 + i64::from(date.month()) - 1
}

#[cfg(test)]
mod tests;
