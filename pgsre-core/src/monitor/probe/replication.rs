//! Replicas as the server that they receive from sees them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use answers::{Answers, Presence};
use async_trait::async_trait;
use tokio_postgres::Row;

use super::positions::{Age, Positions};
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

/// How long a replica that was seen is expected to come back.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// Replicas as the server that they receive from sees them, with those that are expected and absent.
///
/// Seconds of lag come, in this order, from: the replica being where the server is; the server's own
/// `replay_lag` with the age of the replica's answer, while replay gets on; the time when the server
/// itself was where the replica is now, from earlier readings, which bounds the former, too. A replica
/// that is not connected has no lag, never 0.
///
/// Configured replicas are those of a primary: nodes that take turns name each other, and only one of them is
/// followed. A server that is a standby expects those that it had since it became one, and those that have
/// a slot.
#[derive(Debug, Default)]
pub struct Replication {
    standby: bool,
    /// When the server was where.
    positions: Positions,
    seen: BTreeMap<String, Seen>,
}

/// A replica that was there.
#[derive(Debug)]
struct Seen {
    at: Instant,
    slot: Option<String>,
    answers: Answers,
    replay: Option<i64>,
}

const METRICS: &[Metric] = &[
    Metric::ReplicationConnected,
    Metric::ReplicationReplayLagSeconds,
    Metric::ReplicationSendLagBytes,
    Metric::ReplicationWriteLagBytes,
    Metric::ReplicationFlushLagBytes,
    Metric::ReplicationReplayLagBytes,
    Metric::ReplicationAnswerAgeSeconds,
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

    fn answer(&self) -> answers::Answer {
        answers::Answer { by_its_clock: self.reply, age: self.reply_age }
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
        self.note_role(cx.standby);
        if let Some(here) = replicas.iter().find_map(|replica| replica.here) {
            self.positions.note(cx.instant, here);
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
        let configured = if cx.standby { &[] } else { cx.standbys };
        for name in self.absent(configured, &present, slots) {
            measured.samples.extend(disconnected(cx, &name));
        }
        measured
    }

    /// Who followed a primary need not follow it as a standby, and the other way round.
    fn note_role(&mut self, standby: bool) {
        if self.standby != standby {
            self.standby = standby;
            self.seen.clear();
            self.positions.clear();
        }
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

    fn samples(
        &mut self,
        cx: &ProbeContext<'_>,
        name: &str,
        replica: &Replica,
        measured: &mut Measured,
    ) {
        let of = |metric, value| Sample::maybe(metric, value, cx.now).about("replica", name);
        let unknown = || METRICS.iter().map(|metric| of(*metric, None));
        let Some(state) = &replica.state else {
            measured.unseen.push(format!(
                "the state of replica {name} is not visible to this role: grant pg_monitor to it"
            ));
            measured.samples.extend(unknown());
            return;
        };
        let (presence, has_moved) = self.look_at(cx.instant, name, replica);
        let (silence, answers) = match presence {
            Presence::Absent => return measured.samples.extend(disconnected(cx, name)),
            Presence::Unknown => {
                let why =
                    "its next answer is waited for: the last one is old, or its clock is wrong";
                return measured.samples.extend(unknown().map(|sample| sample.by(why, None)));
            }
            Presence::Silent(silence) => (silence, false),
            Presence::Answered(silence) => (silence, state == "streaming"),
        };
        let answered = answers.then_some(silence.least);
        let (lag, method, error) = self.lag(cx.instant, replica, answered, has_moved);
        let delay = cx.delays.get(name).map_or(0.0, Duration::as_secs_f64);
        let lag = lag.map(|lag| (lag - delay).max(0.0));
        measured.samples.extend([
            of(Metric::ReplicationConnected, Some(1.0)),
            of(Metric::ReplicationReplayLagSeconds, lag).by(method, error),
            of(Metric::ReplicationSendLagBytes, replica.behind(replica.sent)),
            of(Metric::ReplicationWriteLagBytes, replica.behind(replica.write)),
            of(Metric::ReplicationFlushLagBytes, replica.behind(replica.flush)),
            of(Metric::ReplicationReplayLagBytes, replica.behind(replica.replay)),
            of(Metric::ReplicationAnswerAgeSeconds, Some(silence.most.as_secs_f64())),
        ]);
    }

    /// Whether the replica is there, and whether its replay got on since the last reading.
    fn look_at(&mut self, at: Instant, name: &str, replica: &Replica) -> (Presence, bool) {
        let answer = replica.answer();
        let owed = replica.write.and_then(|written| self.positions.age(at, written).least);
        let seen = self.seen.entry(name.to_owned()).or_insert_with(|| Seen {
            at,
            slot: replica.slot.clone(),
            answers: Answers::first(at, answer),
            replay: replica.replay,
        });
        let has_moved = seen.replay != replica.replay;
        (seen.at, seen.replay) = (at, replica.replay);
        (seen.answers.next(at, answer, owed), has_moved)
    }

    /// Seconds, how they were come by, and by how much they may be wrong. `answered` is the age of the
    /// replica's last answer; `None` where it does not answer.
    fn lag(
        &self,
        at: Instant,
        replica: &Replica,
        answered: Option<Duration>,
        has_moved: bool,
    ) -> (Option<f64>, &'static str, Option<f64>) {
        let (Some(here), Some(replay)) = (replica.here, replica.replay) else {
            return (None, "the replica reports no position", None);
        };
        if replay >= here && answered.is_some() {
            return (Some(0.0), "caught up", Some(0.0));
        }
        let Age { least, most } = self.positions.age(at, replay);
        let lower = least.unwrap_or(0.0);
        // It stays as it was while replay stands still, and while no answer comes.
        let told = replica.replay_lag.zip(answered).filter(|_| has_moved);
        match (told, most) {
            (Some((lag, age)), most) => {
                let upper = most.unwrap_or(f64::INFINITY);
                let lag = (lag + age.as_secs_f64()).min(upper).max(lower);
                (Some(lag), "replay_lag", most.map(|most| (most - lag).max(0.0)))
            }
            (None, Some(most)) => (Some(most), "position history", Some(most - lower)),
            (None, None) if answered.is_some() && lower > 0.0 => {
                (Some(lower), "at least: since it is watched", None)
            }
            (None, None) => (None, "not known yet", None),
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

mod answers;
#[cfg(test)]
mod tests;
