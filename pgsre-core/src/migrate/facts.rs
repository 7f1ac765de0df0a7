//! What a statement does to tables that are in use: locks, rewrites, scans, index builds.
//!
//! Lock modes are those of `AlterTableGetLockLevel` (`src/backend/commands/tablecmds.c`) and of the
//! commands' own files. Nothing is said of tables that the same file created: nobody waits for them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::schema::Schema;
use super::statement::{Located, Statement};

mod alter_table;
mod columns;
mod indexes;
mod objects;
mod partitions;

/// Modes of locks on tables, from the weakest, by PostgreSQL's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are PostgreSQL's own (chapter 13.3, Explicit Locking)")]
pub enum LockMode {
    AccessShareLock,
    RowShareLock,
    RowExclusiveLock,
    ShareUpdateExclusiveLock,
    ShareLock,
    ShareRowExclusiveLock,
    ExclusiveLock,
    AccessExclusiveLock,
}

impl LockMode {
    /// Whether INSERT, UPDATE and DELETE wait for it.
    #[must_use]
    pub fn blocks_writes(self) -> bool {
        self >= Self::ShareLock
    }

    /// Whether SELECT waits for it.
    #[must_use]
    pub fn blocks_reads(self) -> bool {
        self == Self::AccessExclusiveLock
    }

    /// By the name that `pg_locks` has.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "AccessShareLock" => Self::AccessShareLock,
            "RowShareLock" => Self::RowShareLock,
            "RowExclusiveLock" => Self::RowExclusiveLock,
            "ShareUpdateExclusiveLock" => Self::ShareUpdateExclusiveLock,
            "ShareLock" => Self::ShareLock,
            "ShareRowExclusiveLock" => Self::ShareRowExclusiveLock,
            "ExclusiveLock" => Self::ExclusiveLock,
            "AccessExclusiveLock" => Self::AccessExclusiveLock,
            _ => return None,
        })
    }

    fn parse(name: &str) -> Self {
        Self::named(name).unwrap_or(Self::AccessExclusiveLock)
    }
}

/// What a statement does to tables in use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The strongest lock on each object.
    pub locks: BTreeMap<String, LockMode>,
    /// Tables that are written anew.
    pub rewrites: BTreeSet<String>,
    /// Tables that are read as a whole to verify something.
    pub scans: BTreeSet<String>,
    /// Tables that an index is built on.
    pub index_builds: BTreeSet<String>,
    /// Why it fails on a table with rows.
    pub fails_on_rows: Vec<String>,
    /// Whether PostgreSQL refuses it within a transaction.
    pub refuses_transactions: bool,
    /// What was assumed because it is not known.
    pub assumed: Vec<String>,
}

impl Facts {
    /// Derives them.
    #[must_use]
    pub fn of(statement: &Statement, schema: &Schema, version: u32) -> Self {
        let mut derivation = Derivation::new(schema, version);
        match schema.unfolded(statement) {
            Some(body) => derivation.block(&body.statements),
            None => derivation.statement(statement),
        }
        derivation.finish();
        derivation.facts
    }

    /// Derives those of the statement alone, without what it calls or fires.
    pub(super) fn of_one(statement: &Statement, schema: &Schema, version: u32) -> Self {
        let mut derivation = Derivation::new(schema, version);
        derivation.statement(statement);
        derivation.finish();
        derivation.facts
    }

    /// Takes over what a later statement of the same transaction does.
    pub(super) fn join(&mut self, mut more: Self) {
        for (object, mode) in std::mem::take(&mut more.locks) {
            let strongest = self.locks.entry(object).or_insert(mode);
            *strongest = mode.max(*strongest);
        }
        self.take(more);
    }

    /// Takes over all but the locks.
    fn take(&mut self, mut more: Self) {
        self.rewrites.append(&mut more.rewrites);
        self.scans.append(&mut more.scans);
        self.index_builds.append(&mut more.index_builds);
        self.fails_on_rows.append(&mut more.fails_on_rows);
        self.assumed.append(&mut more.assumed);
        self.refuses_transactions |= more.refuses_transactions;
    }
}

/// Facts in the making.
struct Derivation<'a> {
    schema: &'a Schema,
    version: u32,
    facts: Facts,
    /// Tables whose foreign keys a query of its own checks.
    validated: BTreeSet<String>,
}

impl<'a> Derivation<'a> {
    fn new(schema: &'a Schema, version: u32) -> Self {
        Self { schema, version, facts: Facts::default(), validated: BTreeSet::new() }
    }
}

impl Derivation<'_> {
    fn statement(&mut self, statement: &Statement) {
        use LockMode::*;
        match statement {
            Statement::AlterTable { table, if_exists, only, actions } => {
                if !(*if_exists && self.schema.is_missing(table)) {
                    self.alter_table(table, *only, actions);
                }
            }
            Statement::CreateTable(table) => self.create_table(table),
            Statement::ChangeRows { table, .. } | Statement::Insert { table, .. } => {
                self.lock(table, RowExclusiveLock);
            }
            Statement::LockTable { tables, mode, only } => {
                for table in tables {
                    let members = if *only { vec![table.clone()] } else { self.family(table) };
                    self.lock_all(&members, LockMode::parse(mode));
                }
            }
            Statement::Describe { tables } => self.lock_all(tables, ShareUpdateExclusiveLock),
            other => {
                self.index_statement(other);
                self.maintenance(other);
                self.drop_statement(other);
                self.object_statement(other);
            }
        }
    }

    /// Each statement of a block finds what those before it left.
    fn block(&mut self, statements: &[Located]) {
        let mut schema = self.schema.clone();
        for inner in statements {
            let facts = Facts::of_one(&inner.statement, &schema, self.version);
            facts.locks.iter().for_each(|(object, mode)| self.lock(object, *mode));
            self.facts.take(facts);
            schema.apply_one(&inner.statement);
        }
    }

    fn lock(&mut self, object: &str, mode: LockMode) {
        if object.is_empty() || self.schema.is_new(object) {
            return;
        }
        let strongest = self.facts.locks.entry(object.to_owned()).or_insert(mode);
        *strongest = mode.max(*strongest);
    }

    fn lock_all(&mut self, objects: &[String], mode: LockMode) {
        objects.iter().for_each(|object| self.lock(object, mode));
    }

    /// The table and everything below it.
    fn family(&self, table: &str) -> Vec<String> {
        self.schema.family(table)
    }

    /// The table and its partitions; those who inherit from it are tables of their own.
    fn partitions(&self, table: &str) -> Vec<String> {
        match self.schema.table(table) {
            Some(known) if known.partitioned => self.family(table),
            _ => vec![table.to_owned()],
        }
    }

    /// Of these, those that have rows of their own and are in use.
    fn holders(&self, tables: &[String]) -> Vec<String> {
        let partitioned =
            |table: &String| self.schema.table(table).is_some_and(|known| known.partitioned);
        let holds = |table: &&String| {
            !table.is_empty() && !self.schema.is_new(table) && !partitioned(table)
        };
        tables.iter().filter(holds).cloned().collect()
    }

    fn rewrite(&mut self, tables: &[String]) {
        let tables = self.holders(tables);
        self.facts.rewrites.extend(tables);
    }

    fn scan(&mut self, tables: &[String]) {
        let tables = self.holders(tables);
        self.facts.scans.extend(tables);
    }

    /// A foreign key is checked by a query of its own, which a rewrite does not spare.
    fn validate_foreign_key(&mut self, tables: &[String]) {
        let tables = self.holders(tables);
        self.validated.extend(tables);
    }

    fn build_index(&mut self, tables: &[String]) {
        let tables = self.holders(tables);
        self.facts.index_builds.extend(tables);
    }

    /// A rewrite verifies on its way, and builds the indexes anew.
    fn finish(&mut self) {
        let facts = &mut self.facts;
        facts.scans.retain(|table| !facts.rewrites.contains(table));
        facts.index_builds.retain(|table| !facts.rewrites.contains(table));
        facts.scans.append(&mut self.validated);
    }

    fn assume(&mut self, what: String) {
        self.facts.assumed.push(what);
    }
}

#[cfg(test)]
mod tests;
