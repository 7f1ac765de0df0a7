//! Archiving of write-ahead log.

use async_trait::async_trait;

use super::{Measured, Probe, ProbeContext};
use crate::monitor::{Metric, ProbeError, Sample};

/// Whether the last attempt failed. On a standby only `archive_mode = always` archives.
const ARCHIVER: &str = "\
    SELECT CASE current_setting('archive_mode') WHEN 'off' THEN false \
           WHEN 'on' THEN NOT pg_is_in_recovery() ELSE true END, \
           last_failed_time IS NOT NULL \
             AND (last_archived_time IS NULL OR last_failed_time > last_archived_time) \
      FROM pg_stat_archiver";

/// Open to `pg_monitor`.
const LIST_WAITING: &str = "pg_catalog.pg_ls_archive_statusdir()";

const WAITING: &str =
    "SELECT count(*)::float8 FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'";

/// Whether archiving fails, and what waits for it.
#[derive(Debug)]
pub struct Archiver;

#[async_trait]
impl Probe for Archiver {
    fn name(&self) -> &'static str {
        "archiver"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[Metric::ArchiverFailing, Metric::ArchiverBacklog]
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        let row = cx.row(ARCHIVER).await?;
        if !row.try_get::<_, bool>(0)? {
            return Ok(Measured::default());
        }
        let failing = if row.try_get(1)? { 1.0 } else { 0.0 };
        let backlog = cx.figure_of(LIST_WAITING, WAITING).await?;
        let mut measured = Measured::from(vec![
            Sample::exact(Metric::ArchiverFailing, failing, cx.now),
            Sample::maybe(Metric::ArchiverBacklog, backlog, cx.now),
        ]);
        if backlog.is_none() {
            measured.unseen.push(
                "what waits to be archived is not visible to this role: grant pg_monitor to it"
                    .into(),
            );
        }
        Ok(measured)
    }
}
