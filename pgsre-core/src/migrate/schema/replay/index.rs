//! What becomes of indexes.

use super::super::super::statement::{Action, Column, Constraint, ConstraintKind, Statement};
use super::super::name::{bare, index_name, within};
use super::super::{Index, Schema};
use super::schema_of;

impl Schema {
    pub(super) fn apply_index(&mut self, statement: &Statement) {
        match statement {
            Statement::CreateIndex {
                name,
                table,
                columns,
                sorts,
                words,
                computed,
                only,
                unique,
                definition,
                ..
            } => {
                let index = Index {
                    table: table.clone(),
                    columns: columns.clone(),
                    sorts: sorts.clone(),
                    words: words.iter().cloned().collect(),
                    computed: *computed,
                    only: *only,
                    unique: *unique,
                    invalid: false,
                    definition: definition.clone(),
                };
                self.create_index(name, index);
            }
            Statement::DropIndex { indexes, .. } => {
                for index in indexes {
                    self.indexes.remove(index);
                }
            }
            Statement::RenameIndex { index, to, .. } => self.rename_index(index, to),
            Statement::CreateStatistics { name, table } => {
                self.statistics.insert(name.clone(), table.clone());
            }
            Statement::DropStatistics { names } => {
                self.statistics.retain(|name, _| !names.contains(name));
            }
            _ => {}
        }
    }

    /// On a partitioned table it makes one on each partition.
    pub(super) fn create_index(&mut self, name: &str, index: Index) {
        let table = index.table.clone();
        let name = match name {
            "" => index_name(&table, &index.columns, &self.indexes),
            name => within(schema_of(&table), name),
        };
        if self.indexes.contains(&name) {
            return;
        }
        let below = self.tables.get(&table).is_some_and(|known| known.partitioned && !index.only);
        let family = if below { self.family(&table) } else { Vec::new() };
        for partition in family.iter().skip(1) {
            let name = index_name(partition, &index.columns, &self.indexes);
            self.indexes.insert(name, Index { table: partition.clone(), ..index.clone() });
        }
        self.indexes.insert(name, index);
    }

    pub(super) fn rename_index(&mut self, from: &str, to: &str) {
        let to = within(from.rsplit_once('.').map(|(schema, _)| schema), to);
        let Some(index) = self.indexes.remove(from) else { return };
        if let Some(table) = self.tables.get_mut(&index.table) {
            let action =
                Action::RenameConstraint { name: bare(from).to_owned(), to: bare(&to).to_owned() };
            table.alter(&index.table, &action);
        }
        self.indexes.insert(to, index);
    }

    /// A partition has an index for each of its parent's.
    pub(super) fn inherit_indexes(&mut self, parent: &str, child: &str) {
        let own: Vec<Index> = self.indexes_of(child).map(|(_, index)| index.clone()).collect();
        let missing: Vec<Index> = self
            .indexes_of(parent)
            .map(|(_, index)| index.clone())
            .filter(|index| own.iter().all(|one| one.columns != index.columns))
            .collect();
        for index in missing {
            let name = index_name(child, &index.columns, &self.indexes);
            self.indexes.insert(name, Index { table: child.to_owned(), ..index });
        }
    }

    /// The index that a constraint brings.
    pub(super) fn index_constraint(&mut self, table: &str, constraint: &Constraint) {
        use ConstraintKind::{Exclude, Primary, Unique};
        let (columns, using) = match &constraint.kind {
            Primary { columns, using_index } | Unique { columns, using_index } => {
                (columns.clone(), using_index.clone())
            }
            Exclude { columns } => (columns.clone(), None),
            _ => return,
        };
        let schema = table.rsplit_once('.').map(|(schema, _)| schema);
        let name = within(schema, &constraint.name);
        if let Some(index) = using.and_then(|using| self.indexes.remove(&within(schema, &using))) {
            self.indexes.insert(name, index);
            return;
        }
        let words = columns.iter().cloned().collect();
        let unique = !matches!(constraint.kind, Exclude { .. });
        let sorts = if unique { columns.clone() } else { Vec::new() };
        let table = table.to_owned();
        let index = Index { table, columns, sorts, words, unique, ..Index::default() };
        self.indexes.insert(name, index);
    }

    /// The indexes of a new column's constraints.
    pub(super) fn index_column(&mut self, table: &str, column: &Column) {
        let known = self.tables.get(table).map(|known| known.constraints.clone());
        let own = |one: &&Constraint| match &one.kind {
            ConstraintKind::Primary { columns, .. } | ConstraintKind::Unique { columns, .. } => {
                *columns == [column.name.clone()]
            }
            _ => false,
        };
        let constraints: Vec<Constraint> =
            known.unwrap_or_default().iter().filter(own).cloned().collect();
        constraints.iter().for_each(|constraint| self.index_constraint(table, constraint));
    }

    pub(super) fn rename_in_indexes(&mut self, table: &str, from: &str, to: &str) {
        self.indexes.change_of(table, |index| {
            let named = index.columns.iter_mut().chain(&mut index.sorts);
            named.filter(|one| *one == from).for_each(|one| to.clone_into(one));
            if index.words.remove(from) {
                index.words.insert(to.to_owned());
            }
        });
    }
}
