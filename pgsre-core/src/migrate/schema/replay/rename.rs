//! Names that change, and all who know them.

use super::super::super::statement::ConstraintKind;
use super::super::Schema;
use super::super::name::{bare, within};
use super::schema_of;

impl Schema {
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        let to = within(schema_of(from).filter(|_| !to.contains('.')), to);
        if let Some(table) = self.tables.remove(from) {
            self.tables.insert(to.clone(), table);
            self.note_references_of(&to);
        }
        if let Some(view) = self.views.remove(from) {
            self.views.insert(to.clone(), view);
        }
        if self.new.remove(from) {
            self.new.insert(to.clone());
        }
        self.rename_references(from, &to);
        if self.indexes.contains(from) {
            self.rename_index(from, &to);
        }
    }

    fn rename_references(&mut self, from: &str, to: &str) {
        for known in self.tables.values_mut() {
            if known.children.remove(from) {
                known.children.insert(to.to_owned());
            }
            if known.default_partition.as_deref() == Some(from) {
                known.default_partition = Some(to.to_owned());
            }
            for constraint in &mut known.constraints {
                if let ConstraintKind::Foreign { parent, .. } = &mut constraint.kind
                    && parent == from
                {
                    to.clone_into(parent);
                }
            }
        }
        if let Some(tables) = self.referring.remove(from) {
            self.referring.entry(to.to_owned()).or_default().extend(tables);
        }
        for words in self.views.values_mut() {
            if words.remove(bare(from)) {
                words.insert(bare(to).to_owned());
            }
        }
        self.indexes.rename_table(from, to);
        let attached = self.attached.iter_mut().map(|one| &mut one.table);
        let names = attached.chain(self.statistics.values_mut());
        names.filter(|table| *table == from).for_each(|table| to.clone_into(table));
    }

    pub(super) fn rename_in_views(&mut self, table: &str, from: &str, to: &str) {
        let table = bare(table);
        for words in self.views.values_mut().filter(|words| words.contains(table)) {
            for (from, to) in [
                (from.to_owned(), to.to_owned()),
                (format!("{table}.{from}"), format!("{table}.{to}")),
            ] {
                if words.contains(&from) {
                    words.insert(to);
                }
            }
        }
    }
}
