//! What a statement does to tables that are in use: locks, rewrites, scans, index builds.
//!
//! Lock modes are those of `AlterTableGetLockLevel` (`src/backend/commands/tablecmds.c`) and of the
//! commands' own files. Nothing is said of tables that the same file created: nobody waits for them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::schema::Schema;
use super::statement::{ConstraintKind, CreateTable, Statement};

mod alter_table;

/// Modes of locks on tables, from the weakest, by PostgreSQL's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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

    fn parse(name: &str) -> Self {
        match name {
            "AccessShareLock" => Self::AccessShareLock,
            "RowShareLock" => Self::RowShareLock,
            "RowExclusiveLock" => Self::RowExclusiveLock,
            "ShareUpdateExclusiveLock" => Self::ShareUpdateExclusiveLock,
            "ShareLock" => Self::ShareLock,
            "ShareRowExclusiveLock" => Self::ShareRowExclusiveLock,
            "ExclusiveLock" => Self::ExclusiveLock,
            _ => Self::AccessExclusiveLock,
        }
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
        let mut derivation = Derivation { schema, version, facts: Self::default() };
        derivation.statement(statement);
        derivation.facts
    }
}

/// Facts in the making.
struct Derivation<'a> {
    schema: &'a Schema,
    version: u32,
    facts: Facts,
}

impl Derivation<'_> {
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

    /// The table itself, or its partitions, which hold the rows.
    fn leaves(&self, table: &str) -> Vec<String> {
        let known = self.schema.table(table).map(|table| &table.partitions);
        let Some(partitions) = known.filter(|partitions| !partitions.is_empty()) else {
            return vec![table.to_owned()];
        };
        partitions.iter().flat_map(|partition| self.leaves(partition)).collect()
    }

    fn in_use(&self, table: &str) -> Vec<String> {
        let leaves = self.leaves(table).into_iter();
        leaves.filter(|leaf| !leaf.is_empty() && !self.schema.is_new(leaf)).collect()
    }

    fn rewrite(&mut self, table: &str) {
        let tables = self.in_use(table);
        self.facts.rewrites.extend(tables);
    }

    fn scan(&mut self, table: &str) {
        let tables = self.in_use(table);
        self.facts.scans.extend(tables);
    }

    fn build_index(&mut self, table: &str) {
        let tables = self.in_use(table);
        self.facts.index_builds.extend(tables);
    }

    fn statement(&mut self, statement: &Statement) {
        use LockMode::*;
        match statement {
            Statement::AlterTable { table, actions } => self.alter_table(table, actions),
            Statement::CreateTable(table) => self.create_table(table),
            Statement::DropTable { tables } => {
                for table in tables {
                    self.lock(table, AccessExclusiveLock);
                    let leaves = self.leaves(table);
                    self.lock_all(&leaves, AccessExclusiveLock);
                    let parents = self.schema.parents(table, |_| true);
                    self.lock_all(&parents, AccessExclusiveLock);
                }
            }
            Statement::Truncate { tables } | Statement::DropView { views: tables } => {
                for table in tables {
                    let leaves = self.leaves(table);
                    self.lock_all(&leaves, AccessExclusiveLock);
                    self.lock(table, AccessExclusiveLock);
                }
            }
            Statement::CreateView { name, or_replace: true } => {
                self.lock(name, AccessExclusiveLock)
            }
            Statement::ChangeRules { table } => self.lock(table, AccessExclusiveLock),
            Statement::CreateTrigger { table } => self.lock(table, ShareRowExclusiveLock),
            Statement::ChangeRows { table, .. } | Statement::Insert { table } => {
                self.lock(table, RowExclusiveLock);
            }
            Statement::LockTable { tables, mode } => self.lock_all(tables, LockMode::parse(mode)),
            Statement::Describe { tables } | Statement::Analyze { tables } => {
                self.lock_all(tables, ShareUpdateExclusiveLock);
            }
            Statement::AlterDomain { name, checks } => self.alter_domain(name, *checks),
            Statement::RenameIndex { index, .. } | Statement::AlterIndex { index } => {
                self.lock(index, ShareUpdateExclusiveLock)
            }
            Statement::Block { statements, .. } => {
                statements.iter().for_each(|inner| self.statement(&inner.statement));
            }
            other => self.maintenance(other),
        }
    }

    /// Indexes, and commands that write a table anew.
    fn maintenance(&mut self, statement: &Statement) {
        use LockMode::*;
        let or =
            |concurrently: bool, mode| if concurrently { ShareUpdateExclusiveLock } else { mode };
        match statement {
            Statement::CreateIndex { table, only: true, .. } => self.lock(table, ShareLock),
            Statement::CreateIndex { table, concurrently, .. } => {
                for table in self.leaves(table).iter().chain([table]) {
                    self.lock(table, or(*concurrently, ShareLock));
                }
                self.build_index(table);
                self.facts.refuses_transactions = *concurrently;
            }
            Statement::DropIndex { indexes, concurrently } => {
                for index in indexes {
                    self.drop_index(index, or(*concurrently, AccessExclusiveLock));
                }
                self.facts.refuses_transactions = *concurrently;
            }
            Statement::Reindex { index, name, concurrently } => {
                self.reindex(*index, name, or(*concurrently, ShareLock));
                self.facts.refuses_transactions = *concurrently || name.is_empty();
            }
            Statement::RefreshMaterializedView { view, concurrently } => {
                self.lock(view, if *concurrently { ExclusiveLock } else { AccessExclusiveLock });
                if !concurrently {
                    self.rewrite(view);
                }
            }
            Statement::Vacuum { tables, full } => {
                self.facts.refuses_transactions = true;
                self.lock_all(tables, or(!full, AccessExclusiveLock));
                tables.iter().filter(|_| *full).for_each(|table| self.rewrite(table));
            }
            Statement::Cluster { table } => {
                self.facts.refuses_transactions = table.is_empty();
                self.lock(table, AccessExclusiveLock);
                self.rewrite(table);
            }
            _ => {}
        }
    }

    fn drop_index(&mut self, index: &str, mode: LockMode) {
        match self.schema.table_of_index(index) {
            Some(table) if self.schema.is_new(table) => {}
            table => {
                let table = table.map(str::to_owned).unwrap_or_default();
                self.lock(&table, mode);
                self.lock(index, mode);
                if table.is_empty() {
                    self.assume(format!("the table of index {index} is not known"));
                }
            }
        }
    }

    fn reindex(&mut self, index: bool, name: &str, mode: LockMode) {
        if !index {
            self.lock(name, mode);
            return self.build_index(name);
        }
        let own = if mode == LockMode::ShareLock { LockMode::AccessExclusiveLock } else { mode };
        self.lock(name, own);
        let table = self.schema.table_of_index(name).map(str::to_owned).unwrap_or_default();
        self.lock(&table, mode);
        self.build_index(&table);
    }

    fn create_table(&mut self, table: &CreateTable) {
        if table.if_not_exists && self.schema.table(&table.name).is_some() {
            return;
        }
        if let Some(parent) = &table.partition_of {
            self.lock(parent, LockMode::AccessExclusiveLock);
        }
        self.lock_all(&table.inherits, LockMode::ShareUpdateExclusiveLock);
        let of_columns = table.columns.iter().flat_map(|column| &column.constraints);
        for constraint in table.constraints.iter().chain(of_columns) {
            if let ConstraintKind::Foreign { parent, .. } = &constraint.kind
                && *parent != table.name
            {
                self.lock(parent, LockMode::ShareRowExclusiveLock);
            }
        }
    }

    fn alter_domain(&mut self, name: &str, checks: bool) {
        if !checks {
            return;
        }
        for table in self.schema.tables_with_type(name) {
            self.lock(&table, LockMode::ShareLock);
            self.scan(&table);
        }
    }

    fn assume(&mut self, what: String) {
        self.facts.assumed.push(what);
    }
}

#[cfg(test)]
mod tests;
