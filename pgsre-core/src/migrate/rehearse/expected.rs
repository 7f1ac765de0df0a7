//! What statements would take on a production server of another size.
//!
//! What reads, writes or builds something of every row takes as much longer as the tables are larger; an
//! index build sorts, so that it grows with n·log n. Everything else takes what it took. That holds for a
//! server as fast and as idle as the one of the rehearsal, with caches as warm: it is an order of
//! magnitude, not a promise.

use std::collections::BTreeSet;

use super::super::facts::Facts;
use super::super::parse::parse;
use super::super::schema::Schema;
use super::super::statement::Statement;
use super::report::{Expected, Measured};

/// The pages of a table, as a stand-in for its entries.
const PAGE: f64 = 8192.0;

/// What a run's statements work through, in their order.
#[derive(Debug)]
pub(super) struct Works<'a> {
    copy: Schema,
    production: &'a Schema,
    version: u32,
    /// Tables of which a size is not known in one of the two places.
    pub(super) unknown: BTreeSet<String>,
}

/// The tables that a statement works through.
#[derive(Debug, Default)]
struct Worked {
    tables: BTreeSet<String>,
    sorts: bool,
}

impl<'a> Works<'a> {
    pub(super) fn new(copy: Schema, production: &'a Schema, version: u32) -> Self {
        Self { copy, production, version, unknown: BTreeSet::new() }
    }

    /// Says of each statement that works through tables what it would take there.
    pub(super) fn expect(&mut self, statements: &mut [Measured]) {
        for measured in statements {
            let worked = self.worked(measured);
            let times = worked.tables.iter().filter_map(|table| self.times(table, worked.sorts));
            if let Some(times) = times.max_by(f64::total_cmp) {
                let longest = measured.locks.iter().filter(|lock| lock.mode.blocks_writes());
                let longest = longest.map(|lock| lock.held_seconds).max_by(f64::total_cmp);
                measured.expected = Some(Expected {
                    times,
                    seconds: measured.seconds * times,
                    // None of a backfill: its batches are as large there, and stop no writes.
                    stops_seconds: longest.map(|held| held * times),
                });
            }
        }
    }

    fn worked(&mut self, measured: &Measured) -> Worked {
        let mut worked = Worked::default();
        for located in parse(&measured.statement) {
            let facts = Facts::of(&located.statement, &self.copy, self.version);
            worked.sorts |= !(facts.index_builds.is_empty() && facts.rewrites.is_empty());
            let tables = [facts.rewrites, facts.scans, facts.index_builds];
            worked.tables.extend(tables.into_iter().flatten());
            if let Statement::ChangeRows { table, .. } = &located.statement {
                worked.tables.insert(table.clone());
            }
            self.copy.apply(&located.statement);
        }
        worked
    }

    /// How many times as large a table is in production.
    #[expect(clippy::cast_precision_loss, reason = "a ratio of sizes")]
    fn times(&mut self, table: &str, sorts: bool) -> Option<f64> {
        let size = |schema: &Schema| schema.size(table).map(|size| size.bytes as f64);
        let sizes = size(&self.copy).zip(size(self.production)).filter(|(here, _)| *here > 0.0);
        let Some((here, there)) = sizes else {
            self.unknown.insert(table.to_owned());
            return None;
        };
        let depth = |bytes: f64| (bytes / PAGE + 2.0).log2();
        let sorting = if sorts { depth(there) / depth(here) } else { 1.0 };
        Some(there / here * sorting)
    }
}
