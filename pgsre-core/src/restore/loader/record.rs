//! What a load did, as it is written down.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::super::{DatabaseLoad, Declared, LoadReport, SequenceSet, SlowStatement, TableLoad};
use crate::archive::{ArchiveSummary, Declaration, ObjectName};
use crate::finding::{Finding, FindingCode, Severity};

/// Findings about statements that are quoted; the rest is counted.
const MOST_FAULTS: usize = 50;
/// Notes that are kept; the rest is counted.
const MOST_NOTES: usize = 200;
const MOST_SLOW: usize = 20;

/// Builds a [`LoadReport`].
#[derive(Debug)]
pub(super) struct Record {
    begun: Instant,
    report: LoadReport,
    /// With their places in the archive: they are told in its order, whatever ran first.
    findings: Vec<(u64, Finding)>,
    current: usize,
    /// Where each table of each database stands in its report.
    tables: HashMap<(usize, ObjectName), usize>,
    /// Ordinary tables that the archive made and that hold nothing yet.
    pristine: BTreeSet<(usize, ObjectName)>,
    notes: BTreeSet<String>,
    faults: usize,
    notes_left_out: usize,
}

impl Record {
    pub(super) fn new(database: &str) -> Self {
        let mut record = Self {
            begun: Instant::now(),
            report: LoadReport::default(),
            findings: Vec::new(),
            current: 0,
            tables: HashMap::new(),
            pristine: BTreeSet::new(),
            notes: BTreeSet::new(),
            faults: 0,
            notes_left_out: 0,
        };
        record.enter(database);
        record
    }

    /// What follows belongs to this database.
    pub(super) fn enter(&mut self, database: &str) {
        let known = self.report.databases.iter().position(|load| load.name == database);
        self.current = known.unwrap_or_else(|| {
            let name = database.to_owned();
            self.report.databases.push(DatabaseLoad { name, ..DatabaseLoad::default() });
            self.report.databases.len() - 1
        });
    }

    /// Writes a finding down, about this place in the archive.
    pub(super) fn finding(&mut self, line: u64, finding: Finding) {
        if finding.code == FindingCode::RestoreStatementFailed
            && finding.severity == Severity::Critical
        {
            self.faults += 1;
            if self.faults > MOST_FAULTS {
                return;
            }
        }
        self.findings.push((line, finding));
    }

    /// Notes something, once.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if self.notes.contains(&note) {
            return;
        }
        if self.notes.len() >= MOST_NOTES {
            self.notes_left_out += 1;
            return;
        }
        self.notes.insert(note.clone());
        self.report.notes.push(note);
    }

    pub(super) fn archive(&mut self, summary: ArchiveSummary) {
        self.report.archive = Some(summary);
    }

    /// The archive was not read to its end after all.
    pub(super) fn archive_is_broken(&mut self) {
        self.report.archive = None;
    }

    /// Writes down what a statement declared.
    pub(super) fn declared(&mut self, objects: Vec<Declaration>, line: u64, excused: bool) {
        let declared = objects.into_iter().map(|object| Declared { object, line, excused });
        self.load().declared.extend(declared);
    }

    /// Whether the archive has defined anything that data or constraints could refer to.
    pub(super) fn has_defined(&self) -> bool {
        self.report.databases[self.current].declared.iter().any(|declared| {
            matches!(
                declared.object,
                Declaration::Table { .. }
                    | Declaration::Sequence(_)
                    | Declaration::View(_)
                    | Declaration::MaterializedView(_)
                    | Declaration::Routine(_)
                    | Declaration::Type(_)
                    | Declaration::Schema(_)
            )
        })
    }

    /// A table that was made just now, and holds its own rows.
    pub(super) fn pristine(&mut self, table: ObjectName) {
        self.pristine.insert((self.current, table));
    }

    /// Whether the table was made by this load and nothing was sent to it yet; not so any more.
    pub(super) fn take_pristine(&mut self, table: &ObjectName) -> bool {
        self.pristine.remove(&(self.current, table.clone()))
    }

    /// Adds data of a table.
    pub(super) fn table(&mut self, piece: &TableLoad) {
        let key = (self.current, piece.table.clone());
        let load = &mut self.report.databases[self.current];
        match self.tables.get(&key) {
            Some(&at) => {
                let sum = &mut load.tables[at];
                sum.rows += piece.rows;
                sum.bytes += piece.bytes;
                sum.seconds += piece.seconds;
                sum.connections = sum.connections.max(piece.connections);
                sum.line = sum.line.min(piece.line);
                // A fault of the backup in one piece is not excused by another's excuse.
                sum.excused = match (sum.failed, piece.failed) {
                    (true, true) => sum.excused && piece.excused,
                    _ => sum.excused || piece.excused,
                };
                sum.failed |= piece.failed;
            }
            None => {
                self.tables.insert(key, load.tables.len());
                load.tables.push(piece.clone());
            }
        }
    }

    /// A table whose data the archive announced, and that has none.
    pub(super) fn empty_table(&mut self, table: ObjectName) {
        self.load().empty_tables.push(table);
    }

    pub(super) fn sequence(&mut self, set: SequenceSet) {
        self.load().sequences.push(set);
    }

    pub(super) fn large_object(&mut self) {
        self.load().large_objects += 1;
    }

    /// Whether the archive has made a large object.
    pub(super) fn has_large_objects(&self) -> bool {
        self.report.databases[self.current].large_objects > 0
    }

    pub(super) fn inserts(&mut self) {
        self.load().inserts = true;
    }

    pub(super) fn row_security(&mut self) {
        self.load().row_security = true;
    }

    /// Keeps the slowest statements.
    pub(super) fn timed(&mut self, head: &str, line: u64, took: Duration) {
        let seconds = took.as_secs_f64();
        let slowest = &mut self.report.slowest;
        if slowest.len() == MOST_SLOW && slowest.last().is_some_and(|s| s.seconds >= seconds) {
            return;
        }
        let at = slowest.partition_point(|slow| slow.seconds >= seconds);
        slowest.insert(at, SlowStatement { head: head.to_owned(), line, seconds });
        slowest.truncate(MOST_SLOW);
    }

    /// The report. Databases that only globals were sent to are left out.
    pub(super) fn finish(mut self) -> LoadReport {
        self.findings.sort_by_key(|(line, _)| *line);
        self.report.findings.extend(self.findings.into_iter().map(|(_, finding)| finding));
        for load in &mut self.report.databases {
            load.tables.sort_by_key(|table| table.line);
            load.declared.sort_by_key(|declared| declared.line);
        }
        let more = self.faults.saturating_sub(MOST_FAULTS);
        if more > 0 {
            self.report.findings.push(Finding::critical(
                FindingCode::RestoreStatementFailed,
                format!("{more} further statements"),
                format!("the server rejected {more} further statements, not quoted here"),
            ));
        }
        if self.notes_left_out > 0 {
            self.report.notes.push(format!("{} further notes left out", self.notes_left_out));
        }
        if self.report.databases.len() > 1 {
            self.report.databases.retain(|load| !load.is_untouched());
        }
        self.report.seconds = self.begun.elapsed().as_secs_f64();
        self.report
    }

    fn load(&mut self) -> &mut DatabaseLoad {
        &mut self.report.databases[self.current]
    }
}

impl DatabaseLoad {
    fn is_untouched(&self) -> bool {
        self.tables.is_empty()
            && self.empty_tables.is_empty()
            && self.declared.is_empty()
            && self.sequences.is_empty()
            && self.large_objects == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(rows: u64, failed: bool, excused: bool) -> TableLoad {
        let table = ObjectName { schema: Some("public".to_owned()), name: "t".to_owned() };
        TableLoad {
            connections: 1,
            table,
            rows,
            bytes: rows,
            seconds: 0.5,
            line: 1,
            failed,
            excused,
        }
    }

    #[test]
    fn the_pieces_of_a_table_add_up() {
        let mut record = Record::new("shop");
        record.table(&piece(2, false, false));
        record.table(&piece(3, true, true));
        let report = record.finish();
        let table = &report.databases[0].tables[0];
        assert_eq!((table.rows, table.failed, table.excused), (5, true, true));
    }

    #[test]
    fn a_fault_is_not_excused_by_another_piece() {
        let mut record = Record::new("shop");
        record.table(&piece(0, true, false));
        record.table(&piece(0, true, true));
        assert!(!record.finish().databases[0].tables[0].excused);
    }

    #[test]
    fn findings_are_told_in_the_archives_order() {
        let mut record = Record::new("shop");
        for line in [7, 3, u64::MAX, 5] {
            let code = FindingCode::RestoreStatementFailed;
            record.finding(line, Finding::critical(code, line.to_string(), "no"));
        }
        let findings = record.finish().findings;
        let subjects: Vec<_> = findings.iter().map(|finding| finding.subject.as_str()).collect();
        assert_eq!(subjects, ["3", "5", "7", "18446744073709551615"]);
    }

    #[test]
    fn faults_beyond_fifty_are_counted() {
        let mut record = Record::new("shop");
        for line in 0..60 {
            let code = FindingCode::RestoreStatementFailed;
            record.finding(line, Finding::critical(code, format!("line {line}"), "no"));
        }
        let findings = record.finish().findings;
        assert_eq!(findings.len(), 51);
        assert_eq!(findings[50].subject, "10 further statements");
    }

    #[test]
    fn the_slowest_statements_are_kept_in_order() {
        let mut record = Record::new("shop");
        for millis in 0..30 {
            record.timed("s", millis, Duration::from_millis(millis));
        }
        let slowest = record.finish().slowest;
        assert_eq!((slowest.len(), slowest[0].line, slowest[19].line), (20, 29, 10));
    }
}
