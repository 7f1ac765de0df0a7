//! Who waits for whom, and which transactions are old.

use async_trait::async_trait;

use super::{Measured, Probe, ProbeContext};
use crate::monitor::{Metric, ProbeError, Sample};

/// Backends that wait for another's lock. `waitstart` came with 14; before, the statement's
/// age is the bound. It is NULL for the first instants of a wait.
const WAITERS: &[(u32, &str)] = &[
    (
        14,
        "\
    SELECT count(DISTINCT l.pid)::float8, \
           max(extract(epoch FROM clock_timestamp() - l.waitstart))::float8 \
      FROM pg_lock_status() l WHERE NOT l.granted",
    ),
    (
        0,
        "\
    SELECT count(DISTINCT l.pid)::float8, \
           max(extract(epoch FROM clock_timestamp() - a.state_change))::float8 \
      FROM pg_lock_status() l JOIN pg_stat_get_activity(NULL) a USING (pid) WHERE NOT l.granted",
    ),
];

/// The oldest transaction of a client, and the oldest row version that vacuum must keep.
const OLDEST: &str = "\
    SELECT (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 \
              FROM pg_stat_get_activity(NULL) WHERE backend_type = 'client backend' \
               AND pid <> pg_backend_pid()), \
           greatest((SELECT max(age(backend_xmin)) FROM pg_stat_get_activity(NULL)), \
                    (SELECT max(age(xmin)) FROM pg_get_replication_slots()), \
                    (SELECT max(age(catalog_xmin)) FROM pg_get_replication_slots()), \
                    (SELECT max(age(transaction)) FROM pg_prepared_xact()), 0)::float8";

/// Waiting for locks, old transactions.
#[derive(Debug)]
pub struct Locks;

#[async_trait]
impl Probe for Locks {
    fn name(&self) -> &'static str {
        "locks"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[
            Metric::LocksBlocked,
            Metric::LocksLongestWaitSeconds,
            Metric::LongestTransactionSeconds,
            Metric::OldestXminAge,
        ]
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        let waiters = cx.row(cx.choose(WAITERS)).await?;
        let blocked: f64 = waiters.try_get(0)?;
        let longest: Option<f64> = waiters.try_get(1)?;
        let longest = if blocked == 0.0 { Some(0.0) } else { longest.map(|wait| wait.max(0.0)) };
        let oldest = cx.row(OLDEST).await?;
        let of = |metric, value| Sample::maybe(metric, value, cx.now);
        Ok(vec![
            of(Metric::LocksBlocked, Some(blocked)),
            of(Metric::LocksLongestWaitSeconds, longest),
            of(Metric::LongestTransactionSeconds, oldest.try_get(0)?),
            of(Metric::OldestXminAge, oldest.try_get(1)?),
        ]
        .into())
    }
}
