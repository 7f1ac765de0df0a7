//! Indexes, and commands that write a table anew.

use super::super::statement::{Reindexed, Statement};
use super::{Derivation, LockMode};

impl Derivation<'_> {
    pub(super) fn index_statement(&mut self, statement: &Statement) {
        use LockMode::*;
        match statement {
            Statement::CreateIndex { name, table, concurrently, if_not_exists, only, .. } => {
                self.facts.refuses_transactions = *concurrently;
                let there = *if_not_exists && self.schema.index(&beside(table, name)).is_some();
                self.create_index(table, *only, mode(*concurrently, ShareLock), there);
            }
            Statement::DropIndex { indexes, concurrently, if_exists } => {
                self.facts.refuses_transactions = *concurrently;
                let gone = |index: &&String| *if_exists && self.schema.is_missing(index);
                let there: Vec<&String> = indexes.iter().filter(|index| !gone(index)).collect();
                there.iter().for_each(|index| self.drop_index(index, *concurrently));
            }
            Statement::RenameIndex { index, if_exists: true, .. }
            | Statement::AlterIndex { index, if_exists: true, .. }
                if self.schema.is_missing(index) => {}
            Statement::Reindex { what, concurrently } => self.reindex(what, *concurrently),
            Statement::RenameIndex { index, .. }
            | Statement::AlterIndex { index, parameters: true, .. } => {
                self.lock(index, ShareUpdateExclusiveLock);
            }
            Statement::AlterIndex { index, attached: Some(attached), .. } => {
                self.lock(index, ShareUpdateExclusiveLock);
                self.lock(attached, AccessExclusiveLock);
            }
            Statement::AlterIndex { index, .. } => self.lock(index, AccessExclusiveLock),
            _ => {}
        }
    }

    /// The index of an inherited table stays on that table; partitions get one each.
    fn create_index(&mut self, table: &str, only: bool, mode: LockMode, there: bool) {
        let tables = if only { vec![table.to_owned()] } else { self.partitions(table) };
        if there {
            return self.lock(table, mode);
        }
        self.lock_all(&tables, mode);
        self.build_index(&tables);
    }

    fn drop_index(&mut self, index: &str, concurrently: bool) {
        let Some(known) = self.schema.index(index) else {
            self.assume(format!("the table of index {index} is not known"));
            return self.lock(index, mode(concurrently, LockMode::AccessExclusiveLock));
        };
        let tables =
            if known.only { vec![known.table.clone()] } else { self.partitions(&known.table) };
        let lock = mode(concurrently, LockMode::AccessExclusiveLock);
        self.lock_all(&tables, lock);
        if !concurrently && !tables.iter().all(|table| self.schema.is_new(table)) {
            self.lock(index, lock);
        }
    }

    fn reindex(&mut self, what: &Reindexed, concurrently: bool) {
        self.facts.refuses_transactions = concurrently;
        match what {
            Reindexed::Index(index) => self.reindex_index(index, concurrently),
            Reindexed::Table(table) => self.reindex_table(table, concurrently),
            Reindexed::Schema(schema) => self.reindex_all(Some(schema), concurrently),
            Reindexed::Database => self.reindex_all(None, concurrently),
        }
    }

    /// An index on a partitioned table is made anew partition by partition, each in a transaction.
    fn reindex_index(&mut self, index: &str, concurrently: bool) {
        let table = self.schema.table_of_index(index).map(str::to_owned).unwrap_or_default();
        let tables = self.partitions(&table);
        self.facts.refuses_transactions |= tables.len() > 1;
        self.lock_all(&tables, mode(concurrently, LockMode::ShareLock));
        self.build_index(&tables);
        if !self.facts.refuses_transactions && !self.schema.is_new(&table) {
            self.lock(index, LockMode::AccessExclusiveLock);
        }
    }

    /// Queries plan with all indexes of a table, so that the locks on these stop them too.
    fn reindex_table(&mut self, table: &str, concurrently: bool) {
        let is_partitioned = self.schema.table(table).is_some_and(|known| known.partitioned);
        if self.version < 14 && is_partitioned {
            // It warns that this is not done yet, and does nothing.
            return self.lock(table, mode(concurrently, LockMode::ShareLock));
        }
        let tables = self.partitions(table);
        self.facts.refuses_transactions |= tables.len() > 1;
        // The partitions are found under ShareLock, whatever comes then.
        self.lock_all(tables.get(1..).unwrap_or_default(), LockMode::ShareLock);
        self.lock(table, mode(concurrently, LockMode::ShareLock));
        self.build_index(&tables);
        if self.facts.refuses_transactions || self.schema.is_new(table) {
            return;
        }
        let indexes: Vec<String> =
            self.schema.indexes_of(table).map(|(name, _)| name.clone()).collect();
        self.lock_all(&indexes, LockMode::AccessExclusiveLock);
    }

    fn reindex_all(&mut self, schema: Option<&str>, concurrently: bool) {
        self.facts.refuses_transactions = true;
        for table in self.schema.tables_of(schema) {
            self.lock(&table, mode(concurrently, LockMode::ShareLock));
            if self.schema.indexes_of(&table).next().is_some() {
                self.build_index(&[table]);
            }
        }
    }

    pub(super) fn maintenance(&mut self, statement: &Statement) {
        use LockMode::*;
        match statement {
            Statement::RefreshMaterializedView { view, concurrently, with_no_data } => {
                self.lock(view, if *concurrently { ExclusiveLock } else { AccessExclusiveLock });
                if !concurrently && !with_no_data {
                    self.rewrite(std::slice::from_ref(view));
                }
            }
            Statement::Vacuum { tables, full } => {
                self.facts.refuses_transactions = true;
                for table in tables {
                    let tables = self.partitions(table);
                    self.lock_all(&tables, mode(!full, AccessExclusiveLock));
                    if *full {
                        self.rewrite(&tables);
                    }
                }
            }
            Statement::Analyze { tables } if tables.is_empty() => {
                let tables = self.schema.tables_of(None);
                self.lock_all(&tables, ShareUpdateExclusiveLock);
            }
            Statement::Analyze { tables } => {
                for table in tables {
                    let tables = self.partitions(table);
                    self.lock_all(&tables, ShareUpdateExclusiveLock);
                }
            }
            Statement::Cluster { table } => {
                self.facts.refuses_transactions = table.is_empty();
                self.lock(table, AccessExclusiveLock);
                self.rewrite(std::slice::from_ref(table));
            }
            _ => {}
        }
    }
}

fn mode(concurrently: bool, otherwise: LockMode) -> LockMode {
    if concurrently { LockMode::ShareUpdateExclusiveLock } else { otherwise }
}

/// An index lies in the schema of its table.
fn beside(table: &str, index: &str) -> String {
    match table.rsplit_once('.') {
        Some((schema, _)) if !index.contains('.') => format!("{schema}.{index}"),
        _ => index.to_owned(),
    }
}
