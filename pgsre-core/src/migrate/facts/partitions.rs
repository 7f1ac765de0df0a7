//! Tables that are created, attached and detached.

use super::super::schema::is_default;
use super::super::statement::{ConstraintKind, CreateTable};
use super::{Derivation, LockMode};

mod bound;

impl Derivation<'_> {
    pub(super) fn create_table(&mut self, table: &CreateTable) {
        if table.if_not_exists && self.schema.table(&table.name).is_some() {
            return;
        }
        if let Some(parent) = &table.partition_of {
            self.lock(parent, LockMode::AccessExclusiveLock);
            self.join(parent, &table.bound);
        }
        self.lock_all(&table.inherits, LockMode::ShareUpdateExclusiveLock);
        let of_columns = table.columns.iter().flat_map(|column| &column.constraints);
        for constraint in table.constraints.iter().chain(of_columns) {
            if let ConstraintKind::Foreign { parent, .. } = &constraint.kind
                && *parent != table.name
            {
                let family = self.family(parent);
                self.lock_all(&family, LockMode::ShareRowExclusiveLock);
            }
        }
    }

    /// A partitioned table gets a partition: its default partition must not hold rows of it, and its
    /// foreign keys, either way, are made for the partition too.
    fn join(&mut self, parent: &str, bound: &[String]) {
        let default = self.schema.table(parent).and_then(|known| known.default_partition.clone());
        if let Some(default) = default.filter(|_| !is_default(bound)) {
            let family = self.family(&default);
            self.lock_all(&family, LockMode::AccessExclusiveLock);
            self.scan(&family);
        }
        let own = self.schema.foreign_keys_of(parent);
        let mut others: Vec<String> = own.flat_map(|key| self.family(key.parent)).collect();
        // Since 15, and in the minor versions of 15 and 16 since the end of 2024.
        if self.version >= 15 {
            others.extend(self.schema.foreign_keys_to(parent).map(|key| key.table.to_owned()));
        }
        self.lock_all(&others, LockMode::ShareRowExclusiveLock);
    }

    pub(super) fn attach(&mut self, parent: &str, partition: &str, bound: &[String]) {
        let family = self.family(partition);
        self.lock_all(&family, LockMode::AccessExclusiveLock);
        self.join(parent, bound);
        if !bound::is_proved(self.schema, parent, partition, bound) {
            self.scan(&family);
        }
        if self.schema.foreign_keys_of(parent).next().is_some() {
            self.validate_foreign_key(&family);
        }
        let own: Vec<&[String]> = self.columns_of_indexes(partition);
        if self.columns_of_indexes(parent).iter().any(|columns| !own.contains(columns)) {
            self.build_index(&family);
        }
    }

    fn columns_of_indexes(&self, table: &str) -> Vec<&[String]> {
        self.schema.indexes_of(table).map(|(_, index)| index.columns.as_slice()).collect()
    }

    /// Before 14 a partition that no foreign key refers to is read and written while it is detached, but its
    /// indexes are locked.
    fn lock_detached(&mut self, parent: &str, family: &[String]) {
        let is_referred = self.schema.foreign_keys_to(parent).next().is_some();
        let Some((own, below)) = family.split_first().filter(|_| !is_referred && self.version < 14)
        else {
            return self.lock_all(family, LockMode::AccessExclusiveLock);
        };
        self.lock(own, LockMode::ShareUpdateExclusiveLock);
        self.lock_all(below, LockMode::AccessExclusiveLock);
        let indexes: Vec<String> =
            self.schema.indexes_of(own).map(|(name, _)| name.clone()).collect();
        self.lock_all(&indexes, LockMode::AccessExclusiveLock);
    }

    pub(super) fn detach(&mut self, parent: &str, partition: &str, concurrently: bool) {
        self.facts.refuses_transactions |= concurrently;
        let family = self.family(partition);
        self.lock_detached(parent, &family);
        let default = self.schema.table(parent).and_then(|known| known.default_partition.clone());
        self.lock(&default.unwrap_or_default(), LockMode::AccessExclusiveLock);
        // No row may refer to what is detached.
        let referring = self.referring(parent, |_| true);
        self.lock_all(&referring, LockMode::AccessExclusiveLock);
        self.validate_foreign_key(&referring);
    }
}
