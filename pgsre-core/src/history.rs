//! Drill reports over time; [samples] of the monitor over time.
//!
//! A [`ReportStore`] keeps each drill's report as JSON, for programs, and beside it as
//! [HTML evidence](evidence), for people and auditors. Reports are [chained](ChainLink), so that one
//! that is altered, removed or inserted is noticed, and signed where a [key](SigningKey) is given;
//! [`ReportStore::verify`] looks.

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

use crate::drill::{DrillReport, Verdict};
use crate::restore::RunId;
use crate::source::Place;
use chain::Names;

mod chain;
mod error;
pub mod evidence;
mod format;
mod index;
mod overdue;
mod plot;
pub mod samples;
mod sign;
mod state;
mod summary;
mod verify;

pub use chain::{ChainLink, ReportDigest};
pub use error::{HistoryError, HistoryErrorKind};
pub use index::index;
pub use sign::{SigningKey, VerifyingKey};
pub use state::BackupState;
pub use summary::{BackupSummary, ReportSummary};
pub use verify::{Problem, ProblemKind, Verification, VerifyRequest};

/// Reports that are looked at for an earlier drill.
const LOOKED_BACK: usize = 50;

/// Reports that are read at the same time for a listing.
const READS: usize = 8;

/// How often a report looks for its place in the chain while other drills take it.
const RACES: usize = 32;

/// Reports before a drill that are looked through for the trend on its page.
const TREND: usize = 60;

/// A place where drill reports lie: a local directory, or a prefix of an object store.
///
/// A report is `<id>.json` and `<id>.html`, with its signature in `<id>.sig`; `<id>.next` and
/// `chain.next` say which report follows. Other objects there are left alone. A report appears at
/// once and whole, and is never replaced.
#[derive(Clone, Debug)]
pub struct ReportStore {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    display: String,
    key: Option<Arc<SigningKey>>,
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
    /// The signature's path or URL; `None` without a key.
    pub signature: Option<String>,
    /// Why the report is not part of the chain; `None` where it is.
    pub unchained: Option<String>,
}

/// A report as it is stored.
#[derive(Serialize)]
struct Stored<'a> {
    #[serde(flatten)]
    report: &'a DrillReport,
    chain: &'a ChainLink,
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
        Self { store, prefix, display: display.into(), key: None }
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

    /// Signs what is saved from now on.
    #[must_use]
    pub fn with_key(mut self, key: SigningKey) -> Self {
        self.key = Some(Arc::new(key));
        self
    }

    /// Writes a report as JSON and as HTML evidence, behind the last report of the chain.
    ///
    /// A report is kept even where it cannot be chained, as where the store may be written but not
    /// read: [`SavedReport::unchained`] says why. A future that is dropped may leave a part.
    ///
    /// # Errors
    /// [`HistoryErrorKind::Exists`] where there is one of this id; [`HistoryErrorKind::Store`] where
    /// the store does not take it.
    pub async fn save(&self, report: &DrillReport) -> Result<SavedReport, HistoryError> {
        let past = match self.names().await {
            Ok(names) if names.runs.contains(&report.id) => return Err(self.is_there(report.id)),
            Ok(names) => self.past(report, &names.runs).await,
            Err(_) => Vec::new(),
        };
        let mut lost = "other drills took its place again and again".to_owned();
        for _ in 0..RACES {
            match self.chain(report, &past).await {
                Ok(Some(saved)) => return Ok(saved),
                Ok(None) => {}
                Err(error) => {
                    lost = crate::finding::chain(&error);
                    break;
                }
            }
        }
        let saved = self.write(report, None, &past).await?;
        Ok(SavedReport { unchained: Some(lost), ..saved })
    }

    /// Writes a report behind the last one; `None` where another was faster.
    async fn chain(
        &self,
        report: &DrillReport,
        past: &[ReportSummary],
    ) -> Result<Option<SavedReport>, HistoryError> {
        let link = self.end_of_chain(report.id).await?;
        let saved = self.write(report, Some(&link), past).await?;
        let digest = ReportDigest { id: report.id, sha256: saved.sha256.clone() };
        let first = self.claim(link.previous.as_ref(), &digest).await?;
        Ok(first.then_some(saved))
    }

    /// The JSON comes last: with it the report is there.
    async fn write(
        &self,
        report: &DrillReport,
        link: Option<&ChainLink>,
        past: &[ReportSummary],
    ) -> Result<SavedReport, HistoryError> {
        let json = match link {
            Some(link) => {
                let signed_by = self.key.as_ref().map(|key| key.id().to_owned());
                to_json(
                    report.id,
                    &Stored { report, chain: &ChainLink { signed_by, ..link.clone() } },
                )?
            }
            None => to_json(report.id, report)?,
        };
        let sha256 = evidence::sha256(&json);
        let name = |extension: &str| format!("{}.{extension}", report.id);
        self.put(&name("html"), evidence::page(report, &json, past)?.into()).await?;
        let signature = match &self.key {
            Some(key) => {
                self.put(&name("sig"), key.sign(&json).into()).await?;
                Some(self.place(&name("sig")))
            }
            None => None,
        };
        self.put(&name("json"), json.into()).await?;
        let (json, html) = (self.place(&name("json")), self.place(&name("html")));
        Ok(SavedReport { json, html, sha256, signature, unchained: None })
    }

    /// Drills of the same source that began before this one, newest first.
    async fn past(&self, report: &DrillReport, runs: &[RunId]) -> Vec<ReportSummary> {
        let before = runs.iter().copied().filter(|run| *run < report.id).take(TREND);
        let reads = before.map(|run| self.read::<ReportSummary>(run));
        let read: Vec<_> = futures::stream::iter(reads).buffered(READS).collect().await;
        read.into_iter().flatten().filter(|past| past.source == report.source).collect()
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
        let report: DrillReport = self.parse_report(run, &json)?;
        let past = self.past(&report, &self.names().await?.runs).await;
        evidence::page(&report, &json, &past)
    }

    /// The stored JSON of the report whose id is `id`, or begins with it: these bytes are hashed
    /// and signed.
    ///
    /// # Errors
    /// As [`ReportStore::load`].
    pub async fn stored(&self, id: &str) -> Result<Bytes, HistoryError> {
        let run = self.resolve(id).await?;
        self.bytes(run).await
    }

    /// Every report, newest first. One that is damaged is named and hides no other.
    ///
    /// # Errors
    /// Where the store cannot be listed.
    pub async fn list(&self) -> Result<Listing, HistoryError> {
        let runs = self.names().await?.runs;
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

    /// The newest report of a drill of this source that passed, among the newest 50 of all.
    ///
    /// # Errors
    /// Where the store cannot be listed. A report that cannot be read is passed over.
    pub async fn newest_passed(&self, source: &str) -> Result<Option<DrillReport>, HistoryError> {
        for run in self.names().await?.runs.into_iter().take(LOOKED_BACK) {
            let Ok(report) = self.read::<DrillReport>(run).await else { continue };
            if report.source == source && report.verdict == Verdict::Passed {
                return Ok(Some(report));
            }
        }
        Ok(None)
    }

    async fn names(&self) -> Result<Names, HistoryError> {
        let listed = self.store.list_with_delimiter(Some(&self.prefix)).await;
        let objects = match listed {
            Ok(listed) => listed.objects,
            Err(object_store::Error::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(store_error(format!("cannot list {self}"), error)),
        };
        Ok(Names::of(objects.iter().filter_map(|object| object.location.filename())))
    }

    async fn resolve(&self, id: &str) -> Result<RunId, HistoryError> {
        if let Ok(run) = id.parse() {
            return Ok(run);
        }
        let mut runs = self.names().await?.runs;
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
        match self.fetch(&format!("{run}.json")).await {
            Ok(Some(json)) => Ok(json),
            Ok(None) => Err(self.not_found(&run.to_string())),
            Err(error) => Err(error),
        }
    }

    /// `None` where there is no such object.
    async fn fetch(&self, name: &str) -> Result<Option<Bytes>, HistoryError> {
        let got = match self.store.get(&self.prefix.clone().join(name)).await {
            Ok(got) => got.bytes().await,
            Err(error) => Err(error),
        };
        match got {
            Ok(bytes) => Ok(Some(bytes)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(store_error(format!("cannot read {}", self.place(name)), error)),
        }
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

    fn is_there(&self, run: RunId) -> HistoryError {
        let text = format!("{self} has a report of drill {run} already; none is ever replaced");
        HistoryError::new(HistoryErrorKind::Exists, text)
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
fn to_json(id: RunId, report: &impl Serialize) -> Result<Vec<u8>, HistoryError> {
    serde_json::to_vec_pretty(report).map_err(|error| {
        let text = format!("cannot write drill {id} as JSON");
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
