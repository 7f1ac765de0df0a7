//! Replicas as the server that they receive from sees them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio_postgres::Row;

use super::{Measured, Probe, ProbeContext};
use crate::monitor::{Metric, ProbeError, Sample};

/// One row a physical replica, positions as bytes since the log's beginning.
///
/// The reference is what a standby itself has received where the server is one: the current
/// position is an error there. `reply_time` is by the standby's clock, so only whether it changes
/// is used where that is known. `pg_basebackup` and `pg_rewind` are no replicas.
///
/// These are the functions behind the views: the views look at catalogues, too, and those may be
/// locked.
const REPLICAS: &str = "\
    SELECT a.application_name, host(a.client_addr), s.slot_name::text, r.state, \
           (p.here - '0/0')::int8, (r.sent_lsn - '0/0')::int8, (r.write_lsn - '0/0')::int8, \
           (r.flush_lsn - '0/0')::int8, (r.replay_lsn - '0/0')::int8, \
           extract(epoch FROM r.replay_lag)::float8, extract(epoch FROM r.reply_time)::float8, \
           extract(epoch FROM clock_timestamp() - r.reply_time)::float8 \
      FROM pg_stat_get_wal_senders() r JOIN pg_stat_get_activity(NULL) a USING (pid) \
      LEFT JOIN pg_get_replication_slots() s ON s.active_pid = r.pid \
     CROSS JOIN (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() \
                             ELSE pg_current_wal_lsn() END AS here) p \
     WHERE s.slot_type IS DISTINCT FROM 'logical' AND r.state IS DISTINCT FROM 'backup' \
       AND a.application_name NOT IN ('pg_basebackup', 'pg_rewind')";

/// Physical slots: each says that somebody is expected. A standby's copies of its primary's slots
/// always look idle.
const SLOTS: &[(u32, &str)] = &[
    (
        17,
        "SELECT slot_name::text FROM pg_get_replication_slots() WHERE slot_type = 'physical' \
          AND NOT temporary AND NOT synced",
    ),
    (
        0,
        "SELECT slot_name::text FROM pg_get_replication_slots() WHERE slot_type = 'physical' \
         AND NOT temporary",
    ),
];

/// The name that a standby has unless it is given one.
const NAMELESS: &str = "walreceiver";

/// Without an answer for three of a standby's status intervals (10 s each by default), it is not
/// there, whatever the row says: the row stays until `wal_sender_timeout`.
const SILENT: Duration = Duration::from_secs(30);

/// A standby answers at least once in an interval while it receives: silence for longer while there
/// is more to send is a network that swallows packets.
const SILENT_UNDER_LOAD: Duration = Duration::from_secs(12);

/// How long a replica that was seen is expected to come back.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// Positions kept to tell how old a replica's position is.
const POSITIONS: usize = 4096;

/// Replicas as the server that they receive from sees them, with those that are expected and absent.
///
/// Seconds of lag come, in this order, from: the replica being where the server is; the time when
/// the server itself was where the replica is now, from earlier readings; the server's own
/// `replay_lag`, while the replica answers. A replica that is not connected has no lag, never 0.
#[derive(Debug, Default)]
pub struct Replication {
    /// When the server was where, the oldest first.
    positions: VecDeque<(Instant, i64)>,
    seen: BTreeMap<String, Seen>,
}

/// A replica that was there.
#[derive(Debug)]
struct Seen {
    at: Instant,
    slot: Option<String>,
    /// Its last answer, by its own clock.
    reply: Option<f64>,
    /// Since when that is its last answer.
    reply_since: Instant,
    /// Where the server was then.
    here_then: i64,
}

const METRICS: &[Metric] = &[
    Metric::ReplicationConnected,
    Metric::ReplicationReplayLagSeconds,
    Metric::ReplicationSendLagBytes,
    Metric::ReplicationWriteLagBytes,
    Metric::ReplicationFlushLagBytes,
    Metric::ReplicationReplayLagBytes,
];

#[async_trait]
impl Probe for Replication {
    fn name(&self) -> &'static str {
        "replication"
    }

    fn metrics(&self) -> &'static [Metric] {
        METRICS
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        let rows = cx.rows(REPLICAS, &[]).await?;
        let replicas: Vec<Replica> = rows.iter().map(Replica::read).collect::<Result<_, _>>()?;
        let slots: BTreeSet<String> = cx
            .rows(cx.choose(SLOTS), &[])
            .await?
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<_, _>>()?;
        Ok(self.judge(cx, &replicas, &slots))
    }
}

/// What the server says of one replica.
#[derive(Clone, Debug, Default)]
struct Replica {
    application: String,
    address: Option<String>,
    slot: Option<String>,
    /// `None` for a role that may not see it.
    state: Option<String>,
    here: Option<i64>,
    sent: Option<i64>,
    write: Option<i64>,
    flush: Option<i64>,
    replay: Option<i64>,
    replay_lag: Option<f64>,
    reply: Option<f64>,
    reply_age: Option<f64>,
}

impl Replica {
    fn read(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            application: row.try_get::<_, Option<String>>(0)?.unwrap_or_default(),
            address: row.try_get(1)?,
            slot: row.try_get(2)?,
            state: row.try_get(3)?,
            here: row.try_get(4)?,
            sent: row.try_get(5)?,
            write: row.try_get(6)?,
            flush: row.try_get(7)?,
            replay: row.try_get(8)?,
            replay_lag: row.try_get(9)?,
            reply: row.try_get(10)?,
            reply_age: row.try_get(11)?,
        })
    }

    fn is_called(&self, name: &str) -> bool {
        self.application == name
            || self.slot.as_deref() == Some(name)
            || self.address.as_deref() == Some(name)
    }

    /// The name that the configuration has for it, else its own, its slot's, its address.
    fn name(&self, configured: &[String]) -> String {
        if let Some(name) = configured.iter().find(|name| self.is_called(name)) {
            return name.clone();
        }
        let own = Some(&self.application).filter(|name| !name.is_empty() && *name != NAMELESS);
        own.or(self.slot.as_ref()).or(self.address.as_ref()).unwrap_or(&self.application).clone()
    }

    fn behind(&self, position: Option<i64>) -> Option<f64> {
        // The server goes on between reading its own position and a replica's.
        Some((self.here? - position?).max(0) as f64)
    }
}

impl Replication {
    fn judge(
        &mut self,
        cx: &ProbeContext<'_>,
        replicas: &[Replica],
        slots: &BTreeSet<String>,
    ) -> Measured {
        if let Some(here) = replicas.iter().find_map(|replica| replica.here) {
            self.note_position(cx.instant, here);
        }
        let mut measured = Measured::default();
        let mut present = BTreeSet::new();
        for replica in replicas {
            let mut name = replica.name(cx.standbys);
            while !present.insert(name.clone()) {
                // Two of one name are two replicas all the same.
                name.push('\'');
            }
            self.samples(cx, &name, replica, &mut measured);
        }
        self.seen.retain(|_, seen| cx.instant.duration_since(seen.at) <= REMEMBERED);
        for name in self.absent(cx.standbys, &present, slots) {
            measured.samples.extend(disconnected(cx, &name));
        }
        measured
    }

    /// Those that are configured, were seen, or have a slot, and are not there.
    fn absent(
        &self,
        configured: &[String],
        present: &BTreeSet<String>,
        slots: &BTreeSet<String>,
    ) -> BTreeSet<String> {
        let known: BTreeSet<&String> = configured.iter().chain(self.seen.keys()).collect();
        let is_known = |slot: &String| {
            known.iter().any(|name| is_slot_of(slot, name))
                || self.seen.values().any(|seen| seen.slot.as_ref() == Some(slot))
        };
        let nameless = slots.iter().filter(|slot| !is_known(slot));
        let expected = known.iter().copied().chain(nameless);
        expected.filter(|name| !present.contains(*name)).cloned().collect()
    }

    fn note_position(&mut self, at: Instant, here: i64) {
        // On a promoted or restored server the log may begin again further back.
        self.positions.retain(|(_, position)| *position <= here);
        if self.positions.len() == POSITIONS {
            self.positions.pop_front();
        }
        self.positions.push_back((at, here));
    }

    fn samples(
        &mut self,
        cx: &ProbeContext<'_>,
        name: &str,
        replica: &Replica,
        measured: &mut Measured,
    ) {
        let Some(state) = &replica.state else {
            measured.unseen.push(format!(
                "the state of replica {name} is not visible to this role: grant pg_monitor to it"
            ));
            measured.samples.extend(
                METRICS
                    .iter()
                    .map(|metric| Sample::unknown(*metric, cx.now).about("replica", name)),
            );
            return;
        };
        if self.is_silent(cx.instant, name, replica) {
            measured.samples.extend(disconnected(cx, name));
            return;
        }
        let fresh = self.reply_age(cx.instant, name, replica) <= SILENT_UNDER_LOAD;
        let (lag, method, error) = self.lag(cx.instant, replica, fresh && state == "streaming");
        let exact = |metric, value| Sample::maybe(metric, value, cx.now).about("replica", name);
        measured.samples.extend([
            exact(Metric::ReplicationConnected, Some(1.0)),
            Sample::maybe(Metric::ReplicationReplayLagSeconds, lag, cx.now)
                .about("replica", name)
                .by(method, error),
            exact(Metric::ReplicationSendLagBytes, replica.behind(replica.sent)),
            exact(Metric::ReplicationWriteLagBytes, replica.behind(replica.write)),
            exact(Metric::ReplicationFlushLagBytes, replica.behind(replica.flush)),
            exact(Metric::ReplicationReplayLagBytes, replica.behind(replica.replay)),
        ]);
    }

    /// Whether the replica is not there although its row is: it has not answered for too long.
    fn is_silent(&mut self, at: Instant, name: &str, replica: &Replica) -> bool {
        let here = replica.here.unwrap_or_default();
        let seen = self.seen.entry(name.to_owned()).or_insert_with(|| {
            // By two clocks, until the next answer.
            let age = Duration::try_from_secs_f64(replica.reply_age.unwrap_or(0.0).max(0.0));
            let since = age.ok().and_then(|age| at.checked_sub(age)).unwrap_or(at);
            Seen {
                at,
                slot: replica.slot.clone(),
                reply: replica.reply,
                reply_since: since,
                here_then: here,
            }
        });
        seen.at = at;
        if seen.reply != replica.reply {
            (seen.reply, seen.reply_since, seen.here_then) = (replica.reply, at, here);
        }
        let silent = at.saturating_duration_since(seen.reply_since);
        let under_load = here > seen.here_then;
        silent > SILENT || (under_load && silent > SILENT_UNDER_LOAD)
    }

    fn reply_age(&self, at: Instant, name: &str, replica: &Replica) -> Duration {
        let Some(seen) = self.seen.get(name) else { return Duration::MAX };
        if replica.reply.is_none() {
            return Duration::MAX;
        }
        at.saturating_duration_since(seen.reply_since)
    }

    /// Seconds, how they were come by, and by how much they may be wrong.
    fn lag(
        &self,
        at: Instant,
        replica: &Replica,
        answers: bool,
    ) -> (Option<f64>, &'static str, Option<f64>) {
        let (Some(here), Some(replay)) = (replica.here, replica.replay) else {
            return (None, "the replica reports no position", None);
        };
        if replay >= here && answers {
            return (Some(0.0), "caught up", Some(0.0));
        }
        let passed = self.positions.partition_point(|(_, position)| *position <= replay);
        if let (Some((then, _)), Some((next, _))) = (
            passed.checked_sub(1).and_then(|last| self.positions.get(last)),
            self.positions.get(passed),
        ) {
            // The replica is where the server was between the two: the older one is the bound.
            let error = next.saturating_duration_since(*then).as_secs_f64();
            let lag = at.saturating_duration_since(*then).as_secs_f64();
            return (Some(lag), "position history", Some(error));
        }
        match replica.replay_lag {
            Some(lag) if answers => (Some(lag), "replay_lag", None),
            _ => (None, "not known yet", None),
        }
    }
}

/// Whether the slot's name is the replica's, or has it as one of its words: `slot_db2`.
fn is_slot_of(slot: &str, replica: &str) -> bool {
    let replica = replica.replace(['-', '.'], "_");
    let (slot, replica) = (format!("_{slot}_"), format!("_{replica}_"));
    slot.contains(&replica)
}

fn disconnected(cx: &ProbeContext<'_>, name: &str) -> Vec<Sample> {
    let unknown = METRICS.iter().skip(1).map(|metric| {
        Sample::unknown(*metric, cx.now).about("replica", name).by("disconnected", None)
    });
    let connected = Sample::exact(Metric::ReplicationConnected, 0.0, cx.now).about("replica", name);
    std::iter::once(connected).chain(unknown).collect()
}

#[cfg(test)]
mod tests;
