//! Comparing two fingerprints: what a backup must restore with what was restored.
//!
//! Pure data, no connection. What cannot be compared is said, never taken for equal; what a sound
//! restore changes by its nature is news and no failure.

use serde::{Deserialize, Serialize};

use super::{Fingerprint, Gap, Level, ObjectKind};
use crate::finding::{FindingCode, Severity};

mod contents;
mod findings;
mod lines;
mod objects;
#[cfg(test)]
mod tests;

pub use lines::DiffLine;

/// Compares what was found with what was expected.
#[must_use]
pub fn compare(expected: &Fingerprint, found: &Fingerprint) -> Comparison {
    let mut comparison = Comparison::default();
    if expected.schema != found.schema {
        comparison.unproved.push(format!(
            "the fingerprints are of versions {} and {}, which cannot be compared",
            expected.schema, found.schema
        ));
        return comparison;
    }
    let pair = Pair { expected, found };
    pair.say_gaps(&mut comparison);
    let missing = objects::compare(&pair, &mut comparison);
    contents::compare(&pair, &missing, &mut comparison);
    comparison.differences.sort_by_key(|difference| std::cmp::Reverse(difference.severity));
    comparison
}

/// In what two fingerprints differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The differences, the heaviest first.
    pub differences: Vec<Difference>,
    /// What was compared.
    pub compared: Compared,
    /// What could not be compared, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unproved: Vec<String>,
}

/// How much was compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Objects with their definitions, owners, privileges and comments.
    pub objects: u64,
    /// Tables with their rows, partitions not counted.
    pub tables: u64,
    /// Rows of these tables, as many as were expected.
    pub rows: u64,
    /// Tables whose contents were compared by their hashes, partitions not counted.
    pub contents: u64,
    /// Sequences.
    pub sequences: u64,
    /// Large objects, as many as were expected.
    pub large_objects: u64,
}

impl std::ops::AddAssign for Compared {
    fn add_assign(&mut self, other: Self) {
        self.objects += other.objects;
        self.tables += other.tables;
        self.rows += other.rows;
        self.contents += other.contents;
        self.sequences += other.sequences;
        self.large_objects += other.large_objects;
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The code of the finding that it is.
    pub code: FindingCode,
    /// How much it weighs.
    pub severity: Severity,
    /// What differs: an object, the rows of a table, …
    pub kind: DifferenceKind,
    /// In which respect.
    pub aspect: Aspect,
    /// The object's name, as SQL has it.
    pub subject: String,
    /// What was expected, for people; `None` where there should be nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found, for people; `None` where there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The lines in which two definitions differ, with their neighbours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<DiffLine>,
    /// What else is missing, or there, as a consequence: a table's columns, its indexes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub consequences: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde asks for")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DifferenceKind {
    /// An object of the inventory.
    Object(ObjectKind),
    /// What a table holds.
    Contents,
    /// Where a sequence stands.
    SequenceState,
    /// All large objects.
    LargeObjects,
}

/// In which respect two things differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Aspect {
    /// It is not there.
    Missing,
    /// It is there and should not be.
    Extra,
    /// What it is made of, or what it holds.
    Definition,
    /// Who owns it.
    Owner,
    /// Who may do what.
    Privileges,
    /// Its comment.
    Comment,
    /// How many there are.
    Count,
}

/// The two sides.
struct Pair<'a> {
    expected: &'a Fingerprint,
    found: &'a Fingerprint,
}

impl Pair<'_> {
    fn say_gaps(&self, comparison: &mut Comparison) {
        let say = |gap: &Gap, place: &str| {
            format!("{} could not be read in the {place}: {}", gap.subject, gap.why)
        };
        let expected = self.expected.gaps.iter().map(|gap| say(gap, "source"));
        let found = self.found.gaps.iter().map(|gap| say(gap, "restored database"));
        comparison.unproved.extend(expected.chain(found));
    }

    /// Whether a side could not read it: then its absence there says nothing.
    fn has_gap(&self, subject: &str) -> bool {
        let gaps = self.expected.gaps.iter().chain(&self.found.gaps);
        let named = |gap: &str| {
            gap.strip_suffix(subject)
                .is_some_and(|kind| matches!(kind, "" | "table " | "sequence "))
        };
        gaps.into_iter().any(|gap| named(&gap.subject))
    }

    fn majors(&self) -> (u32, u32) {
        let major = |print: &Fingerprint| print.taken.server_version_num / 10_000;
        (major(self.expected), major(self.found))
    }

    /// The level at which the contents of both can be compared.
    fn level(&self) -> Level {
        if self.expected.level == self.found.level { self.expected.level } else { Level::Counts }
    }
}
