//! A standby as it sees itself.

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
           pg_get_wal_replay_pause_state() <> 'not paused', \
           (SELECT setting::float8 / 1000 FROM pg_show_all_settings() WHERE name = 'recovery_min_apply_delay'), \
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
           pg_is_wal_replay_paused(), \
           (SELECT setting::float8 / 1000 FROM pg_show_all_settings() WHERE name = 'recovery_min_apply_delay'), \
           current_setting('cluster_name') \
      FROM (SELECT pg_last_wal_replay_lsn() AS lsn) replay \
      LEFT JOIN pg_stat_get_wal_receiver() w ON w.pid IS NOT NULL",
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
#[derive(Debug)]
pub struct Receiver;

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
            return Ok(Measured::default());
        }
        let row = cx.row(cx.choose(STANDBY)).await?;
        let standby = Standby {
            replay: row.try_get(0)?,
            received: row.try_get(1)?,
            replayed_age: row.try_get(2)?,
            status: row.try_get(3)?,
            message_age: row.try_get(4)?,
            paused: row.try_get::<_, Option<bool>>(5)?.unwrap_or_default(),
            delay: row.try_get::<_, Option<f64>>(6)?.unwrap_or_default(),
            name: row.try_get::<_, Option<String>>(7)?.unwrap_or_default(),
        };
        Ok(standby.judge(cx))
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

impl Standby {
    fn judge(&self, cx: &ProbeContext<'_>) -> Measured {
        let (lag, method, error) = self.lag();
        let name = if self.name.is_empty() { "self" } else { &self.name };
        let flag = |is: bool| if is { 1.0 } else { 0.0 };
        let exact = |metric, value| {
            Sample::maybe(metric, value, cx.now).about("replica", name).about("seen_by", "standby")
        };
        let bytes = self.behind().filter(|_| self.is_connected()).map(|bytes| bytes as f64);
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

    /// Seconds, how they were come by, and by how much they may be wrong.
    fn lag(&self) -> (Option<f64>, &'static str, Option<f64>) {
        if !self.is_connected() {
            return (None, "disconnected", None);
        }
        match (self.behind(), self.replayed_age) {
            // What the primary says arrives with its next message.
            (Some(0), _) => (Some(0.0), "caught up", self.message_age.map(|age| age.max(0.0))),
            // Of an idle primary the age says how long nothing was committed, not a lag: but here
            // something is to be replayed, so it is the bound.
            (Some(_), Some(age)) => {
                (Some(age.max(0.0)), "age of the last replayed transaction", None)
            }
            _ => (None, "not known: no transaction was replayed yet", None),
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
        let (lag, method, _) = standby().lag();
        assert_eq!((lag, method), (Some(0.0), "caught up"));
    }

    #[test]
    fn a_standby_without_a_receiver_has_an_unknown_lag_though_it_replayed_all_it_has() {
        let cut = Standby { status: None, ..standby() };
        assert_eq!(cut.lag().0, None);
        let swallowed = Standby { message_age: Some(40.0), ..standby() };
        assert_eq!(swallowed.lag().0, None);
    }

    #[test]
    fn a_standby_that_has_something_to_replay_is_as_late_as_its_last_transaction() {
        let behind = Standby { received: Some(9_000), replayed_age: Some(12.0), ..standby() };
        assert_eq!(behind.lag().0, Some(12.0));
        let fresh = Standby { replayed_age: None, ..behind };
        assert_eq!(fresh.lag().0, None, "just started: nothing says how late it is");
    }
}
