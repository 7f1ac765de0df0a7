//! What is read in which order: the largest tables first, in parts; the small ones many at a time.

use std::collections::HashMap;

use super::hashing::{self, Access, Blocks, Closeness};
use super::large_objects::LargeObjects;
use super::locks::Size;
use super::relations::{Oid, Table};

/// Bytes and tables that one statement reads, where tables are small.
const TOGETHER_BYTES: u64 = 8 << 20;
const TOGETHER: usize = 50;

/// The least size of a part.
const LEAST_PART: u64 = 1 << 20;

/// A page as stored.
const PAGE: u64 = 8192;

/// What a part adds to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A table, by its place in the list.
    Table(usize),
    LargeObjectLengths,
    LargeObjectPieces,
}

/// A table, a part of one, or the like: what is counted and hashed at once.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) subject: Subject,
    /// As events and gaps have it.
    pub(super) name: String,
    /// What to select: figure, hash, sampled.
    pub(super) figures: String,
    /// Its share of the bytes on disk.
    pub(super) bytes: u64,
}

/// How to divide.
#[derive(Clone, Copy, Debug)]
pub(super) struct Division {
    pub(super) closeness: Closeness,
    pub(super) part_bytes: u64,
    /// Whether the server finds blocks by their number: from 14 on.
    pub(super) by_blocks: bool,
}

/// Everything to read: each step is what one statement reads.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Vec<Part>>,
}

impl Plan {
    pub(super) fn bytes(&self) -> u64 {
        self.steps.iter().flatten().map(|part| part.bytes).sum()
    }
}

/// Lays out the tables that could be locked and, where their contents are wanted, large objects.
pub(super) fn lay_out(
    tables: &[Table],
    sizes: &HashMap<Oid, Size>,
    large_objects: &LargeObjects,
    division: Division,
) -> Plan {
    let mut parts = Vec::with_capacity(tables.len());
    for (at, table) in tables.iter().enumerate() {
        if let Some(size) = sizes.get(&table.oid) {
            parts.extend(parts_of_table(at, table, *size, division));
        }
    }
    if division.closeness != Closeness::Count && large_objects.print.count > 0 {
        parts.extend(parts_of_large_objects(large_objects, division));
    }
    parts.sort_by_key(|part| std::cmp::Reverse(part.bytes));
    Plan { steps: together(parts) }
}

/// Small parts that one statement reads.
fn together(parts: Vec<Part>) -> Vec<Vec<Part>> {
    let mut steps: Vec<Vec<Part>> = Vec::new();
    let mut bytes = 0;
    for part in parts {
        match steps.last_mut() {
            Some(step) if step.len() < TOGETHER && bytes + part.bytes <= TOGETHER_BYTES => {
                bytes += part.bytes;
                step.push(part);
            }
            _ => {
                bytes = part.bytes;
                steps.push(vec![part]);
            }
        }
    }
    steps
}

fn parts_of_table(at: usize, table: &Table, size: Size, division: Division) -> Vec<Part> {
    let divisible = table.is_heap && table.condition.is_none();
    let ranges = if divisible { ranges(size, division) } else { vec![None] };
    let bytes = size.total / ranges.len() as u64;
    let part = |blocks| Part {
        subject: Subject::Table(at),
        name: table.name.clone(),
        figures: hashing::table(table, division.closeness, blocks),
        bytes,
    };
    ranges.into_iter().map(part).collect()
}

fn parts_of_large_objects(objects: &LargeObjects, division: Division) -> Vec<Part> {
    let size = Size { rows: objects.bytes, total: objects.bytes };
    let ranges = match objects.access {
        Access::Pages => ranges(size, division),
        Access::Functions => vec![None],
    };
    let bytes = objects.bytes / ranges.len() as u64;
    let part = |subject, figures, bytes| {
        let name = super::large_objects::SUBJECT.to_owned();
        Part { subject, name, figures, bytes }
    };
    let lengths = hashing::large_object_lengths(objects.access);
    let mut parts = vec![part(Subject::LargeObjectLengths, lengths, 0)];
    parts.extend(ranges.into_iter().map(|blocks| {
        let pieces = hashing::large_object_pieces(objects.access, division.closeness, blocks);
        part(Subject::LargeObjectPieces, pieces, bytes)
    }));
    parts
}

/// The parts of a table as ranges of its blocks; one without a range where it is read whole.
fn ranges(size: Size, division: Division) -> Vec<Option<Blocks>> {
    let pages = size.rows.div_ceil(PAGE);
    let parts = size.total.div_ceil(division.part_bytes.max(LEAST_PART)).min(pages);
    if parts <= 1 || !division.by_blocks {
        return vec![None];
    }
    let each = pages.div_ceil(parts);
    let starts: Vec<u64> = (0..parts).map(|at| at * each).filter(|from| *from < pages).collect();
    let ends = starts.iter().skip(1).map(|end| Some(*end)).chain([None]);
    starts.iter().zip(ends).map(|(from, to)| Some(Blocks { from: *from, to })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIVISION: Division =
        Division { closeness: Closeness::Whole, part_bytes: 2 << 20, by_blocks: true };

    fn blocks(rows: u64, total: u64, division: Division) -> Vec<Option<(u64, Option<u64>)>> {
        let ranges = ranges(Size { rows, total }, division);
        ranges.into_iter().map(|range| range.map(|blocks| (blocks.from, blocks.to))).collect()
    }

    #[test]
    fn the_parts_of_a_table_leave_no_block_out_and_the_last_has_no_end() {
        let three = blocks(700 * PAGE, 700 * PAGE, DIVISION);
        assert_eq!(three, [Some((0, Some(234))), Some((234, Some(468))), Some((468, None))]);
    }

    #[test]
    fn toast_makes_parts_of_few_blocks() {
        assert_eq!(blocks(2 * PAGE, 1 << 30, DIVISION), [Some((0, Some(1))), Some((1, None))]);
    }

    #[test]
    fn a_small_or_empty_table_and_one_of_an_old_server_is_read_whole() {
        assert_eq!(blocks(0, 0, DIVISION), [None]);
        assert_eq!(blocks(PAGE, PAGE, DIVISION), [None]);
        let old = Division { by_blocks: false, ..DIVISION };
        assert_eq!(blocks(700 * PAGE, 700 * PAGE, old), [None]);
    }

    #[test]
    fn small_tables_are_read_together_and_large_ones_alone() {
        let part = |bytes| Part {
            subject: Subject::Table(0),
            name: String::new(),
            figures: String::new(),
            bytes,
        };
        let parts = [64 << 20, 9 << 20, 4 << 20, 4 << 20, 1 << 20, 0].map(part).to_vec();
        let steps: Vec<usize> = together(parts).iter().map(Vec::len).collect();
        assert_eq!(steps, [1, 1, 2, 2]);
    }
}
