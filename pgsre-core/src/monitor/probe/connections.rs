//! Connections against what may be used.

use async_trait::async_trait;

use super::{Measured, Probe, ProbeContext};
use crate::monitor::{Metric, ProbeError, Sample};

/// What ordinary roles may hold: `reserved_connections` came with 16.
const USABLE: &str = "\
    SELECT max(setting::float8) FILTER (WHERE name = 'max_connections') \
           - coalesce(sum(setting::float8) FILTER (WHERE name <> 'max_connections'), 0) \
      FROM pg_show_all_settings() \
     WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')";

/// Client backends; `state` is NULL for those that this role may not see.
const CLIENTS: &str = "\
    SELECT count(*), count(*) FILTER (WHERE state = 'active'), \
           count(*) FILTER (WHERE state LIKE 'idle in transaction%'), \
           count(*) FILTER (WHERE wait_event_type = 'Lock'), \
           count(*) FILTER (WHERE state IS NULL AND query = '<insufficient privilege>'), \
           array_agg(wait_event_type) FILTER (WHERE state = 'active') \
      FROM pg_stat_get_activity(NULL) WHERE backend_type = 'client backend'";

/// What a statement may wait for, but for its client. Extensions cannot add to them.
const WAITS: [&str; 7] = ["Lock", "LWLock", "IO", "IPC", "BufferPin", "Timeout", "Extension"];

/// Connections against what ordinary roles may hold.
#[derive(Debug)]
pub struct Connections;

#[async_trait]
impl Probe for Connections {
    fn name(&self) -> &'static str {
        "connections"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[
            Metric::ConnectionsUsed,
            Metric::ConnectionsUsable,
            Metric::ConnectionsSaturation,
            Metric::ConnectionsActive,
            Metric::ConnectionsIdleInTransaction,
            Metric::ConnectionsWaiting,
            Metric::ConnectionsWaits,
        ]
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        let usable: f64 = cx.row(USABLE).await?.try_get(0)?;
        let row = cx.row(CLIENTS).await?;
        let count =
            |at| -> Result<f64, tokio_postgres::Error> { Ok(row.try_get::<_, i64>(at)? as f64) };
        let (used, hidden) = (count(0)?, count(4)?);
        let visible = |value| (hidden == 0.0).then_some(value);
        let of = |metric, value| Sample::maybe(metric, value, cx.now);
        let mut measured = Measured::from(vec![
            of(Metric::ConnectionsUsed, Some(used)),
            of(Metric::ConnectionsUsable, Some(usable)),
            of(Metric::ConnectionsSaturation, Some(used / usable)),
            of(Metric::ConnectionsActive, visible(count(1)?)),
            of(Metric::ConnectionsIdleInTransaction, visible(count(2)?)),
            of(Metric::ConnectionsWaiting, visible(count(3)?)),
        ]);
        let waits: Option<Vec<Option<String>>> = row.try_get(5)?;
        let waits = waits.unwrap_or_default();
        for kind in WAITS {
            let count = waits.iter().flatten().filter(|wait| *wait == kind).count();
            let sample = of(Metric::ConnectionsWaits, visible(count as f64));
            measured.samples.push(sample.about("type", kind));
        }
        if hidden > 0.0 {
            measured.unseen.push(format!(
                "what {hidden} of {used} connections do is not visible to this role: grant \
                 pg_monitor to it"
            ));
        }
        Ok(measured)
    }
}
