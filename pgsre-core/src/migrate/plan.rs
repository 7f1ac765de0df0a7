//! A schema change as a sequence of steps that stops nobody.
//!
//! ```
//! use pgsre_core::migrate::{Linter, Work};
//!
//! let mut linter = Linter::new(17);
//! linter.file("1.sql", "create table orders (id bigint primary key, note text);");
//! let plan = linter.plan("2.sql", "create index orders_note on orders (note);");
//! let Work::Alone { statement, .. } = &plan.steps[0].work else { panic!("{plan:?}") };
//! assert_eq!(statement, "CREATE INDEX CONCURRENTLY orders_note ON orders (note)");
//! assert!(plan.is_safe());
//! ```

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::lint::Lock;
pub(super) use planner::Planner;

mod alter_table;
mod column_source;
mod columns;
mod constraints;
mod indexes;
mod partitions;
mod planner;
mod release;
mod replacement;
mod rows;
mod script;
mod source;

/// The shape of a plan's JSON.
pub const PLAN_SCHEMA: u32 = 1;

/// A migration as steps, in the order in which they run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_SCHEMA`].
    pub schema: u32,
    /// What the steps do, as a number: plans that do the same have the same, whatever their titles.
    pub id: String,
    /// The file that it was made from.
    pub source: String,
    /// What that file held, as a number.
    #[serde(default)]
    pub source_hash: String,
    /// The major version of the server that it is for.
    pub server_version: u32,
    /// In order.
    pub steps: Vec<Step>,
}

/// One step. Each is a transaction of its own, or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// From 1.
    pub number: u32,
    /// What it does, in one line.
    pub title: String,
    /// The line of the file that it comes from, from 1.
    pub line: usize,
    /// What is run.
    #[serde(flatten)]
    pub work: Work,
    /// How long it may wait for a lock, in milliseconds; none: as long as it takes.
    pub lock_timeout_ms: Option<u64>,
    /// How long a statement may run, in milliseconds; none: as long as it takes.
    pub statement_timeout_ms: Option<u64>,
    /// The strongest lock on each object in use.
    pub locks: Vec<Lock>,
    /// What takes it back: empty where there is nothing to take back, none where that cannot be done.
    pub undo: Option<Vec<String>>,
    /// Why no better form of it is known, and what it does to those who use its tables. A step without
    /// it rewrites, scans and builds nothing under a lock that stops writes.
    pub caution: Option<String>,
}

/// What a step runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// Statements in one transaction.
    Transaction {
        /// In order.
        statements: Vec<String>,
    },
    /// A statement that runs outside of transactions only.
    Alone {
        /// The statement.
        statement: String,
        /// The index that it makes: a failed attempt leaves it behind invalid, to be dropped before the
        /// next.
        index: Option<String>,
    },
    /// Rows, changed in batches.
    Backfill {
        /// The table, as it is written in SQL.
        table: String,
        /// What each row gets.
        set: Vec<Assignment>,
        /// Which rows: those for which this is true. A row that is done is no longer one of them, where
        /// that can be said.
        condition: Option<String>,
    },
    /// Something that is done outside of the database: a release of the applications.
    Deploy {
        /// What has to be so before the next step.
        what: String,
    },
}

/// A column and the expression that it gets, as they are written in SQL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the words of UPDATE … SET")]
pub struct Assignment {
    pub column: String,
    pub expression: String,
}

impl Plan {
    fn new(source: &str, text: &str, server_version: u32, steps: Vec<Step>) -> Self {
        Self {
            schema: PLAN_SCHEMA,
            id: identity(server_version, &steps),
            source: source.to_owned(),
            source_hash: short_hash(Sha256::new().chain_update(text)),
            server_version,
            steps,
        }
    }

    /// Whether it was made from a file that held this.
    #[must_use]
    pub fn is_of(&self, text: &str) -> bool {
        self.source_hash == short_hash(Sha256::new().chain_update(text))
    }

    /// Whether the steps are those that its number was made of.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.id == identity(self.server_version, &self.steps)
    }

    /// Whether each step has a form that stops nobody.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.steps.iter().all(|step| step.caution.is_none())
    }
}

/// The first 16 hexadecimal digits of the SHA-256 of the steps' work and time-outs.
fn identity(server_version: u32, steps: &[Step]) -> String {
    let mut digest = Sha256::new();
    digest.update(server_version.to_le_bytes());
    for step in steps {
        // To write these types as JSON cannot fail.
        let work = serde_json::to_vec(&step.work).unwrap_or_default();
        let limits =
            [step.lock_timeout_ms, step.statement_timeout_ms].map(Option::unwrap_or_default);
        digest.update((work.len() as u64).to_le_bytes());
        digest.update(work);
        limits.iter().for_each(|limit| digest.update(limit.to_le_bytes()));
    }
    short_hash(digest)
}

/// Its first 16 hexadecimal digits.
fn short_hash(digest: Sha256) -> String {
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
