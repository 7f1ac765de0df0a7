//! Looking whether reports were altered, removed or inserted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use futures::StreamExt;
use serde::{Deserialize, Serialize};

use super::chain::{self, ChainLink, Names, ReportDigest};
use super::evidence::sha256;
use super::{HistoryError, HistoryErrorKind, READS, ReportStore, ReportSummary, VerifyingKey};
use crate::finding::Verdict;
use crate::restore::RunId;

mod judge;

/// What a store of reports is held against.
#[derive(Clone, Debug, Default)]
pub struct VerifyRequest {
    /// The public keys of which one must have signed each report. Without any, signatures are not
    /// checked.
    pub keys: Vec<VerifyingKey>,
    /// The SHA-256 of a report that was the last one when it was noted: it must still be there.
    /// Only this shows that the newest reports were removed together with what names them.
    pub head: Option<String>,
}

/// What looking at a store of reports came to.
#[derive(Clone, Debug, Serialize)]
pub struct Verification {
    /// Failed where something is wrong, inconclusive where it could not be judged.
    pub outcome: Verdict,
    /// Reports that are there.
    pub reports: usize,
    /// Those that are part of the chain.
    pub chained: usize,
    /// Those that were there before the chain began, and are vouched for by its first report.
    pub before_chain: usize,
    /// Those whose signature holds.
    pub signed: usize,
    /// The last report of the chain: its digest, kept elsewhere, is what
    /// [`VerifyRequest::head`] asks for.
    pub head: Option<ReportDigest>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What could not be judged, in sentences.
    pub unproved: Vec<String>,
    /// What is worth knowing, in sentences.
    pub notes: Vec<String>,
}

/// Something that is wrong with a store of reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What kind of thing it is.
    pub kind: ProblemKind,
    /// The report, or another object of the store.
    pub subject: String,
    /// What is wrong, in one sentence.
    pub message: String,
}

/// What can be wrong with a store of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProblemKind {
    /// A report's bytes are not those that were saved.
    Altered,
    /// A report that others name is not there.
    Missing,
    /// A report that does not belong to the chain.
    Inserted,
    /// Several reports follow the same one.
    Forked,
    /// A report without the signature that it must have.
    Unsigned,
    /// A signature that does not hold.
    BadSignature,
    /// What is called like a report or a link, and is none.
    Damaged,
    /// The report that was the last one is not there.
    HeadMissing,
}

impl ProblemKind {
    /// The name as the JSON has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Altered => "altered",
            Self::Missing => "missing",
            Self::Inserted => "inserted",
            Self::Forked => "forked",
            Self::Unsigned => "unsigned",
            Self::BadSignature => "bad_signature",
            Self::Damaged => "damaged",
            Self::HeadMissing => "head_missing",
        }
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A report, as far as it is looked at: its bytes are not kept.
#[derive(Debug)]
struct Entry {
    sha256: String,
    link: Option<ChainLink>,
    /// Why it is no report, or another drill's.
    damage: Option<String>,
    signature: Signature,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signature {
    None,
    /// There, and no key to check it with.
    Unchecked,
    Holds,
    Bad,
}

/// Everything that was read.
#[derive(Debug, Default)]
struct Read {
    entries: BTreeMap<RunId, Entry>,
    /// Who claims to follow whom.
    claims: BTreeMap<Option<RunId>, ReportDigest>,
    /// Signatures whose report is not there.
    orphans: BTreeSet<RunId>,
    problems: Vec<Problem>,
    unproved: Vec<String>,
}

impl ReportStore {
    /// Looks at every report: whether its bytes are those that its successor names, whether one is
    /// missing or was inserted, and whether signatures hold.
    ///
    /// Without a key, who can write to the store can also forge a whole chain; then only a digest
    /// that is kept elsewhere ([`VerifyRequest::head`]) tells. With a key nobody can who does not
    /// have the private one, but the newest reports can still be removed unseen without that digest.
    ///
    /// # Errors
    /// Where the store cannot be listed.
    pub async fn verify(&self, request: &VerifyRequest) -> Result<Verification, HistoryError> {
        let names = self.names().await?;
        let read = self.read_all(&names, request).await;
        Ok(judge::judge(read, request))
    }

    async fn read_all(&self, names: &Names, request: &VerifyRequest) -> Read {
        let orphans = names.signed.iter().filter(|run| !names.runs.contains(run));
        let mut read = Read { orphans: orphans.copied().collect(), ..Read::default() };
        let reads = names
            .runs
            .iter()
            .map(|run| async move { (*run, self.entry(*run, &request.keys).await) });
        let mut reads = futures::stream::iter(reads).buffered(READS);
        while let Some((run, entry)) = reads.next().await {
            match entry {
                Ok(entry) => drop(read.entries.insert(run, entry)),
                Err(error) => read.unproved.push(crate::finding::chain(&error)),
            }
        }
        for previous in &names.claimed {
            match self.successor(*previous).await {
                Ok(claimant) => drop(read.claims.insert(*previous, claimant)),
                Err(error) if error.kind() == HistoryErrorKind::Damaged => {
                    read.problems.push(Problem {
                        kind: ProblemKind::Damaged,
                        subject: chain::claim_name(*previous),
                        message: crate::finding::chain(&error),
                    });
                }
                Err(error) => read.unproved.push(crate::finding::chain(&error)),
            }
        }
        read
    }

    async fn entry(&self, run: RunId, keys: &[VerifyingKey]) -> Result<Entry, HistoryError> {
        let json = self.bytes(run).await?;
        let damage = match self.parse_report::<ReportSummary>(run, &json) {
            Ok(report) if report.id == run => None,
            Ok(report) => Some(format!("it holds the report of drill {}", report.id)),
            Err(error) => Some(crate::finding::chain(&error)),
        };
        let signature = match self.fetch(&format!("{run}.sig")).await? {
            None => Signature::None,
            Some(_) if keys.is_empty() => Signature::Unchecked,
            Some(signature) => {
                let text = String::from_utf8_lossy(&signature);
                match keys.iter().any(|key| key.verifies(&json, &text)) {
                    true => Signature::Holds,
                    false => Signature::Bad,
                }
            }
        };
        Ok(Entry { sha256: sha256(&json), link: chain::link_of(&json), damage, signature })
    }
}

#[cfg(test)]
mod tests;
