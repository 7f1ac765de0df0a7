//! Checkpoints and the write-ahead log.

use async_trait::async_trait;

use super::window::Window;
use super::{Measured, Probe, ProbeContext};
use crate::monitor::{Metric, ProbeError, Sample};

/// 17 moved the counters to a view of their own.
const CHECKPOINTS: &[(u32, &str)] = &[
    (
        17,
        "\
    SELECT num_requested::float8, num_timed::float8, \
           stats_reset::text || pg_postmaster_start_time()::text FROM pg_stat_checkpointer",
    ),
    (
        0,
        "\
    SELECT checkpoints_req::float8, checkpoints_timed::float8, \
           stats_reset::text || pg_postmaster_start_time()::text FROM pg_stat_bgwriter",
    ),
];

/// Where the log is: what was inserted on a primary, received on a standby.
const POSITION: &str = "\
    SELECT ((CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() \
                  ELSE pg_current_wal_insert_lsn() END) - '0/0')::float8, \
           pg_is_in_recovery()::text";

/// Open to `pg_monitor`.
const LIST_DIRECTORY: &str = "pg_catalog.pg_ls_waldir()";

const DIRECTORY: &str = "SELECT sum(size)::float8 FROM pg_ls_waldir()";

/// Checkpoints, and how fast write-ahead log is written.
#[derive(Debug, Default)]
pub struct Checkpoints {
    checkpoints: Window<()>,
    log: Window<()>,
}

#[async_trait]
impl Probe for Checkpoints {
    fn name(&self) -> &'static str {
        "checkpoints"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[
            Metric::CheckpointsRequestedRate,
            Metric::CheckpointsTimedRate,
            Metric::WalRate,
            Metric::WalBytes,
        ]
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        let row = cx.row(cx.choose(CHECKPOINTS)).await?;
        let counters = vec![row.try_get(0)?, row.try_get(1)?];
        let rise = self.checkpoints.advance((), cx.instant, row.try_get(2)?, counters);
        let row = cx.row(POSITION).await?;
        let position: Option<f64> = row.try_get(0)?;
        let log = match position {
            Some(at) => self.log.advance((), cx.instant, row.try_get(1)?, vec![at]),
            None => None,
        };
        let directory = cx.figure_of(LIST_DIRECTORY, DIRECTORY).await?;
        let of = |metric, value| Sample::maybe(metric, value, cx.now);
        let rate = |at| rise.as_ref().and_then(|rise| rise.rate(at));
        let mut measured = Measured::from(vec![
            of(Metric::CheckpointsRequestedRate, rate(0)),
            of(Metric::CheckpointsTimedRate, rate(1)),
            of(Metric::WalRate, log.and_then(|log| log.rate(0))),
            of(Metric::WalBytes, directory),
        ]);
        if directory.is_none() {
            measured.unseen.push(
                "the size of the write-ahead log is not visible to this role: grant pg_monitor to it"
                    .into(),
            );
        }
        Ok(measured)
    }
}
