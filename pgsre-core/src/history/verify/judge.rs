//! From what was read to what is wrong: no store is touched here.

use std::collections::{BTreeMap, BTreeSet};

use super::{Entry, Problem, ProblemKind, Read, Signature, Verification, VerifyRequest};
use crate::finding::Verdict;
use crate::history::chain::{self, ReportDigest};
use crate::restore::RunId;

pub(super) fn judge(read: Read, request: &VerifyRequest) -> Verification {
    let mut problems = read.problems.clone();
    problems.extend(named(&read));
    problems.extend(damaged(&read));
    problems.extend(forks(&read));
    problems.extend(strangers(&read));
    problems.extend(signatures(&read, request));
    problems.extend(request.head.as_deref().and_then(|head| without_head(&read, head)));
    problems.sort_by(|one, other| (&one.subject, one.kind).cmp(&(&other.subject, other.kind)));
    // Who says most of a report that is missing comes first.
    problems.dedup_by(|one, other| (&one.subject, one.kind) == (&other.subject, other.kind));
    let chained = read.entries.values().filter(|entry| entry.link.is_some()).count();
    let before = before(&read);
    let mut unproved = read.unproved.clone();
    unproved.extend(unguarded(&read, chained));
    let outcome = match (problems.is_empty(), unproved.is_empty()) {
        (false, _) => Verdict::Failed,
        (true, false) => Verdict::Inconclusive,
        (true, true) => Verdict::Passed,
    };
    let holds = |entry: &&Entry| entry.signature == Signature::Holds;
    Verification {
        outcome,
        reports: read.entries.len(),
        chained,
        before_chain: before.keys().filter(|run| read.entries.contains_key(run)).count(),
        signed: read.entries.values().filter(holds).count(),
        head: head(&read),
        notes: notes(&read, request),
        problems,
        unproved,
    }
}

fn problem(kind: ProblemKind, run: RunId, message: impl Into<String>) -> Problem {
    Problem { kind, subject: run.to_string(), message: message.into() }
}

fn damaged(read: &Read) -> Vec<Problem> {
    let damaged = read.entries.iter().filter_map(|(run, entry)| {
        Some(problem(ProblemKind::Damaged, *run, entry.damage.as_deref()?))
    });
    let orphans = read.orphans.iter().map(|run| {
        problem(ProblemKind::Missing, *run, "its signature is there, the report is not")
    });
    damaged.chain(orphans).collect()
}

/// What others say of a report: that it is there, and with which bytes. The links in reports come
/// first, since signatures cover them.
fn named(read: &Read) -> Vec<Problem> {
    let mut said: BTreeMap<RunId, (&str, String)> = BTreeMap::new();
    for (run, entry) in &read.entries {
        for digest in entry.link.iter().flat_map(|link| link.previous.iter().chain(&link.before)) {
            said.entry(digest.id).or_insert((&digest.sha256, format!("{run} says")));
        }
    }
    for (previous, digest) in &read.claims {
        let by = format!("{} says", chain::claim_name(*previous));
        said.entry(digest.id).or_insert((&digest.sha256, by));
    }
    let wrong = said.into_iter().filter_map(|(run, (sha256, by))| match read.entries.get(&run) {
        None => Some(problem(
            ProblemKind::Missing,
            run,
            format!("removed: {by} that it was there, with the SHA-256 {sha256}"),
        )),
        Some(entry) if entry.sha256 != sha256 => Some(problem(
            ProblemKind::Altered,
            run,
            format!("{by} that its SHA-256 was {sha256}, and it is {}", entry.sha256),
        )),
        Some(_) => None,
    });
    wrong.collect()
}

/// Reports that follow the same one. Where a claim says which of them does, the others do not.
fn forks(read: &Read) -> Vec<Problem> {
    let mut followers: BTreeMap<Option<RunId>, Vec<RunId>> = BTreeMap::new();
    for (run, entry) in &read.entries {
        if let Some(link) = &entry.link {
            followers.entry(link.previous.as_ref().map(|one| one.id)).or_default().push(*run);
        }
    }
    let mut problems = Vec::new();
    for (previous, runs) in followers {
        let rightful = read.claims.get(&previous).map(|claim| claim.id);
        let place =
            previous.map_or_else(|| "is the first".to_owned(), |run| format!("follows {run}"));
        for run in &runs {
            let others = runs.iter().filter(|other| *other != run).map(RunId::to_string);
            let others = others.collect::<Vec<_>>().join(", ");
            let message = match rightful {
                Some(rightful) if rightful == *run => continue,
                Some(rightful) => format!(
                    "it says that it {place}, and so does {rightful}, which was first: inserted, or \
                     its drill was killed while it saved"
                ),
                None if runs.len() == 1 => continue,
                None => format!("it says that it {place}, and so does {others}"),
            };
            problems.push(problem(ProblemKind::Forked, *run, message));
        }
    }
    problems
}

/// What was there when the chain began.
fn before(read: &Read) -> BTreeMap<RunId, &ReportDigest> {
    let links = read.entries.values().filter_map(|entry| entry.link.as_ref());
    links.flat_map(|link| &link.before).map(|digest| (digest.id, digest)).collect()
}

/// Reports without a place in a chain that there is.
fn strangers(read: &Read) -> Vec<Problem> {
    let begun = !read.claims.is_empty() || read.entries.values().any(|entry| entry.link.is_some());
    if !begun {
        return Vec::new();
    }
    let known = before(read);
    let strangers = read.entries.iter().filter(|(run, entry)| {
        entry.link.is_none() && !known.contains_key(run) && !is_claimed(read, **run)
    });
    let message = "it has no place in the chain, and was not there when the chain began: inserted, \
                   or saved where the chain could not be read";
    strangers.map(|(run, _)| problem(ProblemKind::Inserted, *run, message)).collect()
}

/// Whether a report without a link was once part of the chain: then it is altered, which is said.
fn is_claimed(read: &Read, run: RunId) -> bool {
    let previous = |entry: &Entry| entry.link.as_ref()?.previous.as_ref().map(|one| one.id);
    read.claims.values().any(|claim| claim.id == run)
        || read.entries.values().any(|entry| previous(entry) == Some(run))
}

fn signatures(read: &Read, request: &VerifyRequest) -> Vec<Problem> {
    let vouched = vouched_for(read);
    let mut problems = Vec::new();
    for (run, entry) in &read.entries {
        let signer = entry.link.as_ref().and_then(|link| link.signed_by.as_deref());
        match (entry.signature, signer) {
            (Signature::Bad, signer) => {
                let message = bad_signature(signer, request);
                problems.push(problem(ProblemKind::BadSignature, *run, message));
            }
            (Signature::None, Some(signer)) => {
                let message =
                    format!("it was signed by the key {signer}, and {run}.sig is not there");
                problems.push(problem(ProblemKind::Unsigned, *run, message));
            }
            (Signature::None, None) if !request.keys.is_empty() && !vouched.contains(run) => {
                let message = "it is not signed, nor is it older than the first signed report";
                problems.push(problem(ProblemKind::Unsigned, *run, message));
            }
            _ => {}
        }
    }
    problems
}

fn bad_signature(signer: Option<&str>, request: &VerifyRequest) -> String {
    let known = |id: &str| request.keys.iter().any(|key| key.id() == id);
    match signer {
        Some(signer) if !known(signer) => {
            format!("it says that it was signed by the key {signer}, which is none of those given")
        }
        _ => "its signature is not that of its bytes".to_owned(),
    }
}

/// The reports from before the first signature: the first signed report vouches for them, since it
/// names the one before it.
fn vouched_for(read: &Read) -> BTreeSet<RunId> {
    let signed = read.entries.values().filter(|entry| entry.signature == Signature::Holds);
    signed.flat_map(|entry| unsigned_before(read, entry).unwrap_or_default()).collect()
}

/// The unsigned reports before a signed one, up to the first; `None` where one before them is
/// signed: then they should be too.
fn unsigned_before(read: &Read, signed: &Entry) -> Option<BTreeSet<RunId>> {
    let mut line = BTreeSet::new();
    let mut here = signed;
    loop {
        let link = here.link.as_ref();
        line.extend(link.iter().flat_map(|link| &link.before).map(|one| one.id));
        let previous = link.and_then(|link| link.previous.as_ref());
        let known = previous.and_then(|previous| {
            let entry = read.entries.get(&previous.id)?;
            (entry.sha256 == previous.sha256).then_some((previous.id, entry))
        });
        let Some((run, entry)) = known else { return Some(line) };
        if entry.signature != Signature::None || !line.insert(run) {
            return None;
        }
        here = entry;
    }
}

/// The end of the chain: chained, and followed by none. The newest where there are several.
fn head(read: &Read) -> Option<ReportDigest> {
    let links = read.entries.values().filter_map(|entry| entry.link.as_ref());
    let followed: BTreeSet<RunId> =
        links.filter_map(|link| link.previous.as_ref()).map(|one| one.id).collect();
    let open = read
        .entries
        .iter()
        .rev()
        .find(|(run, entry)| entry.link.is_some() && !followed.contains(run));
    open.map(|(run, entry)| ReportDigest { id: *run, sha256: entry.sha256.clone() })
}

fn without_head(read: &Read, wanted: &str) -> Option<Problem> {
    let there = |entry: &Entry| entry.link.is_some() && entry.sha256.eq_ignore_ascii_case(wanted);
    if read.entries.values().any(there) {
        return None;
    }
    Some(Problem {
        kind: ProblemKind::HeadMissing,
        subject: wanted.to_owned(),
        message: "no report of the chain has this SHA-256: the last one was removed or altered"
            .to_owned(),
    })
}

fn unguarded(read: &Read, chained: usize) -> Option<String> {
    match (read.entries.len(), chained) {
        (0, _) => Some("there are no reports".to_owned()),
        (_, 0) => Some(
            "no report is part of a chain: they are older than it, and the next drill begins one"
                .to_owned(),
        ),
        _ => None,
    }
}

fn notes(read: &Read, request: &VerifyRequest) -> Vec<String> {
    let count = |wanted| read.entries.values().filter(|one| one.signature == wanted).count();
    let mut notes = Vec::new();
    let unchecked = count(Signature::Unchecked);
    if unchecked > 0 {
        notes.push(format!("signatures of {unchecked} reports were not checked: no key was given"));
    }
    let unsigned = count(Signature::None);
    if !request.keys.is_empty() && unsigned > 0 && count(Signature::Holds) > 0 {
        notes.push(format!(
            "{unsigned} reports have no signature; those from before the first signed one are \
             vouched for by it"
        ));
    }
    notes
}
