//! What is dropped, and what stands on tables: views, triggers, domains, publications.

use super::super::statement::{DomainChange, PublicationChange, RuleChange, Statement};
use super::{Derivation, LockMode};

impl Derivation<'_> {
    pub(super) fn drop_statement(&mut self, statement: &Statement) {
        use LockMode::AccessExclusiveLock;
        match statement {
            Statement::DropTable { tables, if_exists, cascade } => {
                let gone = |table: &&String| *if_exists && self.schema.is_missing(table);
                let there: Vec<&String> = tables.iter().filter(|table| !gone(table)).collect();
                there.iter().for_each(|table| self.drop_table(table, *cascade));
            }
            Statement::DropView { views, if_exists, cascade } => {
                for view in views {
                    if *if_exists && self.schema.is_missing(view) {
                        continue;
                    }
                    self.lock(view, AccessExclusiveLock);
                    if *cascade {
                        let over = self.schema.views_over(view, None);
                        self.lock_all(&over, AccessExclusiveLock);
                    }
                }
            }
            Statement::DropSchema { schemas, cascade: true } => {
                for schema in schemas {
                    let tables = self.schema.tables_of(Some(schema));
                    tables.iter().for_each(|table| self.drop_table(table, true));
                    let views = self.schema.views_of(schema);
                    self.lock_all(&views, AccessExclusiveLock);
                }
            }
            Statement::DropType { types, cascade: true } => {
                for name in types {
                    let tables = self.schema.tables_with_type(name);
                    self.lock_all(&tables, AccessExclusiveLock);
                }
            }
            Statement::DropFunction { functions, cascade: true } => {
                for function in functions {
                    let tables = self.schema.tables_calling(function);
                    self.lock_all(&tables, AccessExclusiveLock);
                }
            }
            Statement::Truncate { tables, only, cascade } => self.truncate(tables, *only, *cascade),
            _ => {}
        }
    }

    /// A foreign key that goes takes its triggers from the table that it refers to.
    fn drop_table(&mut self, table: &str, cascade: bool) {
        let members = if cascade { self.family(table) } else { self.partitions(table) };
        self.lock_all(&members, LockMode::AccessExclusiveLock);
        if let Some(parent) = self.schema.partitioned_parent(table) {
            let default =
                self.schema.table(parent).and_then(|known| known.default_partition.clone());
            self.lock(parent, LockMode::AccessExclusiveLock);
            self.lock(&default.unwrap_or_default(), LockMode::AccessExclusiveLock);
        }
        for member in &members {
            self.lock_referred(member, |_| true);
            if cascade {
                let referring = self.referring(member, |_| true);
                self.lock_all(&referring, LockMode::AccessExclusiveLock);
                let views = self.schema.views_over(member, None);
                self.lock_all(&views, LockMode::AccessExclusiveLock);
            }
        }
    }

    fn truncate(&mut self, tables: &[String], only: bool, cascade: bool) {
        let mut emptied: Vec<String> = tables.to_vec();
        if !only {
            emptied = tables.iter().flat_map(|table| self.family(table)).collect();
        }
        let mut next = 0;
        while let Some(table) = emptied.get(next).filter(|_| cascade).cloned() {
            let referring = self.referring(&table, |_| true);
            let families = referring.iter().flat_map(|table| self.family(table));
            let unseen: Vec<String> = families.filter(|table| !emptied.contains(table)).collect();
            emptied.extend(unseen);
            next += 1;
        }
        self.lock_all(&emptied, LockMode::AccessExclusiveLock);
    }

    /// Locks the tables that foreign keys of a table refer to.
    pub(super) fn lock_referred(&mut self, table: &str, of: impl Fn(&[String]) -> bool) {
        let keys = self.schema.foreign_keys_of(table).filter(|key| of(key.columns));
        let parents: Vec<String> = keys.flat_map(|key| self.triggered(key.parent)).collect();
        self.lock_all(&parents, LockMode::AccessExclusiveLock);
    }

    /// The tables that have a foreign key's triggers. Before 15 a partitioned table has none itself.
    fn triggered(&self, parent: &str) -> Vec<String> {
        let mut family = self.family(parent);
        let is_partitioned =
            |table: &String| self.schema.table(table).is_some_and(|known| known.partitioned);
        family.retain(|table| self.version >= 15 || !is_partitioned(table));
        family
    }

    /// The tables whose foreign keys refer to these columns of a table.
    pub(super) fn referring(&self, table: &str, to: impl Fn(&[String]) -> bool) -> Vec<String> {
        let keys = self.schema.foreign_keys_to(table);
        let keys = keys.filter(|key| to(self.schema.referred(key)));
        keys.map(|key| key.table.to_owned()).collect()
    }

    pub(super) fn object_statement(&mut self, statement: &Statement) {
        use LockMode::*;
        match statement {
            Statement::CreateView { name, or_replace: true, .. }
                if !self.schema.is_missing(name) =>
            {
                self.lock(name, AccessExclusiveLock);
            }
            Statement::ChangeRules { kind, table, name, change } => {
                let gone = *change == RuleChange::Drop { if_exists: true }
                    && self.schema.lacks(*kind, table, name);
                if !gone {
                    self.lock(table, AccessExclusiveLock);
                }
            }
            Statement::CreateTrigger { table, each_row, .. } => {
                let tables = if *each_row { self.partitions(table) } else { vec![table.clone()] };
                self.lock_all(&tables, ShareRowExclusiveLock);
            }
            Statement::CreateStatistics { table, .. } => self.lock(table, ShareUpdateExclusiveLock),
            Statement::DropStatistics { names } => {
                let tables = names.iter().filter_map(|name| self.schema.table_of_statistics(name));
                let tables: Vec<String> = tables.cloned().collect();
                self.lock_all(&tables, ShareUpdateExclusiveLock);
            }
            Statement::ChangePublication { name, tables, change } => {
                self.lock_all(tables, ShareUpdateExclusiveLock);
                if *change == PublicationChange::Set {
                    let before = self.schema.published(name);
                    self.lock_all(&before, ShareUpdateExclusiveLock);
                }
            }
            Statement::AlterDomain { name, change } => self.alter_domain(name, change),
            _ => {}
        }
    }

    fn alter_domain(&mut self, name: &str, change: &DomainChange) {
        let verifies = matches!(
            change,
            DomainChange::AddCheck { not_valid: false, .. }
                | DomainChange::Validate
                | DomainChange::SetNotNull
        );
        if verifies {
            let tables = self.schema.tables_with_type(name);
            self.lock_all(&tables, LockMode::ShareLock);
            self.scan(&tables);
        }
    }
}
