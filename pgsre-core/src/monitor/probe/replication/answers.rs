//! Whether a replica still answers, whatever its clock says.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Without an answer for two of a standby's status intervals (10 s each by default), it is not there,
/// whatever the row says: the row stays until `wal_sender_timeout`.
const SILENT: Duration = Duration::from_secs(20);

/// A standby answers at least once in an interval while it receives, and within a moment to what is
/// written: longer silence while it owes an answer is a network that swallows packets.
const SILENT_OWING: Duration = Duration::from_secs(10);

/// A status interval and what is lost on the way: until then nothing speaks against an idle replica.
const LATE: Duration = Duration::from_secs(12);

/// For so many seconds an answer is on its way.
const ON_ITS_WAY: f64 = 0.5;

/// From so many of the last answers it is taken by how much the two clocks differ.
const REMEMBERED: usize = 8;

/// By how much an answer may seem to be of the future where clocks agree, in seconds.
const ROUNDING: f64 = 1.0;

/// What the server says of a replica's last answer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Answer {
    /// When the replica gave it, in seconds, by its own clock; `None` before the first.
    pub(super) by_its_clock: Option<f64>,
    /// How old it is by the server's clock, were that the replica's, too.
    pub(super) age: Option<f64>,
}

/// Whether a replica is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Presence {
    /// It answered.
    Answered(Silence),
    /// It has not answered for longer than its interval; but it owes no answer.
    Silent(Silence),
    /// It has not answered for too long.
    Absent,
    /// No answer was seen to come yet, and the last one seems to be old, or of the future: the two
    /// clocks differ, or the replica is silent.
    Unknown,
}

/// How long ago an answer was given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Silence {
    /// So long, where the clocks differ as much as the answers allow.
    pub(super) least: Duration,
    /// So long, where the clocks agree, if they may.
    pub(super) most: Duration,
}

/// The answers of one replica.
#[derive(Debug)]
pub(super) struct Answers {
    last: Answer,
    /// When the last answer was there for the first time.
    since: Instant,
    /// When it was not there yet; `None` for the first answer, which was there from the beginning.
    before: Option<Instant>,
    read_at: Instant,
    /// By how many seconds the server's clock was ahead of the replica's, by the last answers: at least
    /// and at most, because each came some time between two readings.
    apart: VecDeque<(f64, f64)>,
}

impl Answers {
    pub(super) fn first(at: Instant, answer: Answer) -> Self {
        Self { last: answer, since: at, before: None, read_at: at, apart: VecDeque::new() }
    }

    /// Takes what the server says now. For at least `owed` seconds there is something that the replica
    /// has not answered to.
    pub(super) fn next(&mut self, at: Instant, answer: Answer, owed: Option<f64>) -> Presence {
        if self.last.by_its_clock != answer.by_its_clock {
            (self.since, self.before) = (at, Some(self.read_at));
            if self.apart.len() == REMEMBERED {
                self.apart.pop_front();
            }
            let between = at.saturating_duration_since(self.read_at).as_secs_f64();
            self.apart.extend(answer.age.map(|age| (age - between, age)));
        }
        (self.last, self.read_at) = (answer, at);
        let Some(apart) = self.clocks_apart(at) else {
            let watched = at.saturating_duration_since(self.since);
            return if watched > SILENT { Presence::Absent } else { Presence::Unknown };
        };
        let most = self.age(at, if self.clocks_may_agree() { apart.min(0.0) } else { apart });
        let silence = Silence { least: self.age(at, apart).min(most), most };
        let owes = owed.is_some_and(|owed| owed >= ON_ITS_WAY);
        if most > SILENT || (most > SILENT_OWING && owes) {
            Presence::Absent
        } else if most > LATE || answer.by_its_clock.is_none() {
            Presence::Silent(silence)
        } else {
            Presence::Answered(silence)
        }
    }

    /// By how many seconds the server's clock is ahead of the replica's; `None` where nothing says it.
    fn clocks_apart(&self, at: Instant) -> Option<f64> {
        if self.before.is_some() {
            let most = self.apart.iter().map(|(_, most)| *most);
            return Some(most.min_by(f64::total_cmp).unwrap_or(0.0));
        }
        // The first answer may be old, or the clocks wrong.
        let watched = at.saturating_duration_since(self.since).as_secs_f64();
        let at_first = self.last.age.map_or(0.0, |age| age - watched);
        let is_plausible = (-ROUNDING..=LATE.as_secs_f64()).contains(&at_first);
        is_plausible.then_some(0.0)
    }

    /// Whether no answer says otherwise: then one that seems to be old was seen late.
    fn clocks_may_agree(&self) -> bool {
        self.apart.iter().all(|(least, most)| *least <= 0.0 && -ROUNDING <= *most)
    }

    /// How old the last answer is. Neither clock is believed beyond what was seen.
    fn age(&self, at: Instant, apart: f64) -> Duration {
        let least = at.saturating_duration_since(self.since);
        let by_clocks = self.last.age.map(|age| duration(age - apart));
        let most = self.before.map(|before| at.saturating_duration_since(before));
        match (by_clocks, most) {
            (Some(age), Some(most)) => age.min(most).max(least),
            (Some(age), None) | (None, Some(age)) => age.max(least),
            (None, None) => least,
        }
    }
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
