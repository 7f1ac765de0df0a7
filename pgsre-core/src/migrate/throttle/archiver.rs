//! Write-ahead log that waits to be archived.

use async_trait::async_trait;

use super::{Signal, Throttle, ThrottleContext};
use crate::migrate::error::ApplyError;

const ON: &str = "SELECT (current_setting('archive_mode') <> 'off')::int4::float8";

/// Open to `pg_monitor`; for others it is an error, which pauses.
const WAITING: &str =
    "SELECT count(*)::float8 FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'";

/// Waits while more segments of write-ahead log than this wait to be archived.
#[derive(Clone, Copy, Debug)]
pub struct ArchiverQueue(
    /// How many are in order.
    pub u32,
);

#[async_trait]
impl Throttle for ArchiverQueue {
    fn name(&self) -> &str {
        "archiver queue"
    }

    async fn look(&mut self, cx: &mut ThrottleContext<'_>) -> Result<Signal, ApplyError> {
        if cx.figure(ON).await? == 0.0 {
            return Ok(Signal::Go);
        }
        let waiting = cx.figure(WAITING).await?;
        Ok(Signal::within(waiting, f64::from(self.0), "segments that wait to be archived"))
    }
}
