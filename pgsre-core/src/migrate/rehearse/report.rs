//! What a rehearsal came to: plain data.

use serde::Serialize;

use super::super::facts::LockMode;
use super::super::lint::{LintedFile, LintedStatement};
use super::super::plan::Plan;
use super::load::LoadSeen;

/// The shape of a rehearsal's JSON.
pub const REHEARSAL_SCHEMA: u32 = 1;

/// How a migration went on a copy, as it is and by its plan.
#[derive(Clone, Debug, Serialize)]
pub struct RehearsalReport {
    /// [`REHEARSAL_SCHEMA`].
    pub schema: u32,
    /// The file.
    pub source: String,
    /// The major version of the server that it was tried on.
    pub server_version: u32,
    /// The file as it is; none where only a plan was rehearsed.
    pub direct: Option<Run>,
    /// Its plan.
    pub planned: Run,
    /// Objects that the two did not leave the same.
    pub differences: Vec<String>,
    /// What taking the plan back came to; none where it did not run to its end.
    pub undo: Option<Undo>,
    /// What the times in production stand on; none where they were not asked for.
    pub assumptions: Vec<String>,
    /// The plan.
    pub plan: Plan,
}

impl RehearsalReport {
    /// Whether both ran to their end, and to the same.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let failed = |run: &Run| run.failure.is_some();
        let ran = !self.direct.as_ref().is_some_and(failed) && !failed(&self.planned);
        ran && self.differences.is_empty()
    }
}

/// Statements that were run one after the other.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Run {
    /// Those that were run to their end.
    pub statements: Vec<Measured>,
    /// What the server said of the one that failed, and that statement. Nothing was run after it.
    pub failure: Option<String>,
    /// Where the linter had said something else.
    pub surprises: Vec<String>,
    /// What others saw meanwhile, where there was a load.
    pub load: Option<LoadSeen>,
}

/// What one statement did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Measured {
    /// The statement.
    pub statement: String,
    /// How long it ran.
    pub seconds: f64,
    /// The strongest lock on each relation that was there before.
    pub locks: Vec<HeldLock>,
    /// Tables that were written anew.
    pub rewrites: Vec<String>,
    /// The bytes of these, when they were written.
    pub rewritten_bytes: u64,
    /// What was added to the write-ahead log meanwhile. This, the rewrites and the sizes are told when a
    /// transaction ends: where it has several statements, with its last.
    pub wal_bytes: u64,
    /// What went to temporary files; none before PostgreSQL 15.
    pub temp_bytes: Option<u64>,
    /// The rows that it says it changed.
    pub rows: u64,
    /// Batches in which it changed them, where it is a backfill: its lock is then held for the longest.
    pub batches: Option<u64>,
    /// Tables that are of another size than before, with their indexes.
    pub sizes: Vec<TableSize>,
    /// What it would take in production, where it works through tables whose sizes are known in both places.
    pub expected: Option<Expected>,
}

/// What a statement would take in production.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Expected {
    /// How many times as much work there is.
    pub times: f64,
    /// How long it would run.
    pub seconds: f64,
    /// How long it would hold a lock that stops writes, if it takes one.
    pub stops_seconds: Option<f64>,
}

/// A lock and how long it was held.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "a lock's object and mode")]
pub struct HeldLock {
    pub object: String,
    pub mode: LockMode,
    /// From the begin of the statement to the end of its transaction.
    pub held_seconds: f64,
}

/// A table's size before and after, in bytes, with its indexes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct TableSize {
    pub table: String,
    pub before: u64,
    pub after: u64,
}

/// What taking a plan back came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Undo {
    /// How it ended.
    pub outcome: UndoOutcome,
    /// The step at which it ended, where it did not go back to the begin.
    pub step: Option<u32>,
    /// What is not as it was; what the server said, where a statement failed.
    pub differences: Vec<String>,
}

/// How taking a plan back ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UndoOutcome {
    /// Every object is as it was.
    Restored,
    /// Something is not as it was.
    Differs,
    /// A step has no way back.
    NoWayBack,
    /// The server would not have it.
    Failed,
}

impl Run {
    /// Notes where the linter said something else of a statement that was run.
    pub(super) fn compare(&mut self, predicted: &LintedFile, text: &str) {
        for measured in &self.statements {
            let is_it = |one: &&LintedStatement| {
                text.get(one.range.clone()) == Some(measured.statement.as_str())
            };
            if let Some(said) = predicted.statements.iter().find(is_it) {
                self.surprises.extend(surprises(measured, said));
            }
        }
    }

    /// The longest that reads and writes, or writes, of one table had to wait.
    #[must_use]
    pub fn longest_stop(&self) -> Option<&HeldLock> {
        let locks = self.statements.iter().flat_map(|one| &one.locks);
        let stops = locks.filter(|lock| lock.mode.blocks_writes());
        stops.max_by(|one, other| one.held_seconds.total_cmp(&other.held_seconds))
    }
}

fn surprises(measured: &Measured, said: &LintedStatement) -> Vec<String> {
    let is_it = |one: &str, other: &str| one.replace('"', "") == other;
    let foreseen = |table: &String| said.rewrites.iter().any(|one| is_it(table, one));
    let missed = measured.rewrites.iter().filter(|table| !foreseen(table));
    let locks = measured.locks.iter().filter(|lock| lock.mode.blocks_writes()).filter(|lock| {
        !said.locks.iter().any(|one| is_it(&lock.object, &one.object) && one.mode >= lock.mode)
    });
    missed
        .map(|table| format!("{table} was written anew, which was not foreseen"))
        .chain(locks.map(|lock| format!("{:?} on {} was not foreseen", lock.mode, lock.object)))
        .collect()
}
