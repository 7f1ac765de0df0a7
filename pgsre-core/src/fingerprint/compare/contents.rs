//! Comparing what tables, sequences and large objects hold.

use std::collections::{BTreeMap, BTreeSet};

use super::{Aspect, Comparison, Difference, DifferenceKind, Pair};
use crate::finding::{FindingCode, Severity};
use crate::fingerprint::{
    Fingerprint, LargeObjectsPrint, Level, ObjectKind, SequencePrint, SequenceState, TablePrint,
};

/// Partitions that a message names.
const NAMED: usize = 5;

/// Compares the contents. `missing` is already said.
pub(super) fn compare(pair: &Pair<'_>, missing: &BTreeSet<String>, comparison: &mut Comparison) {
    let level = comparable_level(pair, comparison);
    tables(pair, level, missing, comparison);
    sequences(pair, missing, comparison);
    large_objects(pair, level, comparison);
}

/// The level at which contents are compared; a lower one than that of a side is said.
fn comparable_level(pair: &Pair<'_>, comparison: &mut Comparison) -> Level {
    let (one, other) = (pair.expected.level, pair.found.level);
    let mut level = pair.level();
    if one != other {
        comparison.unproved.push(format!(
            "contents were not compared, only counted: one fingerprint is of level {one}, the \
             other of level {other}"
        ));
    }
    if level == Level::Sample && pair.expected.sample_one_in != pair.found.sample_one_in {
        level = Level::Counts;
        comparison.unproved.push(
            "contents were not compared, only counted: the samples are of other fractions"
                .to_owned(),
        );
    }
    if let (Some(one), Some(other)) = (encoding(pair.expected), encoding(pair.found))
        && !one.eq_ignore_ascii_case(other)
        && level != Level::Counts
    {
        level = Level::Counts;
        comparison.unproved.push(format!(
            "contents were not compared, only counted: the source's encoding is {one}, the \
             restored database's {other}"
        ));
    }
    level
}

/// The database's encoding, out of its definition.
fn encoding(print: &Fingerprint) -> Option<&str> {
    let database = print.objects.iter().find(|object| object.kind == ObjectKind::Database)?;
    database.definition.lines().find_map(|line| line.strip_prefix("encoding "))
}

fn tables(pair: &Pair<'_>, level: Level, missing: &BTreeSet<String>, comparison: &mut Comparison) {
    let found = Tables::of(pair.found);
    let expected = Tables::of(pair.expected);
    for table in expected.roots() {
        let Some(other) = found.by_name.get(table.name.as_str()) else {
            if !missing.contains(&table.name) && !pair.has_gap(&table.name) {
                comparison.differences.push(absent(table));
            }
            continue;
        };
        comparison.compared.tables += 1;
        comparison.compared.rows += table.rows.unwrap_or(0);
        match judged(table, other, level) {
            Judged::Equal { hashed } => comparison.compared.contents += u64::from(hashed),
            Judged::Different(mut difference) => {
                comparison.compared.contents += u64::from(level != Level::Counts);
                let leaves = expected.leaves_that_differ(&found, table, level);
                name_leaves(&mut difference, &leaves);
                comparison.differences.push(difference);
                continue;
            }
            Judged::Unknown if pair.has_gap(&table.name) => {}
            Judged::Unknown => comparison
                .unproved
                .push(format!("{}: a side lacks its rows or their hash", table.name)),
        }
        let moved = expected.leaves_that_differ(&found, table, level);
        comparison.differences.extend(news_of_moved(table, &moved));
    }
    for table in found.roots() {
        let is_new = !expected.by_name.contains_key(table.name.as_str());
        let is_known = comparison.differences.iter().any(|difference| {
            difference.aspect == Aspect::Extra && difference.subject == table.name
        });
        if is_new && !is_known && !pair.has_gap(&table.name) {
            comparison.differences.push(unexpected(table));
        }
    }
}

/// The tables of one side.
struct Tables<'a> {
    by_name: BTreeMap<&'a str, &'a TablePrint>,
    /// Those below each partitioned table, whatever the number of levels between them.
    below: BTreeMap<&'a str, Vec<&'a TablePrint>>,
}

impl<'a> Tables<'a> {
    fn of(print: &'a Fingerprint) -> Self {
        let by_name: BTreeMap<_, _> =
            print.tables.iter().map(|table| (table.name.as_str(), table)).collect();
        let mut below: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for table in &print.tables {
            let mut top = table;
            // A name that leads back to itself is none that a server wrote.
            for _ in 0..print.tables.len() {
                let above = top.partition_of.as_deref().and_then(|name| by_name.get(name));
                let Some(above) = above else { break };
                top = above;
            }
            if !std::ptr::eq(top, table) {
                below.entry(top.name.as_str()).or_default().push(table);
            }
        }
        Self { by_name, below }
    }

    /// The tables that are no partitions of another that is there.
    fn roots(&self) -> impl Iterator<Item = &'a TablePrint> {
        self.by_name.values().copied().filter(|table| {
            let above = table.partition_of.as_deref();
            above.is_none_or(|above| !self.by_name.contains_key(above))
        })
    }

    /// The partitions of a table that differ, or are not there.
    fn leaves_that_differ(
        &self,
        found: &Tables<'_>,
        table: &TablePrint,
        level: Level,
    ) -> Vec<&'a str> {
        let leaves = self.below.get(table.name.as_str()).into_iter().flatten();
        let is_leaf = |leaf: &&&TablePrint| {
            !self.by_name.values().any(|t| t.partition_of.as_deref() == Some(&leaf.name))
        };
        let differs = |leaf: &&&TablePrint| match found.by_name.get(leaf.name.as_str()) {
            Some(other) => matches!(judged(leaf, other, level), Judged::Different(_)),
            None => leaf.rows != Some(0),
        };
        leaves.filter(is_leaf).filter(differs).map(|leaf| leaf.name.as_str()).collect()
    }
}

enum Judged {
    Equal { hashed: bool },
    Different(Difference),
    Unknown,
}

fn judged(expected: &TablePrint, found: &TablePrint, level: Level) -> Judged {
    let (Some(one), Some(other)) = (expected.rows, found.rows) else { return Judged::Unknown };
    if one != other {
        return Judged::Different(Difference {
            code: FindingCode::RowsMismatch,
            aspect: Aspect::Count,
            expected: Some(rows(one)),
            found: Some(rows(other)),
            ..of(expected)
        });
    }
    if level == Level::Counts {
        return Judged::Equal { hashed: false };
    }
    match (expected.content, found.content) {
        (Some(hash), Some(other)) if hash == other && expected.sampled == found.sampled => {
            Judged::Equal { hashed: true }
        }
        (Some(_), Some(_)) => Judged::Different(Difference {
            expected: Some(rows(one)),
            found: Some(format!("{} with other contents", rows(other))),
            ..of(expected)
        }),
        _ => Judged::Unknown,
    }
}

/// A difference of a table's contents, to be made more precise.
fn of(table: &TablePrint) -> Difference {
    Difference {
        code: FindingCode::ContentMismatch,
        severity: Severity::Critical,
        kind: DifferenceKind::Contents,
        aspect: Aspect::Definition,
        subject: table.name.clone(),
        expected: None,
        found: None,
        lines: Vec::new(),
        consequences: 0,
    }
}

fn absent(table: &TablePrint) -> Difference {
    Difference {
        code: FindingCode::SchemaMissing,
        aspect: Aspect::Missing,
        expected: table.rows.map(rows),
        ..of(table)
    }
}

fn unexpected(table: &TablePrint) -> Difference {
    Difference {
        code: FindingCode::SchemaChanged,
        aspect: Aspect::Extra,
        found: table.rows.map(rows),
        ..of(table)
    }
}

fn name_leaves(difference: &mut Difference, leaves: &[&str]) {
    if leaves.is_empty() {
        return;
    }
    let shown = leaves.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = leaves.len().saturating_sub(NAMED);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    if let Some(found) = &mut difference.found {
        found.push_str(&format!(" (in {shown}{tail})"));
    }
}

/// Rows that go to partitions by the hash of an enum, or by an order of text, lie in other
/// partitions after a sound restore.
fn news_of_moved(table: &TablePrint, moved: &[&str]) -> Option<Difference> {
    (!moved.is_empty()).then(|| {
        let mut difference = Difference {
            severity: Severity::Info,
            found: Some("the same rows, some of them in other partitions".to_owned()),
            ..of(table)
        };
        name_leaves(&mut difference, moved);
        difference
    })
}

fn rows(count: u64) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}

fn sequences(pair: &Pair<'_>, missing: &BTreeSet<String>, comparison: &mut Comparison) {
    let found: BTreeMap<&str, &SequencePrint> =
        pair.found.sequences.iter().map(|sequence| (sequence.name.as_str(), sequence)).collect();
    for sequence in &pair.expected.sequences {
        if let Some(other) = found.get(sequence.name.as_str()) {
            comparison.compared.sequences += 1;
            let descends = descends(pair.expected, &sequence.name);
            comparison.differences.extend(moved_sequence(sequence, other, descends));
        } else if !missing.contains(&sequence.name) && !pair.has_gap(&sequence.name) {
            comparison.differences.push(Difference {
                code: FindingCode::SchemaMissing,
                aspect: Aspect::Missing,
                expected: Some(said(sequence.state)),
                ..of_sequence(sequence)
            });
        }
    }
}

fn moved_sequence(
    expected: &SequencePrint,
    found: &SequencePrint,
    descends: bool,
) -> Option<Difference> {
    let direction = if descends { -1 } else { 1 };
    let place = |state: SequenceState| (i128::from(state.last_value) * direction, state.is_called);
    let least = place(expected.state);
    let most = expected.later.map_or(least, |later| place(later).max(least));
    let there = place(found.state);
    let code = match there {
        there if there < least => FindingCode::SequenceBehind,
        there if there > most => FindingCode::ContentMismatch,
        _ => return None,
    };
    Some(Difference {
        code,
        expected: Some(said(expected.state)),
        found: Some(said(found.state)),
        ..of_sequence(expected)
    })
}

fn of_sequence(sequence: &SequencePrint) -> Difference {
    Difference {
        code: FindingCode::ContentMismatch,
        severity: Severity::Critical,
        kind: DifferenceKind::SequenceState,
        aspect: Aspect::Definition,
        subject: sequence.name.clone(),
        expected: None,
        found: None,
        lines: Vec::new(),
        consequences: 0,
    }
}

fn said(state: SequenceState) -> String {
    let called = if state.is_called { "" } else { ", not handed out" };
    format!("at {}{called}", state.last_value)
}

/// Whether a sequence counts down, out of its definition.
fn descends(print: &Fingerprint, name: &str) -> bool {
    let named = print.objects.iter().filter(|object| object.name == name);
    let mut sequences = named.filter(|object| object.kind == ObjectKind::Sequence);
    sequences.any(|object| {
        object.definition.to_ascii_lowercase().contains("increment -")
            || object.definition.to_ascii_lowercase().contains("increment by -")
    })
}

fn large_objects(pair: &Pair<'_>, level: Level, comparison: &mut Comparison) {
    if pair.has_gap("large objects") {
        return;
    }
    let (one, other) = (&pair.expected.large_objects, &pair.found.large_objects);
    comparison.compared.large_objects += one.count;
    let mut differ = |aspect, expected: String, found: String| {
        comparison.differences.push(Difference {
            code: FindingCode::LargeObjectsMismatch,
            severity: Severity::Critical,
            kind: DifferenceKind::LargeObjects,
            aspect,
            subject: "large objects".to_owned(),
            expected: Some(expected),
            found: Some(found),
            lines: Vec::new(),
            consequences: 0,
        });
    };
    if one.count != other.count {
        return differ(Aspect::Count, count(one), count(other));
    }
    let hashed = level != Level::Counts;
    if hashed && (one.bytes, one.content) != (other.bytes, other.content) {
        differ(
            Aspect::Definition,
            format!("{} as they were backed up", count(one)),
            format!("{} with other contents or identifiers", count(other)),
        );
    } else if one.properties.is_some()
        && other.properties.is_some()
        && one.properties != other.properties
    {
        differ(
            Aspect::Privileges,
            "owners, privileges and comments as they were backed up".to_owned(),
            "others".to_owned(),
        );
    }
}

fn count(large: &LargeObjectsPrint) -> String {
    let bytes = large.bytes.map_or_else(String::new, |bytes| format!(" of {bytes} bytes"));
    format!("{} large objects{bytes}", large.count)
}
