//! What is used, and what is free where that can be known.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::{Measured, Probe, ProbeContext};
use crate::finding::chain;
use crate::monitor::{Metric, ProbeError, Sample};

mod free_space;
mod locality;

pub use free_space::{FileSystem, FreeSpace, ServerDirectories};

use free_space::Statvfs;
use locality::Claim;

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
                THEN current_setting('data_directory', true) END, \
           pg_backend_pid(), extract(epoch FROM pg_postmaster_start_time())::float8";

/// Those within the data directory have a relative place, or none.
const TABLESPACES: &str = "\
    SELECT spcname::text, pg_tablespace_location(oid) FROM pg_tablespace \
     WHERE pg_tablespace_location(oid) LIKE '/%' ORDER BY spcname LIMIT 64";

/// How often sizes are looked at anew: the server walks through every file of a database for that.
const RENEWAL: Duration = Duration::from_secs(60);

/// Sizes of databases and tablespaces, temporary files, and the free space of each file system that
/// the server fills: of its data, of its write-ahead log and tablespaces where they lie elsewhere.
///
/// SQL never says what is free: that is measured where the server is proven to run on this machine,
/// or said by a [`FreeSpace`] of the embedder's. It is unknown elsewhere, never guessed.
///
/// Sizes of databases and tablespaces are looked at once a minute at most, and are told with their
/// own time in between.
#[derive(Debug, Default)]
pub struct Disk {
    sizes: Option<(Instant, Measured)>,
    free_space: Option<Arc<dyn FreeSpace>>,
    local: Statvfs,
    /// Whether the server of a backend runs here.
    proven: Option<(i32, Result<(), &'static str>)>,
}

impl Disk {
    /// A probe that asks this for free space, wherever the server runs.
    #[must_use]
    pub fn with_free_space(free_space: Arc<dyn FreeSpace>) -> Self {
        Self { free_space: Some(free_space), ..Self::default() }
    }

    async fn free(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        let row = cx.row(DIRECTORY).await?;
        let data: Option<String> = row.try_get(0)?;
        let data = data.map(PathBuf::from);
        let claim =
            Claim { backend: row.try_get(1)?, started: row.try_get(2)?, data: data.as_deref() };
        if self.free_space.is_none()
            && let Err(why) = self.prove(cx, &claim).await
        {
            return Ok(unknown(cx, why));
        }
        let mut directories = ServerDirectories { data, ..ServerDirectories::default() };
        for row in cx.rows(TABLESPACES, &[]).await? {
            let (name, location): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            directories.tablespaces.push((name, PathBuf::from(location)));
        }
        let asked: &dyn FreeSpace = self.free_space.as_deref().unwrap_or(&self.local);
        Ok(match asked.file_systems(&directories).await {
            Ok(found) => found
                .iter()
                .flat_map(|one| samples(one, asked.method(), cx))
                .collect::<Vec<_>>()
                .into(),
            Err(error) => {
                let mut measured = unknown(cx, "free space cannot be measured");
                let why = format!("free space cannot be measured: {}", chain(&error));
                measured.unseen.push(why);
                measured
            }
        })
    }

    /// Proves it once for each connection.
    async fn prove(
        &mut self,
        cx: &ProbeContext<'_>,
        claim: &Claim<'_>,
    ) -> Result<(), &'static str> {
        match self.proven {
            Some((backend, proven)) if backend == claim.backend => proven,
            _ => {
                let proven = locality::prove(cx.hosts, claim).await;
                self.proven.insert((claim.backend, proven)).1
            }
        }
    }
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
        let free = self.free(cx).await?;
        measured.samples.extend(free.samples);
        measured.unseen.extend(free.unseen);
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

fn samples(one: &FileSystem, method: &'static str, cx: &ProbeContext<'_>) -> [Sample; 2] {
    let free = one.free_bytes as f64;
    let ratio = one.size_bytes.map(|size| if size > 0 { free / size as f64 } else { 0.0 });
    [(Metric::DiskFreeBytes, Some(free)), (Metric::DiskFreeRatio, ratio)].map(|(metric, value)| {
        let error = value.map(|_| 0.0);
        Sample::maybe(metric, value, cx.now).by(method, error).about("filesystem", &one.name)
    })
}

fn unknown(cx: &ProbeContext<'_>, why: &'static str) -> Measured {
    let metrics = [Metric::DiskFreeBytes, Metric::DiskFreeRatio];
    let unknown = metrics.map(|metric| Sample::unknown(metric, cx.now).by(why, None));
    unknown.to_vec().into()
}
