//! Replication slots: who keeps write-ahead log, and how much.

use async_trait::async_trait;

use super::{Measured, Probe, ProbeContext};
use crate::monitor::{Metric, ProbeError, Sample};

/// `safe_wal_size` is NULL where `max_slot_wal_keep_size` sets no limit. From 17 a standby holds
/// copies of its primary's slots, which always look idle there.
const SLOTS: &[(u32, &str)] = &[
    (
        17,
        "\
    SELECT slot_name::text, slot_type, active, (p.here - restart_lsn)::int8, safe_wal_size, \
           wal_status = 'lost' OR invalidation_reason IS NOT NULL \
      FROM pg_get_replication_slots() CROSS JOIN (SELECT CASE WHEN pg_is_in_recovery() \
           THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS here) p \
     WHERE NOT temporary AND NOT synced",
    ),
    (
        0,
        "\
    SELECT slot_name::text, slot_type, active, (p.here - restart_lsn)::int8, safe_wal_size, \
           wal_status = 'lost' \
      FROM pg_get_replication_slots() CROSS JOIN (SELECT CASE WHEN pg_is_in_recovery() \
           THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS here) p \
     WHERE NOT temporary",
    ),
];

/// Replication slots, physical and logical.
#[derive(Debug)]
pub struct Slots;

#[async_trait]
impl Probe for Slots {
    fn name(&self) -> &'static str {
        "slots"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[Metric::SlotActive, Metric::SlotRetainedBytes, Metric::SlotSafeBytes, Metric::SlotLost]
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        let mut samples = Vec::new();
        for row in cx.rows(cx.choose(SLOTS), &[]).await? {
            let (slot, kind): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let flag = |at| -> Result<Option<f64>, tokio_postgres::Error> {
                Ok(row.try_get::<_, Option<bool>>(at)?.map(|is| if is { 1.0 } else { 0.0 }))
            };
            let bytes = |at| -> Result<Option<f64>, tokio_postgres::Error> {
                Ok(row.try_get::<_, Option<i64>>(at)?.map(|bytes| bytes as f64))
            };
            let of = |metric, value| {
                Sample::maybe(metric, value, cx.now).about("slot", &slot).about("type", &kind)
            };
            samples.extend([
                of(Metric::SlotActive, flag(2)?),
                of(Metric::SlotRetainedBytes, bytes(3)?.map(|bytes| bytes.max(0.0))),
                of(Metric::SlotSafeBytes, bytes(4)?),
                of(Metric::SlotLost, flag(5)?),
            ]);
        }
        Ok(samples.into())
    }
}
