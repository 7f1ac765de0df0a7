//! How busy the server is.

use async_trait::async_trait;

use super::{Signal, Throttle, ThrottleContext};
use crate::migrate::error::ApplyError;

/// Ours are not counted: they wait for the answer.
const ACTIVE: &str = "\
    SELECT count(*)::float8 FROM pg_stat_activity \
     WHERE backend_type = 'client backend' AND state = 'active' \
       AND application_name NOT LIKE 'pgsre m%'";

const BLOCKED: &str = "\
    SELECT count(*)::float8 FROM pg_stat_activity \
     WHERE wait_event_type = 'Lock' AND application_name NOT LIKE 'pgsre m%'";

/// Waits while more sessions than this are at work.
#[derive(Clone, Copy, Debug)]
pub struct ActiveSessions(
    /// How many are in order.
    pub u32,
);

/// Waits while more sessions than this wait for locks.
#[derive(Clone, Copy, Debug)]
pub struct BlockedSessions(
    /// How many are in order.
    pub u32,
);

#[async_trait]
impl Throttle for ActiveSessions {
    fn name(&self) -> &str {
        "active sessions"
    }

    async fn look(&mut self, cx: &mut ThrottleContext<'_>) -> Result<Signal, ApplyError> {
        Ok(Signal::within(cx.figure(ACTIVE).await?, f64::from(self.0), "sessions at work"))
    }
}

#[async_trait]
impl Throttle for BlockedSessions {
    fn name(&self) -> &str {
        "blocked sessions"
    }

    async fn look(&mut self, cx: &mut ThrottleContext<'_>) -> Result<Signal, ApplyError> {
        let blocked = cx.figure(BLOCKED).await?;
        Ok(Signal::within(blocked, f64::from(self.0), "sessions that wait for a lock"))
    }
}
