//! What is used, and what is free where that can be known.

use std::path::Path;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::{Measured, Probe, ProbeContext};
use crate::monitor::{Metric, ProbeError, Sample};

/// Databases and tablespaces that this role may look at. `pg_database_size` takes no lock that DDL
/// would hold; a size that is not visible is NULL.
const SIZES: &str = "\
    SELECT 'database', datname::text, CASE WHEN has_database_privilege(oid, 'CONNECT') \
           OR pg_has_role('pg_read_all_stats', 'USAGE') THEN pg_database_size(oid)::float8 END \
      FROM pg_database WHERE datallowconn \
     UNION ALL \
    SELECT 'tablespace', spcname::text, CASE WHEN pg_has_role('pg_read_all_stats', 'USAGE') \
           OR has_tablespace_privilege(oid, 'CREATE') THEN pg_tablespace_size(oid)::float8 END \
      FROM pg_tablespace WHERE spcname <> 'pg_global'";

/// Open to `pg_monitor`.
const LIST_TEMPORARY: &str = "pg_catalog.pg_ls_tmpdir()";

const TEMPORARY: &str = "SELECT coalesce(sum(size), 0)::float8 FROM pg_ls_tmpdir()";

/// Visible to superusers and `pg_read_all_settings` only: to others it is an error, which would end
/// the transaction that all probes share.
const DIRECTORY: &str = "\
    SELECT CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') \
                THEN current_setting('data_directory', true) END";

/// How often sizes are looked at anew: the server walks through every file of a database for that.
const RENEWAL: Duration = Duration::from_secs(60);

/// Sizes of databases and tablespaces, temporary files, and the file system's free space.
///
/// SQL never says what is free: that is measured where the server runs on this machine, and unknown
/// elsewhere, never guessed.
///
/// Sizes of databases and tablespaces are looked at once a minute at most, and are told with their
/// own time in between.
#[derive(Debug, Default)]
pub struct Disk {
    sizes: Option<(Instant, Measured)>,
}

#[async_trait]
impl Probe for Disk {
    fn name(&self) -> &'static str {
        "disk"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[
            Metric::DiskUsedBytes,
            Metric::DiskFreeBytes,
            Metric::DiskFreeRatio,
            Metric::TemporaryBytes,
        ]
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        let is_recent = |at: Instant| cx.instant.saturating_duration_since(at) < RENEWAL;
        let mut measured = match &self.sizes {
            Some((at, sizes)) if is_recent(*at) => sizes.clone(),
            _ => self.sizes.insert((cx.instant, sizes(cx).await?)).1.clone(),
        };
        temporary(cx, &mut measured).await?;
        measured.samples.extend(free(cx).await?);
        Ok(measured)
    }
}

/// Databases and tablespaces.
async fn sizes(cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
    let mut measured = Measured::default();
    let mut hidden = Vec::new();
    for row in cx.rows(SIZES, &[]).await? {
        let (kind, name): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let size: Option<f64> = row.try_get(2)?;
        if size.is_none() {
            hidden.push(format!("{kind} {name}"));
        }
        let sample = Sample::maybe(Metric::DiskUsedBytes, size, cx.now);
        measured.samples.push(sample.about(&kind, name));
    }
    if !hidden.is_empty() {
        measured.unseen.push(format!(
            "sizes that are not visible to this role ({}): grant pg_monitor to it",
            hidden.join(", ")
        ));
    }
    Ok(measured)
}

/// A statement that spills fills a disk within a minute: these are looked at each time.
async fn temporary(cx: &ProbeContext<'_>, measured: &mut Measured) -> Result<(), ProbeError> {
    let bytes = cx.figure_of(LIST_TEMPORARY, TEMPORARY).await?;
    measured.samples.push(Sample::maybe(Metric::TemporaryBytes, bytes, cx.now));
    if bytes.is_none() {
        let unseen = "temporary files are not visible to this role: grant pg_monitor to it";
        measured.unseen.push(unseen.to_owned());
    }
    Ok(())
}

async fn free(cx: &ProbeContext<'_>) -> Result<[Sample; 2], ProbeError> {
    let metrics = [Metric::DiskFreeBytes, Metric::DiskFreeRatio];
    let unknown = |why| metrics.map(|metric| Sample::unknown(metric, cx.now).by(why, None));
    if !cx.local {
        return Ok(unknown("the server is not on this machine"));
    }
    let directory: Option<String> = cx.row(DIRECTORY).await?.try_get(0)?;
    let free = directory.as_deref().and_then(|directory| free_space(Path::new(directory)));
    let Some((bytes, ratio)) = free else {
        return Ok(unknown("the data directory is not visible"));
    };
    let of = |metric, value| Sample::exact(metric, value, cx.now).by("statvfs", Some(0.0));
    Ok([of(metrics[0], bytes), of(metrics[1], ratio)])
}

/// What ordinary users may still write: bytes, and as a share of what they may fill.
fn free_space(directory: &Path) -> Option<(f64, f64)> {
    let status = rustix::fs::statvfs(directory).ok()?;
    let free = status.f_bavail as f64;
    let used = status.f_blocks.saturating_sub(status.f_bfree) as f64;
    Some((free * status.f_frsize as f64, if free > 0.0 { free / (free + used) } else { 0.0 }))
}
