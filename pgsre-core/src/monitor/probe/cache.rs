//! How often a block was found in shared buffers.

use async_trait::async_trait;

use super::window::Window;
use super::{Measured, Probe, ProbeContext};
use crate::monitor::{Metric, ProbeError, Sample};

/// Blocks of the databases together; "read" includes what the operating system had in its cache.
const BLOCKS: &str = "\
    SELECT sum(blks_hit)::float8, sum(blks_read)::float8, \
           max(stats_reset)::text || pg_postmaster_start_time()::text || count(*) \
      FROM pg_stat_database";

/// Fewer blocks than this in a window (80 MB) say nothing about the cache: a connection that is made
/// anew reads some thousand of the catalogue's.
const FEWEST_BLOCKS: f64 = 10_000.0;

/// The cache hit ratio over the window: hit / (hit + read), weighted by volume. The counters since
/// the beginning of time would hide today behind last year.
#[derive(Debug, Default)]
pub struct Cache {
    window: Window<()>,
}

#[async_trait]
impl Probe for Cache {
    fn name(&self) -> &'static str {
        "cache"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[Metric::CacheHitRatio]
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        let row = cx.row(BLOCKS).await?;
        let counters = vec![row.try_get(0)?, row.try_get(1)?];
        let rise = self.window.advance((), cx.instant, row.try_get(2)?, counters);
        let ratio =
            rise.and_then(|rise| ratio(rise.by.first().copied()?, rise.by.get(1).copied()?));
        Ok(vec![Sample::maybe(Metric::CacheHitRatio, ratio, cx.now)].into())
    }
}

fn ratio(hit: f64, read: f64) -> Option<f64> {
    (hit + read >= FEWEST_BLOCKS).then(|| hit / (hit + read))
}

#[cfg(test)]
mod tests {
    use super::ratio;

    #[test]
    fn a_ratio_of_few_blocks_is_not_known() {
        assert_eq!(ratio(9_999.0, 0.0), None);
        assert_eq!(ratio(9_900.0, 100.0), Some(0.99));
        assert_eq!(ratio(0.0, 50_000.0), Some(0.0));
    }
}
