//! The chain of reports: each names the one that was saved before it, and its SHA-256.
//!
//! The link stands inside the stored JSON, so a signature covers it too, and a report vouches for
//! every one before it. What is hashed are the stored bytes.
//!
//! Two drills that end at the same time must not follow the same report. So a report that is
//! written claims its place: the object `<id>.next` beside the report that it follows, which a store
//! creates only once, names the successor and its SHA-256. Who loses the race follows the winner. A
//! claim never changes, so a report that holds one is never written again; and a report that was
//! written by a process that died before it claimed is claimed for by the next.

use futures::StreamExt;
use object_store::PutMode;
use serde::{Deserialize, Serialize};

use super::evidence::sha256;
use super::{HistoryError, HistoryErrorKind, READS, ReportStore, store_error};
use crate::restore::RunId;

/// What claims are called.
const CLAIM: &str = ".next";

/// The claim of the first report of a chain: no report's id is like it.
const FIRST_CLAIM: &str = "chain.next";

/// A report and what its stored bytes hash to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReportDigest {
    /// The report.
    pub id: RunId,
    /// The SHA-256 of its stored JSON, in hexadecimal.
    pub sha256: String,
}

/// A report's place in the chain: `chain` in its stored JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainLink {
    /// The report that was saved before this one; `None` for the first.
    pub previous: Option<ReportDigest>,
    /// In the first report of a chain, those that were there before the chain began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<ReportDigest>,
    /// The id of the key whose signature lies beside the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
}

/// The part of a stored report that speaks of the chain.
#[derive(Deserialize)]
struct Chained {
    chain: Option<ChainLink>,
}

/// The link of a stored report; `None` where it has none, or is no report.
pub(super) fn link_of(json: &[u8]) -> Option<ChainLink> {
    serde_json::from_slice::<Chained>(json).ok()?.chain
}

/// Who follows whom, as the names in a store say.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The reports, newest first.
    pub(super) runs: Vec<RunId>,
    /// The reports that have a successor; `None` stands before the first.
    pub(super) claimed: Vec<Option<RunId>>,
    /// The reports that are signed.
    pub(super) signed: Vec<RunId>,
}

impl Names {
    pub(super) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut all = Self::default();
        for name in names {
            if let Some(run) = name.strip_suffix(".json").and_then(|id| id.parse().ok()) {
                all.runs.push(run);
            } else if let Some(run) = name.strip_suffix(".sig").and_then(|id| id.parse().ok()) {
                all.signed.push(run);
            } else if name == FIRST_CLAIM {
                all.claimed.push(None);
            } else if let Some(run) = name.strip_suffix(CLAIM).and_then(|id| id.parse().ok()) {
                all.claimed.push(Some(run));
            }
        }
        all.runs.sort_unstable_by(|one, other| other.cmp(one));
        all
    }

    fn has_successor(&self, run: RunId) -> bool {
        self.claimed.contains(&Some(run))
    }
}

impl ReportStore {
    /// Where the next report belongs: behind the last report of the chain, or at its beginning.
    ///
    /// The newest report is the last one but for drills that overlapped or died, so mostly only that
    /// one is read.
    pub(super) async fn end_of_chain(&self, own: RunId) -> Result<ChainLink, HistoryError> {
        let names = self.names().await?;
        let without: Vec<RunId> = names.runs.iter().copied().filter(|run| *run != own).collect();
        let open = without.into_iter().filter(|run| !names.has_successor(*run));
        let reads = open.map(|run| async move { (run, self.bytes(run).await) });
        let mut reads = futures::stream::iter(reads).buffered(READS);
        let mut before = Vec::new();
        while let Some((run, read)) = reads.next().await {
            let json = match read {
                Ok(json) => json,
                Err(error) if error.kind() == HistoryErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let digest = ReportDigest { id: run, sha256: sha256(&json) };
            match link_of(&json) {
                Some(link) if self.claim(link.previous.as_ref(), &digest).await? => {
                    return Ok(ChainLink { previous: Some(digest), ..ChainLink::default() });
                }
                // It lost its place, and its drill is about to write it again or died.
                Some(_) => {}
                None => before.push(digest),
            }
        }
        match self.last_claimed(&names).await? {
            Some(missing) => Ok(ChainLink { previous: Some(missing), ..ChainLink::default() }),
            None => Ok(ChainLink { before, ..ChainLink::default() }),
        }
    }

    /// Takes the place behind `previous` for this report. False where another report has it.
    ///
    /// A store that cannot create an object only once leaves two drills that end at the same
    /// moment unseen by each other; that fork is then seen by [`ReportStore::verify`].
    pub(super) async fn claim(
        &self,
        previous: Option<&ReportDigest>,
        report: &ReportDigest,
    ) -> Result<bool, HistoryError> {
        use object_store::Error;
        let name = claim_name(previous.map(|previous| previous.id));
        let path = self.prefix.clone().join(name.as_str());
        let mut text = serde_json::to_vec(report).map_err(|error| damaged(&name, error))?;
        text.push(b'\n');
        match self.store.put_opts(&path, text.clone().into(), PutMode::Create.into()).await {
            Ok(_) => Ok(true),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
                Ok(self.claimant(&name).await? == *report)
            }
            Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => {
                self.put(&name, text.into()).await.map(|()| true)
            }
            Err(error) => Err(store_error(format!("cannot write {}", self.place(&name)), error)),
        }
    }

    /// Who follows this report, or is the first.
    pub(super) async fn successor(
        &self,
        previous: Option<RunId>,
    ) -> Result<ReportDigest, HistoryError> {
        self.claimant(&claim_name(previous)).await
    }

    /// Whoever was last, where it is no longer there: the chain goes on behind it, so that it is
    /// missed.
    async fn last_claimed(&self, names: &Names) -> Result<Option<ReportDigest>, HistoryError> {
        let mut last = None;
        for previous in &names.claimed {
            let claimant = self.successor(*previous).await?;
            if !names.has_successor(claimant.id) {
                last = last.max(Some(claimant));
            }
        }
        Ok(last)
    }

    async fn claimant(&self, name: &str) -> Result<ReportDigest, HistoryError> {
        let text = self.fetch(name).await?.unwrap_or_default();
        serde_json::from_slice(&text).map_err(|error| damaged(&self.place(name), error))
    }
}

/// The name of the claim to follow this report, or to be the first.
pub(super) fn claim_name(previous: Option<RunId>) -> String {
    previous.map_or_else(|| FIRST_CLAIM.to_owned(), |run| format!("{run}{CLAIM}"))
}

fn damaged(name: &str, error: serde_json::Error) -> HistoryError {
    let text = format!("{name} is no link of a chain of reports");
    HistoryError::new(HistoryErrorKind::Damaged, text).with_cause(error)
}
