//! The indexes of a schema, found by their names and by their tables.

use std::collections::{BTreeMap, BTreeSet};

use super::Index;

/// Histories have thousands: those of one table are found without looking at the others.
#[derive(Clone, Debug, Default)]
pub(super) struct Indexes {
    named: BTreeMap<String, Index>,
    of: BTreeMap<String, BTreeSet<String>>,
}

impl Indexes {
    pub(super) fn get(&self, name: &str) -> Option<&Index> {
        self.named.get(name)
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.named.contains_key(name)
    }

    /// By their names.
    pub(super) fn of(&self, table: &str) -> impl Iterator<Item = (&String, &Index)> {
        let names = self.of.get(table).into_iter().flatten();
        names.filter_map(|name| self.named.get_key_value(name))
    }

    pub(super) fn insert(&mut self, name: String, index: Index) {
        self.remove(&name);
        self.of.entry(index.table.clone()).or_default().insert(name.clone());
        self.named.insert(name, index);
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<Index> {
        let index = self.named.remove(name)?;
        if let Some(names) = self.of.get_mut(&index.table) {
            names.remove(name);
        }
        Some(index)
    }

    /// Those of a table that this holds for stay.
    pub(super) fn retain_of(&mut self, table: &str, stays: impl Fn(&Index) -> bool) {
        let Some(names) = self.of.get_mut(table) else { return };
        let named = &mut self.named;
        names.retain(|name| {
            let stays = named.get(name).is_some_and(&stays);
            if !stays {
                named.remove(name);
            }
            stays
        });
    }

    /// Changes those of a table; their table stays.
    pub(super) fn change_of(&mut self, table: &str, change: impl Fn(&mut Index)) {
        for name in self.of.get(table).into_iter().flatten() {
            if let Some(index) = self.named.get_mut(name) {
                change(index);
            }
        }
    }

    pub(super) fn rename_table(&mut self, from: &str, to: &str) {
        let Some(names) = self.of.remove(from) else { return };
        for name in &names {
            if let Some(index) = self.named.get_mut(name) {
                to.clone_into(&mut index.table);
            }
        }
        self.of.entry(to.to_owned()).or_default().extend(names);
    }

    /// Only those of these tables.
    pub(super) fn only_of<'a>(&self, tables: impl Iterator<Item = &'a String>) -> Self {
        let mut found = Self::default();
        for (name, index) in tables.flat_map(|table| self.of(table)) {
            found.insert(name.clone(), index.clone());
        }
        found
    }
}
