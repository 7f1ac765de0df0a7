//! From the figures of parts to those of tables, and of partitioned ones above them.

use std::collections::HashMap;

use super::super::{Gap, LargeObjectsPrint, TablePrint};
use super::hashing::Closeness;
use super::plan::Subject;
use super::reading::{Answer, Figures};
use super::relations::{Oid, Table};

/// What all parts came to.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) tables: Vec<TablePrint>,
    pub(super) large_objects: LargeObjectFigures,
    pub(super) gaps: Vec<Gap>,
}

/// What the large objects came to; `None` where they could not be read or were not to be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LargeObjectFigures(Option<Figures>);

impl LargeObjectFigures {
    pub(super) fn tell(self, print: &mut LargeObjectsPrint, closeness: Closeness) {
        if closeness == Closeness::Count {
            return;
        }
        let none = (print.count == 0).then(Figures::default);
        let figures = self.0.or(none);
        print.bytes = figures.map(|figures| figures.count);
        print.content = figures.map(|figures| figures.hash);
    }
}

/// Adds up what was read. A table that a part of could not be read has a gap and no figures.
pub(super) fn up(tables: &[Table], answers: &[Answer<'_>], closeness: Closeness) -> Sums {
    let mut sums = Sums::default();
    let mut read: HashMap<usize, Option<Figures>> = HashMap::new();
    let mut large: Option<Option<Figures>> = None;
    for (part, answer) in answers {
        let place = match part.subject {
            Subject::Table(at) => read.entry(at).or_insert_with(|| Some(Figures::default())),
            _ => large.get_or_insert_with(|| Some(Figures::default())),
        };
        match answer {
            Ok(figures) => {
                if let Some(sum) = place {
                    *sum = sum.with(part.subject, figures);
                }
            }
            // Once a table is enough.
            Err(refusal) if place.take().is_some() => {
                let subject = match part.subject {
                    Subject::Table(_) => format!("table {}", part.name),
                    _ => part.name.clone(),
                };
                sums.gaps.push(refusal.clone().gap(subject));
            }
            Err(_) => {}
        }
    }
    sums.large_objects = LargeObjectFigures(large.flatten());
    sums.tables = prints(tables, &read, closeness);
    sums
}

impl Figures {
    fn with(mut self, subject: Subject, other: &Self) -> Self {
        // What of large objects is stored is no figure of theirs: their lengths are.
        if subject != Subject::LargeObjectPieces {
            self.count = self.count.saturating_add(other.count);
        }
        self.hash = self.hash + other.hash;
        self.sampled = self.sampled.saturating_add(other.sampled);
        self
    }
}

/// The tables by name, the partitioned ones as the sums of their partitions.
fn prints(
    tables: &[Table],
    read: &HashMap<usize, Option<Figures>>,
    closeness: Closeness,
) -> Vec<TablePrint> {
    let places: HashMap<Oid, usize> =
        tables.iter().enumerate().map(|(at, table)| (table.oid, at)).collect();
    let above = |at: usize| places.get(&tables[at].partition_of?).copied();
    let mut sums: Vec<Option<Figures>> = tables
        .iter()
        .enumerate()
        .map(|(at, table)| {
            if table.is_partitioned {
                Some(Figures::default())
            } else {
                read.get(&at).copied().flatten()
            }
        })
        .collect();
    for at in (0..tables.len()).filter(|at| !tables[*at].is_partitioned) {
        let own = sums[at];
        // No chain is longer than the list, whatever a damaged catalogue says.
        for above in std::iter::successors(above(at), |at| above(*at)).take(tables.len()) {
            sums[above] =
                sums[above].and_then(|sum| own.map(|own| sum.with(Subject::Table(at), &own)));
        }
    }
    let print = |(at, sum): (usize, Option<Figures>)| TablePrint {
        name: tables[at].name.clone(),
        partition_of: above(at).map(|above| tables[above].name.clone()),
        rows: sum.map(|sum| sum.count),
        content: sum.filter(|_| closeness != Closeness::Count).map(|sum| sum.hash),
        sampled: sum.filter(|_| matches!(closeness, Closeness::Sample(_))).map(|sum| sum.sampled),
        key: tables[at].key.clone(),
    };
    let mut prints: Vec<TablePrint> = sums.into_iter().enumerate().map(print).collect();
    prints.sort_by(|one, other| one.name.cmp(&other.name));
    prints
}

#[cfg(test)]
mod tests {
    use super::super::super::ContentHash;
    use super::super::attempt::Refusal;
    use super::super::plan::Part;
    use super::*;

    fn table(oid: Oid, name: &str, partition_of: Option<Oid>, is_partitioned: bool) -> Table {
        Table {
            oid,
            name: name.to_owned(),
            is_partitioned,
            is_unlogged: false,
            is_heap: true,
            filenode: oid,
            partition_of,
            condition: None,
            columns: Vec::new(),
            key: Vec::new(),
        }
    }

    fn part(subject: Subject, name: &str) -> Part {
        Part { subject, name: name.to_owned(), figures: String::new(), bytes: 0 }
    }

    fn figures(count: u64, hash: &str) -> Figures {
        let hash: ContentHash = hash.parse().unwrap_or_default();
        Figures { count, hash, sampled: 0 }
    }

    /// A partitioned table with one partition of its own and one below another partitioned one.
    fn tree() -> Vec<Table> {
        vec![
            table(1, "s.root", None, true),
            table(2, "s.inner", Some(1), true),
            table(3, "s.leaf", Some(2), false),
            table(4, "s.a_leaf", Some(1), false),
        ]
    }

    #[test]
    fn a_partitioned_table_is_the_sum_of_all_that_is_below_it() {
        let parts = [part(Subject::Table(2), "s.leaf"), part(Subject::Table(3), "s.a_leaf")];
        let answers = [
            (&parts[0], Ok(figures(2, "5"))),
            (&parts[0], Ok(figures(1, "1"))),
            (&parts[1], Ok(figures(4, "-7"))),
        ];
        let sums = up(&tree(), &answers, Closeness::Whole);
        let found: Vec<_> = sums
            .tables
            .iter()
            .map(|t| (t.name.as_str(), t.partition_of.as_deref(), t.rows, t.content))
            .map(|(name, of, rows, hash)| (name, of, rows, hash.map(|hash| hash.to_string())))
            .collect();
        let hash = |text: &str| Some(text.to_owned());
        assert_eq!(
            found,
            [
                ("s.a_leaf", Some("s.root"), Some(4), hash("-7")),
                ("s.inner", Some("s.root"), Some(3), hash("6")),
                ("s.leaf", Some("s.inner"), Some(3), hash("6")),
                ("s.root", None, Some(7), hash("-1")),
            ]
        );
        assert!(sums.gaps.is_empty());
    }

    #[test]
    fn a_part_that_could_not_be_read_leaves_its_table_and_those_above_without_figures() {
        let parts = [part(Subject::Table(2), "s.leaf"), part(Subject::Table(3), "s.a_leaf")];
        let refused = || Err(Refusal { why: "no permission".to_owned(), is_lock: false });
        let answers = [
            (&parts[0], Ok(figures(2, "5"))),
            (&parts[0], refused()),
            (&parts[0], refused()),
            (&parts[1], Ok(figures(4, "-7"))),
        ];
        let sums = up(&tree(), &answers, Closeness::Whole);
        let rows: Vec<_> = sums.tables.iter().map(|t| (t.name.as_str(), t.rows)).collect();
        assert_eq!(
            rows,
            [("s.a_leaf", Some(4)), ("s.inner", None), ("s.leaf", None), ("s.root", None)]
        );
        let gap = Gap { subject: "table s.leaf".to_owned(), why: "no permission".to_owned() };
        assert_eq!(sums.gaps, [gap]);
    }

    #[test]
    fn large_objects_have_the_bytes_of_their_lengths() {
        let parts =
            [part(Subject::LargeObjectLengths, "lo"), part(Subject::LargeObjectPieces, "lo")];
        let answers = [(&parts[0], Ok(figures(9000, "5"))), (&parts[1], Ok(figures(3, "6")))];
        let mut print = LargeObjectsPrint { count: 2, ..LargeObjectsPrint::default() };
        up(&[], &answers, Closeness::Whole).large_objects.tell(&mut print, Closeness::Whole);
        assert_eq!((print.bytes, print.content), (Some(9000), "11".parse().ok()));
    }
}
