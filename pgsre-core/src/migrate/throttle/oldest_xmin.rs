//! Row versions that no vacuum may remove.

use async_trait::async_trait;

use super::{Signal, Throttle, ThrottleContext};
use crate::migrate::error::ApplyError;

/// As the monitor's probe of locks has it.
const AGE: &str = "\
    SELECT greatest((SELECT max(age(backend_xmin)) FROM pg_stat_get_activity(NULL)), \
                    (SELECT max(age(xmin)) FROM pg_get_replication_slots()), \
                    (SELECT max(age(transaction)) FROM pg_prepared_xact()), 0)::float8";

/// Waits while somebody needs row versions from more than this many transactions ago: each batch leaves
/// as many dead rows as it changes, and none of them could be vacuumed.
#[derive(Clone, Copy, Debug)]
pub struct OldestXmin(
    /// How many are in order.
    pub u32,
);

#[async_trait]
impl Throttle for OldestXmin {
    fn name(&self) -> &str {
        "oldest xmin"
    }

    async fn look(&mut self, cx: &mut ThrottleContext<'_>) -> Result<Signal, ApplyError> {
        let age = cx.figure(AGE).await?;
        Ok(Signal::within(age, f64::from(self.0), "transactions since the oldest snapshot"))
    }
}
