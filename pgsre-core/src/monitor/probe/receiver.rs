//! A standby as it sees itself.

use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::{Measured, Probe, ProbeContext};
use crate::monitor::{Metric, ProbeError, Sample};

/// The standby's own view. Replay is read before receive, or the difference could be negative.
///
/// `last_msg_receipt_time` is by the standby's own clock, as `clock_timestamp()` is.
const STANDBY: &[(u32, &str)] = &[
    (
        14,
        "\
    SELECT (replay.lsn - '0/0')::int8, (pg_last_wal_receive_lsn() - '0/0')::int8, \
           extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8, \
           w.status, extract(epoch FROM clock_timestamp() - w.last_msg_receipt_time)::float8, \
           (w.latest_end_lsn - '0/0')::int8, \
           pg_get_wal_replay_pause_state() <> 'not paused', \
           (SELECT setting::float8 / 1000 FROM pg_settings WHERE name = 'recovery_min_apply_delay'), \
           current_setting('cluster_name') \
      FROM (SELECT pg_last_wal_replay_lsn() AS lsn) replay \
      LEFT JOIN pg_stat_wal_receiver w ON true",
    ),
    (
        0,
        "\
    SELECT (replay.lsn - '0/0')::int8, (pg_last_wal_receive_lsn() - '0/0')::int8, \
           extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8, \
           w.status, extract(epoch FROM clock_timestamp() - w.last_msg_receipt_time)::float8, \
           (w.latest_end_lsn - '0/0')::int8, pg_is_wal_replay_paused(), \
           (SELECT setting::float8 / 1000 FROM pg_settings WHERE name = 'recovery_min_apply_delay'), \
           current_setting('cluster_name') \
      FROM (SELECT pg_last_wal_replay_lsn() AS lsn) replay \
      LEFT JOIN pg_stat_wal_receiver w ON true",
    ),
];

/// A primary says something at least every half of `wal_sender_timeout` (60 s by default): longer
/// silence is a network that swallows packets.
const SILENT: f64 = 32.0;

/// A standby as it sees itself: whether it receives, how far its replay is, whether that is paused
/// or delayed on purpose. On a primary it emits nothing.
///
/// It cannot know what the primary wrote since the connection broke: its lag is then unknown, never
/// 0, although it may have replayed all that it has.
#[derive(Debug, Default)]
pub struct Receiver {
    /// Since when replay stands where it is, behind what was received.
    stuck: Option<(Instant, i64)>,
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
            self.stuck = None;
            return Ok(Measured::default());
        }
        let row = cx.row(cx.choose(STANDBY)).await?;
        let standby = Standby {
            replay: row.try_get(0)?,
            received: row.try_get(1)?,
            replayed_age: row.try_get(2)?,
            status: row.try_get(3)?,
            message_age: row.try_get(4)?,
            paused: row.try_get::<_, Option<bool>>(6)?.unwrap_or_default(),
            delay: row.try_get::<_, Option<f64>>(7)?.unwrap_or_default(),
            name: row.try_get::<_, Option<String>>(8)?.unwrap_or_default(),
        };
        Ok(self.judge(cx, &standby))
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
    paused: bool,
    delay: f64,
    name: String,
}

impl Standby {
    fn is_connected(&self) -> bool {
        self.status.as_deref() == Some("streaming")
            && self.message_age.is_none_or(|age| age <= SILENT)
    }

    fn behind(&self) -> Option<i64> {
        Some((self.received? - self.replay?).max(0))
    }
}

impl Receiver {
    fn judge(&mut self, cx: &ProbeContext<'_>, standby: &Standby) -> Measured {
        let lag = self.lag(cx.instant, standby);
        let name = if standby.name.is_empty() { "self" } else { &standby.name };
        let flag = |is: bool| if is { 1.0 } else { 0.0 };
        let exact = |metric, value| {
            Sample::maybe(metric, value, cx.now).about("replica", name).about("seen_by", "standby")
        };
        let bytes = standby.behind().filter(|_| standby.is_connected()).map(|bytes| bytes as f64);
        let mut measured = Measured::from(vec![
            exact(Metric::ReplicationConnected, Some(flag(standby.is_connected()))),
            exact(Metric::ReplicationReplayLagSeconds, lag.0).by(lag.1, lag.2),
            exact(Metric::ReplicationReplayLagBytes, bytes),
            exact(Metric::ReplicationPaused, Some(flag(standby.paused))),
            exact(Metric::ReplicationApplyDelaySeconds, Some(standby.delay)),
        ]);
        if standby.status.is_none() && standby.received.is_some() && standby.replayed_age.is_some()
        {
            measured.unseen.push(
                "no WAL receiver is visible: it does not run, or this role lacks pg_monitor".into(),
            );
        }
        measured
    }

    /// Seconds, how they were come by, and by how much they may be wrong.
    fn lag(&mut self, at: Instant, standby: &Standby) -> (Option<f64>, &'static str, Option<f64>) {
        if !standby.is_connected() {
            self.stuck = None;
            return (None, "disconnected", None);
        }
        let (Some(behind), Some(replay)) = (standby.behind(), standby.replay) else {
            return (None, "not known yet", None);
        };
        if behind == 0 {
            self.stuck = None;
            // What the primary says arrives with its next message.
            return (Some(0.0), "caught up", standby.message_age.map(|age| age.max(0.0)));
        }
        let since = match self.stuck {
            Some((since, position)) if position == replay => since,
            _ => {
                self.stuck = Some((at, replay));
                at
            }
        };
        let standing = at.saturating_duration_since(since).as_secs_f64();
        match standby.replayed_age {
            // Of an idle primary the age says how long nothing was committed, not a lag: but here
            // something is to be replayed, so it is the bound.
            Some(age) => (Some(age.max(standing)), "age of the last replayed transaction", None),
            None if standing > Duration::ZERO.as_secs_f64() => {
                (Some(standing), "time that replay has stood still", None)
            }
            None => (None, "not known yet", None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standby() -> Standby {
        Standby {
            replay: Some(1_000),
            received: Some(1_000),
            replayed_age: Some(3_600.0),
            status: Some("streaming".to_owned()),
            message_age: Some(1.0),
            paused: false,
            delay: 0.0,
            name: "db2".to_owned(),
        }
    }

    #[test]
    fn a_standby_of_an_idle_primary_has_no_lag_however_old_its_last_transaction_is() {
        let (lag, method, _) = Receiver::default().lag(Instant::now(), &standby());
        assert_eq!((lag, method), (Some(0.0), "caught up"));
    }

    #[test]
    fn a_standby_without_a_receiver_has_an_unknown_lag_though_it_replayed_all_it_has() {
        let cut = Standby { status: None, ..standby() };
        assert_eq!(Receiver::default().lag(Instant::now(), &cut).0, None);
        let swallowed = Standby { message_age: Some(40.0), ..standby() };
        assert_eq!(Receiver::default().lag(Instant::now(), &swallowed).0, None);
    }

    #[test]
    fn a_standby_that_has_something_to_replay_is_as_late_as_its_last_transaction() {
        let behind = Standby { received: Some(9_000), replayed_age: Some(12.0), ..standby() };
        assert_eq!(Receiver::default().lag(Instant::now(), &behind).0, Some(12.0));
    }
}
