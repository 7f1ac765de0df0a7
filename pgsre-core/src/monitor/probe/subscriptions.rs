//! Logical subscriptions, on the side that receives.

use async_trait::async_trait;

use super::window::Window;
use super::{Measured, Probe, ProbeContext};
use crate::monitor::{Metric, ProbeError, Sample};

/// One row a subscription of this database; rows with a `relid` are workers that copy one table.
const SUBSCRIPTIONS: &[(u32, &str)] = &[
    (
        15,
        "\
    SELECT s.subname::text, \
           EXISTS (SELECT FROM pg_stat_subscription w WHERE w.subid = s.oid \
                   AND w.relid IS NULL AND w.pid IS NOT NULL), \
           (e.apply_error_count + e.sync_error_count)::float8, e.stats_reset::text \
      FROM pg_subscription s LEFT JOIN pg_stat_subscription_stats e ON e.subid = s.oid \
     WHERE s.subenabled AND s.subdbid = (SELECT oid FROM pg_database \
           WHERE datname = current_database())",
    ),
    (
        0,
        "\
    SELECT s.subname::text, \
           EXISTS (SELECT FROM pg_stat_subscription w WHERE w.subid = s.oid \
                   AND w.relid IS NULL AND w.pid IS NOT NULL), \
           NULL::float8, NULL::text \
      FROM pg_subscription s \
     WHERE s.subenabled AND s.subdbid = (SELECT oid FROM pg_database \
           WHERE datname = current_database())",
    ),
];

/// Enabled logical subscriptions of the database that is watched.
#[derive(Debug, Default)]
pub struct Subscriptions {
    errors: Window<String>,
}

#[async_trait]
impl Probe for Subscriptions {
    fn name(&self) -> &'static str {
        "subscriptions"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[Metric::SubscriptionRunning, Metric::SubscriptionErrors]
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        let mut samples = Vec::new();
        for row in cx.rows(cx.choose(SUBSCRIPTIONS), &[]).await? {
            let name: String = row.try_get(0)?;
            let running = if row.try_get(1)? { 1.0 } else { 0.0 };
            let of =
                |metric, value| Sample::maybe(metric, value, cx.now).about("subscription", &name);
            samples.push(of(Metric::SubscriptionRunning, Some(running)));
            if let Some(errors) = row.try_get::<_, Option<f64>>(2)? {
                let rise =
                    self.errors.advance(name.clone(), cx.instant, row.try_get(3)?, vec![errors]);
                samples.push(of(Metric::SubscriptionErrors, rise.and_then(|rise| rise.rate(0))));
            }
        }
        Ok(samples.into())
    }
}
