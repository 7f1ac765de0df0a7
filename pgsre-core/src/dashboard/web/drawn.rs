//! Charts as viewers get them: read once for all of them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::dashboard::{Dashboard, Range};
use crate::history::samples::SampleStoreError;

/// For how long charts are the same for everybody: less than most intervals between readings.
const SAME: Duration = Duration::from_secs(2);

/// A long range does not change within so many parts of it.
const PARTS: u32 = 720;

/// The charts that were asked for last.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    // Held while the history is read: who asks at the same time waits and gets the same.
    kept: Mutex<HashMap<(String, Range), (Instant, Bytes)>>,
}

impl Drawn {
    pub(super) async fn charts(
        &self,
        dashboard: &Dashboard,
        server: &str,
        range: Range,
    ) -> Result<Bytes, SampleStoreError> {
        let mut kept = self.kept.lock().await;
        let key = (server.to_owned(), range);
        let same = SAME.max(range.span() / PARTS);
        if let Some((at, json)) = kept.get(&key)
            && at.elapsed() < same
        {
            return Ok(json.clone());
        }
        kept.retain(|_, (at, _)| at.elapsed() < Range::Month.span() / PARTS);
        let charts = dashboard.charts(server, range, Timestamp::now()).await?;
        let json = Bytes::from(serde_json::to_vec(&charts).unwrap_or_default());
        kept.insert(key, (Instant::now(), json.clone()));
        Ok(json)
    }
}
