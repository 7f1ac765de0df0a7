//! A standby as it sees itself.

use std::time::Instant;

use async_trait::async_trait;

use super::positions::Positions;
use super::{Measured, Probe, ProbeContext};
use crate::monitor::{Metric, ProbeError, Sample};

/// The standby's own view. Replay is read before receive, or the difference could be negative.
///
/// `last_msg_receipt_time` is by the standby's own clock, as `clock_timestamp()` is;
/// `last_msg_send_time` and the time of a commit are by the primary's.
const STANDBY: &[(u32, &str)] = &[
    (
        14,
        "\
    SELECT (replay.lsn - '0/0')::int8, (pg_last_wal_receive_lsn() - '0/0')::int8, \
           extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8, \
           w.status, extract(epoch FROM clock_timestamp() - w.last_msg_receipt_time)::float8, \
           extract(epoch FROM w.last_msg_receipt_time - w.last_msg_send_time)::float8, \
           pg_get_wal_replay_pause_state() <> 'not paused', \
           (SELECT setting::float8 / 1000 FROM pg_show_all_settings() \
             WHERE name = 'recovery_min_apply_delay'), \
           (SELECT setting::float8 / 1000 FROM pg_show_all_settings() \
             WHERE name = 'wal_receiver_timeout'), \
           current_setting('cluster_name') \
      FROM (SELECT pg_last_wal_replay_lsn() AS lsn) replay \
      LEFT JOIN pg_stat_get_wal_receiver() w ON w.pid IS NOT NULL",
    ),
    (
        0,
        "\
    SELECT (replay.lsn - '0/0')::int8, (pg_last_wal_receive_lsn() - '0/0')::int8, \
           extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8, \
           w.status, extract(epoch FROM clock_timestamp() - w.last_msg_receipt_time)::float8, \
           extract(epoch FROM w.last_msg_receipt_time - w.last_msg_send_time)::float8, \
           pg_is_wal_replay_paused(), \
           (SELECT setting::float8 / 1000 FROM pg_show_all_settings() \
             WHERE name = 'recovery_min_apply_delay'), \
           (SELECT setting::float8 / 1000 FROM pg_show_all_settings() \
             WHERE name = 'wal_receiver_timeout'), \
           current_setting('cluster_name') \
      FROM (SELECT pg_last_wal_replay_lsn() AS lsn) replay \
      LEFT JOIN pg_stat_get_wal_receiver() w ON w.pid IS NOT NULL",
    ),
];

/// A standby asks a primary that says nothing after half of `wal_receiver_timeout` (60 s by default):
/// so many seconds later the network swallows packets.
const UNANSWERED: f64 = 2.0;

/// Without an earlier reading, what was heard within so many seconds is news.
const FRESH: f64 = 1.0;

/// A standby as it sees itself: whether it receives, how far its replay is, whether that is paused
/// or delayed on purpose. On a primary it emits nothing.
///
/// It cannot know what the primary wrote since it last heard of it: where it replayed all that it has,
/// its lag is 0 if it heard something since the last reading, else unknown, although it may well be
/// that nothing is written. What waits for replay has waited since it was received; the time of the last
/// replayed commit is a bound, too. How far the two clocks differ is taken from the last message, which
/// has both times.
#[derive(Debug, Default)]
pub struct Receiver {
    read_at: Option<Instant>,
    /// When it had received how much.
    received: Positions,
}

const METRICS: &[Metric] = &[
    Metric::ReplicationConnected,
    Metric::ReplicationReplayLagSeconds,
    Metric::ReplicationReplayLagBytes,
    Metric::ReplicationPaused,
    Metric::ReplicationApplyDelaySeconds,
];

#[async_trait]
impl Probe for Receiver {
    fn name(&self) -> &'static str {
        "receiver"
    }

    fn metrics(&self) -> &'static [Metric] {
        METRICS
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        if !cx.standby {
            *self = Self::default();
            return Ok(Measured::default());
        }
        let row = cx.row(cx.choose(STANDBY)).await?;
        let standby = Standby {
            replay: row.try_get(0)?,
            received: row.try_get(1)?,
            replayed_age: row.try_get(2)?,
            status: row.try_get(3)?,
            message_age: row.try_get(4)?,
            clocks_apart: row.try_get(5)?,
            paused: row.try_get::<_, Option<bool>>(6)?.unwrap_or_default(),
            delay: row.try_get::<_, Option<f64>>(7)?.unwrap_or_default(),
            timeout: row.try_get::<_, Option<f64>>(8)?.unwrap_or_default(),
            name: row.try_get::<_, Option<String>>(9)?.unwrap_or_default(),
        };
        if let Some(received) = standby.received {
            self.received.note(cx.instant, received);
        }
        let news = self
            .read_at
            .map_or(FRESH, |read_at| cx.instant.saturating_duration_since(read_at).as_secs_f64());
        self.read_at = Some(cx.instant);
        let waiting = standby.replay.and_then(|at| self.received.age(cx.instant, at).most);
        Ok(standby.judge(cx, news, waiting))
    }
}

#[derive(Debug)]
struct Standby {
    replay: Option<i64>,
    received: Option<i64>,
    /// Age of the last replayed transaction, by when it was committed on the primary.
    replayed_age: Option<f64>,
    status: Option<String>,
    message_age: Option<f64>,
    /// By how much its clock is ahead of the primary's, with the time that the message took.
    clocks_apart: Option<f64>,
    paused: bool,
    delay: f64,
    /// `wal_receiver_timeout`; 0 where there is none.
    timeout: f64,
    name: String,
}

impl Standby {
    fn judge(&self, cx: &ProbeContext<'_>, news: f64, waiting: Option<f64>) -> Measured {
        let (lag, method, error) = self.lag(news, waiting);
        let name = if self.name.is_empty() { "self" } else { &self.name };
        let flag = |is: bool| if is { 1.0 } else { 0.0 };
        let exact = |metric, value| {
            Sample::maybe(metric, value, cx.now).about("replica", name).about("seen_by", "standby")
        };
        let is_known = |bytes: &i64| self.is_connected() && (*bytes > 0 || self.has_heard(news));
        let bytes = self.behind().filter(is_known).map(|bytes| bytes as f64);
        let mut measured = Measured::from(vec![
            exact(Metric::ReplicationConnected, Some(flag(self.is_connected()))),
            exact(Metric::ReplicationReplayLagSeconds, lag).by(method, error),
            exact(Metric::ReplicationReplayLagBytes, bytes),
            exact(Metric::ReplicationPaused, Some(flag(self.paused))),
            exact(Metric::ReplicationApplyDelaySeconds, Some(self.delay)),
        ]);
        if self.status.is_none() && self.received.is_some() {
            measured.unseen.push(
                "no WAL receiver is visible: it does not run, or this role lacks pg_monitor".into(),
            );
        }
        measured
    }

    fn is_connected(&self) -> bool {
        let silent = self.timeout / 2.0 + UNANSWERED;
        self.status.as_deref() == Some("streaming")
            && (self.timeout == 0.0 || self.message_age.is_none_or(|age| age <= silent))
    }

    fn behind(&self) -> Option<i64> {
        Some((self.received? - self.replay?).max(0))
    }

    /// Whether it heard of its primary within so many seconds.
    fn has_heard(&self, within: f64) -> bool {
        self.message_age.is_some_and(|age| age <= within)
    }

    /// Seconds, how they were come by, and by how much they may be wrong. `news`: since when what was
    /// heard is new; `waiting`: for how long at most something has waited for replay since it was
    /// received.
    fn lag(&self, news: f64, waiting: Option<f64>) -> (Option<f64>, &'static str, Option<f64>) {
        if !self.is_connected() {
            return (None, "disconnected", None);
        }
        let message_age = self.message_age.unwrap_or(0.0).max(0.0);
        let waiting = waiting.map(|waiting| (waiting + message_age, "position history"));
        // Of an idle primary the age says how long nothing was committed, not a lag: but here something
        // is to be replayed, so it is a bound.
        let age = self.replayed_age.map(|age| (age - self.clocks_apart.unwrap_or(0.0)).max(0.0));
        let age = age.map(|age| (age, "age of the last replayed transaction"));
        let bound = [waiting, age].into_iter().flatten().min_by(|a, b| a.0.total_cmp(&b.0));
        match (self.behind(), bound) {
            (Some(0), _) if self.has_heard(news) => (Some(0.0), "caught up", Some(message_age)),
            (Some(0), _) => (None, "caught up with what it has; nothing was heard since", None),
            (Some(_), Some((bound, method))) => (Some((bound - self.delay).max(0.0)), method, None),
            _ => (None, "not known: no transaction was replayed yet", None),
        }
    }
}

#[cfg(test)]
mod tests;
