//! Drill reports over time.
//!
//! A [`ReportStore`] keeps each drill's report as JSON, for programs, and beside it as
//! [HTML evidence](evidence), for people and auditors.

use std::fmt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::drill::DrillReport;
use crate::restore::RunId;
use crate::source::Place;

mod error;
pub mod evidence;
mod format;
mod index;
mod summary;

pub use error::{HistoryError, HistoryErrorKind};
pub use index::index;
pub use summary::{BackupSummary, ReportSummary};

/// Reports that are read at the same time for a listing.
const READS: usize = 8;

/// A place where drill reports lie: a local directory, or a prefix of an object store.
///
/// A report is `<id>.json` and `<id>.html`; other objects there are left alone. A report appears
/// at once and whole.
#[derive(Clone, Debug)]
pub struct ReportStore {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    display: String,
}

/// Where a report was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SavedReport {
    /// The JSON's path or URL.
    pub json: String,
    /// The HTML's path or URL.
    pub html: String,
    /// The SHA-256 of the JSON, in hexadecimal: it stands in the HTML too.
    pub sha256: String,
}

/// What a store holds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Listing {
    /// The reports, newest first.
    pub reports: Vec<ReportSummary>,
    /// What is called like a report and cannot be read as one.
    pub damaged: Vec<DamagedReport>,
}

/// A report that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DamagedReport {
    /// Its name.
    pub name: String,
    /// Why it cannot be read.
    pub error: String,
}

impl ReportStore {
    /// Reports in a directory or below a prefix, named as a source of backups is: a path, or a URL
    /// such as `s3://bucket/drills/`.
    ///
    /// # Errors
    /// [`HistoryErrorKind::Invalid`] where it is neither, [`HistoryErrorKind::Store`] where a
    /// directory cannot be made.
    pub fn parse(place: &str) -> Result<Self, HistoryError> {
        let parsed = Place::parse(place).map_err(|error| {
            let text = "drill reports cannot lie there";
            HistoryError::new(HistoryErrorKind::Invalid, text).with_cause(error)
        })?;
        match parsed {
            Place::Directory(directory) => Self::directory(directory),
            Place::Prefix { store, prefix, display } => Ok(Self::new(store, prefix, display)),
        }
    }

    /// Reports below `prefix` of any store of the `object_store` crate. `display` is a path or URL
    /// without secrets.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, prefix: Path, display: impl Into<String>) -> Self {
        Self { store, prefix, display: display.into() }
    }

    /// Reports in a local directory, which is made where it is missing.
    ///
    /// # Errors
    /// Where it cannot be made, or is no directory.
    pub fn directory(directory: impl AsRef<FilePath>) -> Result<Self, HistoryError> {
        let directory = directory.as_ref();
        let unusable = || {
            let text = format!("cannot use {} for drill reports", directory.display());
            HistoryError::new(HistoryErrorKind::Store, text)
        };
        std::fs::create_dir_all(directory).map_err(|error| unusable().with_cause(error))?;
        let files = LocalFileSystem::new_with_prefix(directory)
            .map_err(|error| unusable().with_cause(error))?
            .with_fsync(true);
        let display = directory.display().to_string();
        Ok(Self::new(Arc::new(files), Path::default(), display))
    }

    /// An empty store in memory: for tests.
    #[must_use]
    pub fn memory() -> Self {
        Self::new(Arc::new(InMemory::new()), Path::default(), "memory:")
    }

    /// Writes a report as JSON and as HTML evidence. An older one of the same id is replaced.
    /// A future that is dropped may leave one of the two.
    ///
    /// # Errors
    /// Where the store does not take it.
    pub async fn save(&self, report: &DrillReport) -> Result<SavedReport, HistoryError> {
        let json = to_json(report)?;
        let (html, sha256) = (evidence::page(report, &json)?, evidence::sha256(&json));
        let (json_name, html_name) = (format!("{}.json", report.id), format!("{}.html", report.id));
        self.put(&html_name, html.into()).await?;
        self.put(&json_name, json.into()).await?;
        Ok(SavedReport { json: self.place(&json_name), html: self.place(&html_name), sha256 })
    }

    /// The report whose id is `id`, or begins with it.
    ///
    /// # Errors
    /// [`HistoryErrorKind::NotFound`], [`HistoryErrorKind::Ambiguous`] where several ids begin so,
    /// [`HistoryErrorKind::Damaged`] where it is no report, [`HistoryErrorKind::Store`] where the
    /// store cannot be read.
    pub async fn load(&self, id: &str) -> Result<DrillReport, HistoryError> {
        let run = self.resolve(id).await?;
        self.read(run).await
    }

    /// The [HTML evidence](evidence) of the report whose id is `id`, or begins with it, with the
    /// SHA-256 of the JSON as it lies there.
    ///
    /// # Errors
    /// As [`ReportStore::load`].
    pub async fn evidence(&self, id: &str) -> Result<String, HistoryError> {
        let run = self.resolve(id).await?;
        let json = self.bytes(run).await?;
        evidence::page(&self.parse_report(run, &json)?, &json)
    }

    /// Every report, newest first. One that is damaged is named and hides no other.
    ///
    /// # Errors
    /// Where the store cannot be listed.
    pub async fn list(&self) -> Result<Listing, HistoryError> {
        let runs = self.runs().await?;
        let reads = runs.into_iter().map(|run| async move { (run, self.read(run).await) });
        let results: Vec<(RunId, Result<ReportSummary, _>)> =
            futures::stream::iter(reads).buffered(READS).collect().await;
        let mut listing = Listing::default();
        for (run, result) in results {
            match result {
                Ok(report) => listing.reports.push(report),
                Err(error) => listing.damaged.push(damaged(run, &error)),
            }
        }
        Ok(listing)
    }

    /// The ids that are there, newest first: they begin with their time.
    async fn runs(&self) -> Result<Vec<RunId>, HistoryError> {
        let listed = self.store.list_with_delimiter(Some(&self.prefix)).await;
        let objects = match listed {
            Ok(listed) => listed.objects,
            Err(object_store::Error::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(store_error(format!("cannot list {self}"), error)),
        };
        let names = objects.iter().filter_map(|object| object.location.filename());
        let mut runs: Vec<RunId> =
            names.filter_map(|name| name.strip_suffix(".json")?.parse().ok()).collect();
        runs.sort_unstable_by(|one, other| other.cmp(one));
        Ok(runs)
    }

    async fn resolve(&self, id: &str) -> Result<RunId, HistoryError> {
        if let Ok(run) = id.parse() {
            return Ok(run);
        }
        let mut runs = self.runs().await?;
        runs.retain(|run| run.to_string().starts_with(id));
        match runs.as_slice() {
            [] => Err(self.not_found(id)),
            [run] => Ok(*run),
            several => Err(ambiguous(id, several)),
        }
    }

    async fn read<T: DeserializeOwned>(&self, run: RunId) -> Result<T, HistoryError> {
        self.parse_report(run, &self.bytes(run).await?)
    }

    async fn bytes(&self, run: RunId) -> Result<Bytes, HistoryError> {
        let name = format!("{run}.json");
        let got = match self.store.get(&self.prefix.clone().join(name.as_str())).await {
            Ok(got) => got.bytes().await,
            Err(error) => Err(error),
        };
        got.map_err(|error| match error {
            object_store::Error::NotFound { .. } => self.not_found(&run.to_string()),
            error => store_error(format!("cannot read {}", self.place(&name)), error),
        })
    }

    fn parse_report<T: DeserializeOwned>(
        &self,
        run: RunId,
        json: &[u8],
    ) -> Result<T, HistoryError> {
        serde_json::from_slice(json).map_err(|error| {
            let text = format!("{} is not a drill report", self.place(&format!("{run}.json")));
            HistoryError::new(HistoryErrorKind::Damaged, text).with_cause(error)
        })
    }

    async fn put(&self, name: &str, content: Bytes) -> Result<(), HistoryError> {
        let path = self.prefix.clone().join(name);
        let written = self.store.put(&path, content.into()).await;
        written
            .map(drop)
            .map_err(|error| store_error(format!("cannot write {}", self.place(name)), error))
    }

    fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.display.trim_end_matches('/'))
    }

    fn not_found(&self, id: &str) -> HistoryError {
        let text = format!("there is no drill {id:?} in {self}");
        HistoryError::new(HistoryErrorKind::NotFound, text)
    }
}

impl fmt::Display for ReportStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.display)
    }
}

/// Where reports lie unless told otherwise: `$PGSRE_STATE_DIR/reports`, else
/// `$XDG_STATE_HOME/pgsre/reports`, else `~/.local/state/pgsre/reports`. `variable` reads the
/// environment; `None` where it names none of them.
#[must_use]
pub fn default_directory(variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("PGSRE_STATE_DIR")
        .map(|state| state.join("reports"))
        .or_else(|| Some(set("XDG_STATE_HOME")?.join("pgsre/reports")))
        .or_else(|| Some(set("HOME")?.join(".local/state/pgsre/reports")))
}

/// The JSON of a report as it is stored.
pub(crate) fn to_json(report: &DrillReport) -> Result<Vec<u8>, HistoryError> {
    serde_json::to_vec_pretty(report).map_err(|error| {
        let text = format!("cannot write drill {} as JSON", report.id);
        HistoryError::new(HistoryErrorKind::Damaged, text).with_cause(error)
    })
}

fn store_error(text: String, error: object_store::Error) -> HistoryError {
    HistoryError::new(HistoryErrorKind::Store, text).with_cause(error)
}

fn ambiguous(id: &str, runs: &[RunId]) -> HistoryError {
    let few: Vec<_> = runs.iter().take(5).map(RunId::to_string).collect();
    let text = format!("{} drills begin with {id:?}: {}", runs.len(), few.join(", "));
    HistoryError::new(HistoryErrorKind::Ambiguous, text)
}

fn damaged(run: RunId, error: &HistoryError) -> DamagedReport {
    DamagedReport { name: format!("{run}.json"), error: crate::finding::chain(error) }
}

#[cfg(test)]
mod tests;
