//! [`Window`]: what happened between two snapshots, and what of it cannot be known.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::histogram::{Histogram, Histograms};
use super::moments::Moments;
use super::statements::{Counters, Snapshot, StatementKey};

/// A full table is emptied by a twentieth at a time: below this share of the most that it keeps,
/// nothing was evicted lately (`USAGE_DEALLOC_PERCENT` of pg_stat_statements.c).
const FULL: f64 = 0.95;

/// What was written as text and read again may be another number in its last digit.
const ROUNDING: f64 = 1.0 + 1e-12;

/// What one statement did in a window.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryWindow {
    /// Which.
    pub key: StatementKey,
    /// What was counted in the window. The shortest and the longest execution are those since they
    /// are kept, which may be longer than the window.
    pub counted: Counters,
    /// Whether the figures are exact; otherwise there was as much at least.
    pub exact: bool,
    /// Whether it was not known at the window's beginning.
    pub is_new: bool,
    /// How long its executions took.
    pub moments: Moments,
    /// The same counted by pg_stat_monitor, where that is installed.
    pub histogram: Option<Histogram>,
    /// What was counted before the window; `None` where it began anew in it.
    pub before: Option<Counters>,
}

/// What a window does not know.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Gap {
    /// Everything was reset: what was before that is missing.
    Reset {
        /// When.
        at: Option<Timestamp>,
    },
    /// The server was started anew and lost what it had counted, as after a crash.
    Lost {
        /// When it was started.
        at: Option<Timestamp>,
    },
    /// The least used statements made room for others: what they had done in the window is missing.
    Evicted {
        /// How often; unknown before 1.9.
        times: Option<u64>,
    },
    /// Statements that were evicted or reset and came back: what they did before that is missing.
    Returned {
        /// How many.
        statements: u64,
    },
    /// Statements that were there and are not any more: what they did in the window is missing.
    Vanished {
        /// How many.
        statements: u64,
    },
    /// Statements of other users, which this role may not see.
    Hidden {
        /// How many.
        statements: u64,
    },
    /// The later snapshot is not later, by the server's clock.
    Backwards,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = |at: &Option<Timestamp>| {
            at.map_or_else(String::new, |at| {
                format!(" at {}", at.strftime("%Y-%m-%d %H:%M:%S UTC"))
            })
        };
        match self {
            Self::Reset { at } => write!(
                f,
                "the statistics were reset{}: what was counted in the window before that is missing",
                moment(at)
            ),
            Self::Lost { at } => write!(
                f,
                "the server started anew{} without its statistics: what was counted in the window \
                 before that is missing",
                moment(at)
            ),
            Self::Evicted { times } => write!(
                f,
                "statements were evicted{}: figures marked with ≥ may be too low; raise \
                 pg_stat_statements.max",
                times.map_or_else(String::new, |times| format!(" {times} times"))
            ),
            Self::Returned { statements } => write!(
                f,
                "{statements} statements were evicted or reset and came back: what they did before \
                 that is missing"
            ),
            Self::Vanished { statements } => write!(
                f,
                "{statements} statements vanished: what they did in the window is missing"
            ),
            Self::Hidden { statements } => write!(
                f,
                "{statements} statements of other users are not visible to this role: grant \
                 pg_read_all_stats (or pg_monitor) to it"
            ),
            Self::Backwards => {
                f.write_str("the server's clock went backwards: rates of this window mean nothing")
            }
        }
    }
}

/// What happened between two snapshots.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// When it began, by the server's clock.
    pub from: Timestamp,
    /// When it ended, by the server's clock.
    pub to: Timestamp,
    /// Every statement that was executed in it, in no order.
    pub queries: Vec<QueryWindow>,
    /// What it does not know; empty where every figure is exact.
    pub gaps: Vec<Gap>,
    /// The time of execution of all statements that clients sent, in milliseconds: those of hidden
    /// ones too.
    pub total_ms: f64,
}

impl Window {
    /// What happened between two snapshots of one server.
    #[must_use]
    pub fn between(from: &Snapshot, to: &Snapshot) -> Self {
        let mut gaps = Vec::new();
        if to.at < from.at {
            gaps.push(Gap::Backwards);
        }
        match epoch_gap(from, to) {
            Some(gap) => {
                gaps.push(gap);
                let queries = to.statements.iter().map(|(key, counters)| begun(*key, counters));
                Self::of(from.at, to, queries.collect(), gaps, to.hidden.total_ms)
            }
            None => Self::within_one_epoch(from, to, gaps).with_histograms(from, to),
        }
    }

    fn with_histograms(mut self, from: &Snapshot, to: &Snapshot) -> Self {
        if let (Some(from), Some(to)) = (&from.histograms, &to.histograms) {
            let mut found = Histograms::between(from, to);
            for query in &mut self.queries {
                query.histogram = found.remove(&query.key);
            }
        }
        self
    }

    /// Everything since the statistics were last reset.
    #[must_use]
    pub fn cumulative(to: &Snapshot) -> Self {
        let mut gaps = Vec::new();
        if to.evictions.is_some_and(|times| times > 0) {
            gaps.push(Gap::Evicted { times: to.evictions });
        }
        let may_be_evicted = to.evictions != Some(0);
        let queries = to.statements.iter().map(|(key, counters)| QueryWindow {
            exact: !may_be_evicted,
            is_new: false,
            ..begun(*key, counters)
        });
        let from = to.reset_us.filter(|_| to.version >= (1, 9)).and_then(timestamp);
        Self::of(from.unwrap_or(to.at), to, queries.collect(), gaps, to.hidden.total_ms)
    }

    fn within_one_epoch(from: &Snapshot, to: &Snapshot, mut gaps: Vec<Gap>) -> Self {
        let vanished =
            from.statements.keys().filter(|key| !to.statements.contains_key(key)).count() as u64;
        let evicted = may_be_evicted(from, to, vanished);
        let mut returned = 0;
        let mut queries = Vec::new();
        for (key, after) in &to.statements {
            let before = from.statements.get(key);
            let query = match before {
                Some(before) if is_continued(before, after) => {
                    // Since 1.11 each says since when it is counted. Before, one that was evicted
                    // and has as many calls again looks as if it had been there all the time.
                    let exact = after.since_us.is_some() || !evicted;
                    Some(continued(*key, before, after, exact))
                }
                Some(_) => {
                    returned += 1;
                    Some(QueryWindow { is_new: false, ..begun(*key, after) })
                }
                None => Some(QueryWindow { exact: !evicted, ..begun(*key, after) }),
            };
            queries.extend(query.filter(|query| query.counted.calls > 0));
        }
        if evicted {
            let times = to.evictions.zip(from.evictions);
            gaps.push(Gap::Evicted { times: times.map(|(to, from)| to.saturating_sub(from)) });
        }
        if returned > 0 {
            gaps.push(Gap::Returned { statements: returned });
        }
        if vanished > 0 {
            gaps.push(Gap::Vanished { statements: vanished });
        }
        let hidden = (to.hidden.total_ms - from.hidden.total_ms).max(0.0);
        Self::of(from.at, to, queries, gaps, hidden)
    }

    fn of(
        from: Timestamp,
        to: &Snapshot,
        queries: Vec<QueryWindow>,
        mut gaps: Vec<Gap>,
        hidden_ms: f64,
    ) -> Self {
        if to.hidden.statements > 0 {
            gaps.push(Gap::Hidden { statements: to.hidden.statements });
        }
        let total_ms = queries
            .iter()
            .filter(|query| query.key.toplevel)
            .map(|query| query.counted.total_ms)
            .sum::<f64>()
            + hidden_ms;
        Self { from, to: to.at, queries, gaps, total_ms }
    }

    /// How long it was, in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.to.duration_since(self.from).as_secs_f64().max(0.0)
    }

    /// Whether its figures are those of all of it: nothing was reset in it, and it has a length.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let breaks =
            |gap: &Gap| matches!(gap, Gap::Reset { .. } | Gap::Lost { .. } | Gap::Backwards);
        self.seconds() > 0.0 && !self.gaps.iter().any(breaks)
    }

    /// A statement's part of the load: its time of execution as a share of that of all statements
    /// that clients sent. One that a function ran is part of the statement that called it.
    #[must_use]
    pub fn share(&self, query: &QueryWindow) -> f64 {
        if self.total_ms > 0.0 { (query.counted.total_ms / self.total_ms).min(1.0) } else { 0.0 }
    }
}

/// Whether the counters are of two epochs: a reset of everything, or a start without them.
fn epoch_gap(from: &Snapshot, to: &Snapshot) -> Option<Gap> {
    if from.reset_us == to.reset_us {
        return None;
    }
    let was_started = from.started_us != to.started_us;
    // A crash of one backend empties shared memory too, without another start of the server.
    let at = |us: Option<i64>| us.and_then(timestamp);
    Some(match was_started {
        true => Gap::Lost { at: at(Some(to.started_us)) },
        false => Gap::Reset { at: at(to.reset_us) },
    })
}

fn timestamp(microseconds: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(microseconds).ok()
}

fn may_be_evicted(from: &Snapshot, to: &Snapshot, vanished: u64) -> bool {
    match (from.evictions, to.evictions) {
        (Some(from), Some(to)) => from != to,
        // Before 1.9 nobody counts them.
        _ => {
            let kept = to.statements.len() as u64 + to.hidden.statements;
            vanished > 0 || to.max.is_none_or(|max| kept as f64 + 1.0 >= max as f64 * FULL)
        }
    }
}

/// Whether the later counters go on where the earlier ones were: otherwise the statement was evicted
/// or reset in between, and counted from 0 again.
fn is_continued(before: &Counters, after: &Counters) -> bool {
    if before.since_us.is_some() || after.since_us.is_some() {
        return before.since_us == after.since_us;
    }
    // Without that mark: no counter falls, the shortest does not rise, the longest does not fall.
    let counts = |c: &Counters| {
        [c.calls, c.rows, c.blocks_hit, c.blocks_read, c.blocks_dirtied, c.blocks_written, c.plans]
    };
    counts(before).iter().zip(counts(after)).all(|(before, after)| *before <= after)
        && before.total_ms <= after.total_ms * ROUNDING
        && before.min_ms * ROUNDING >= after.min_ms
        && before.max_ms <= after.max_ms * ROUNDING
}

/// A statement that began in the window, or began anew: it did at least this.
fn begun(key: StatementKey, counters: &Counters) -> QueryWindow {
    QueryWindow {
        key,
        counted: *counters,
        exact: false,
        is_new: true,
        moments: Moments::of(counters),
        histogram: None,
        before: None,
    }
}

fn continued(key: StatementKey, before: &Counters, after: &Counters, exact: bool) -> QueryWindow {
    let moments = Moments::between(before, after);
    let less = |of: fn(&Counters) -> u64| of(after).saturating_sub(of(before));
    let rise = |of: fn(&Counters) -> f64| (of(after) - of(before)).max(0.0);
    let counted = Counters {
        calls: less(|c| c.calls),
        total_ms: rise(|c| c.total_ms),
        stddev_ms: moments.variance.sqrt(),
        rows: less(|c| c.rows),
        blocks_hit: less(|c| c.blocks_hit),
        blocks_read: less(|c| c.blocks_read),
        blocks_dirtied: less(|c| c.blocks_dirtied),
        blocks_written: less(|c| c.blocks_written),
        temporary_read: less(|c| c.temporary_read),
        temporary_written: less(|c| c.temporary_written),
        wal_bytes: rise(|c| c.wal_bytes),
        io_ms: rise(|c| c.io_ms),
        plans: less(|c| c.plans),
        plan_ms: rise(|c| c.plan_ms),
        ..*after
    };
    QueryWindow {
        key,
        counted,
        exact,
        is_new: false,
        moments,
        histogram: None,
        before: Some(*before),
    }
}

#[cfg(test)]
mod tests;
