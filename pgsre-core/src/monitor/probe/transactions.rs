//! What the server gets done: transactions, rollbacks, deadlocks, temporary files.

use async_trait::async_trait;

use super::window::Window;
use super::{Measured, Probe, ProbeContext};
use crate::monitor::{Metric, ProbeError, Sample};

/// Counters of all databases. The epoch tells a reset of any of them, or a restart.
const COUNTERS: &str = "\
    SELECT sum(xact_commit)::float8, sum(xact_rollback)::float8, sum(deadlocks)::float8, \
           sum(conflicts)::float8, sum(temp_bytes)::float8, \
           max(stats_reset)::text || pg_postmaster_start_time()::text || count(*) \
      FROM pg_stat_database";

/// Transactions, rollbacks, deadlocks, conflicts and temporary files of all databases.
#[derive(Debug, Default)]
pub struct Transactions {
    window: Window<()>,
}

const RATES: &[Metric] = &[
    Metric::TransactionsCommitRate,
    Metric::TransactionsRollbackRate,
    Metric::TransactionsDeadlockRate,
    Metric::TransactionsConflictRate,
    Metric::TemporaryBytesRate,
];

#[async_trait]
impl Probe for Transactions {
    fn name(&self) -> &'static str {
        "transactions"
    }

    fn metrics(&self) -> &'static [Metric] {
        RATES
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        let row = cx.row(COUNTERS).await?;
        let counters: Vec<f64> =
            (0..RATES.len()).map(|at| row.try_get(at)).collect::<Result<_, _>>()?;
        let rise = self.window.advance((), cx.instant, row.try_get(RATES.len())?, counters);
        let samples = RATES.iter().enumerate().map(|(at, metric)| {
            Sample::maybe(*metric, rise.as_ref().and_then(|rise| rise.rate(at)), cx.now)
        });
        Ok(samples.collect::<Vec<_>>().into())
    }
}
