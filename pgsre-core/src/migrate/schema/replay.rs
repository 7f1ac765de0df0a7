//! What each statement changes of the schema.

use super::super::statement::{Action, Constraint, ConstraintKind, CreateTable, Statement};
use super::name::{bare, constraint_name, within};
use super::{Function, Schema, Table};

mod index;
mod object;
mod rename;

impl Schema {
    /// Takes over what a statement changes, and what it runs.
    pub fn apply(&mut self, statement: &Statement) {
        match self.unfolded(statement) {
            Some(body) => body.statements.iter().for_each(|inner| self.apply_one(&inner.statement)),
            None => self.apply_one(statement),
        }
    }

    pub(in super::super) fn apply_one(&mut self, statement: &Statement) {
        match statement {
            Statement::CreateTable(table) => self.create(table),
            Statement::AlterTable { table, only, actions, .. } => {
                actions.iter().for_each(|action| self.alter(table, *only, action));
            }
            Statement::DropTable { tables, cascade, .. } => {
                for table in tables {
                    self.drop_table(table, *cascade);
                }
            }
            Statement::CreateFunction { name, or_replace, arguments, volatile, body } => {
                let known = self.functions.entry(name.clone()).or_default();
                // Types have many spellings: one of as many arguments is taken to be the same.
                known.retain(|one| !or_replace || one.arguments != *arguments);
                let (arguments, volatile, body) = (*arguments, *volatile, body.clone());
                known.push(Function { arguments, volatile, body });
            }
            Statement::SetTimeZone { utc } => self.utc = Some(*utc),
            other => {
                self.apply_index(other);
                self.apply_view(other);
                self.apply_type(other);
                self.apply_attached(other);
            }
        }
    }

    fn create(&mut self, create: &CreateTable) {
        if create.if_not_exists && self.tables.contains_key(&create.name) {
            return;
        }
        let mut table = Table {
            partitioned: !create.partition_key.is_empty(),
            partition_key: create.partition_key.clone(),
            unlogged: create.unlogged,
            tablespace: create.tablespace.clone(),
            is_known: true,
            ..Table::default()
        };
        for like in &create.like {
            let columns = self.tables.get(like).map(|known| known.columns.clone());
            table.columns.extend(columns.unwrap_or_default());
        }
        for parent in create.partition_of.iter().chain(&create.inherits) {
            self.adopt(parent, &create.name, &create.bound, &mut table);
        }
        for column in &create.columns {
            table.add(&create.name, column.clone());
        }
        for constraint in &create.constraints {
            let mut constraint = constraint.clone();
            constraint_name(&create.name, &table, &mut constraint);
            table.add_constraint(constraint);
        }
        let constraints = table.constraints.clone();
        self.tables.insert(create.name.clone(), table);
        self.note_references_of(&create.name);
        self.new.insert(create.name.clone());
        constraints.iter().for_each(|constraint| self.index_constraint(&create.name, constraint));
    }

    /// A table gets a child, and the child what its parent has.
    fn adopt(&mut self, parent: &str, child: &str, bound: &[String], table: &mut Table) {
        let Some(known) = self.tables.get_mut(parent) else { return };
        known.children.insert(child.to_owned());
        bound.clone_into(&mut table.bound);
        if is_default(bound) {
            known.default_partition = Some(child.to_owned());
        }
        table.columns.extend(known.columns.clone());
        let inherited = known.constraints.iter().filter(|one| !one.no_inherit);
        let is_check = |one: &&Constraint| {
            matches!(one.kind, ConstraintKind::Check { .. }) || known.partitioned
        };
        table.constraints.extend(inherited.filter(is_check).cloned());
        if known.partitioned {
            self.inherit_indexes(parent, child);
        }
    }

    fn drop_table(&mut self, name: &str, cascade: bool) {
        if cascade {
            let views = self.views_over(name, None);
            views.iter().for_each(|view| self.forget(view));
            for table in self.tables.values_mut() {
                table.constraints.retain(|known| match &known.kind {
                    ConstraintKind::Foreign { parent, .. } => parent != name,
                    _ => true,
                });
            }
        }
        let is_partitioned = self.tables.get(name).is_some_and(|known| known.partitioned);
        if is_partitioned || cascade {
            let family = self.family(name);
            family.iter().for_each(|member| self.forget(member));
        }
        self.forget(name);
    }

    fn forget(&mut self, name: &str) {
        self.tables.remove(name);
        self.views.remove(name);
        self.new.remove(name);
        self.indexes.retain_of(name, |_| false);
        self.attached.retain(|one| one.table != name);
        self.statistics.retain(|_, table| table != name);
        for known in self.tables.values_mut() {
            known.children.remove(name);
            known.default_partition.take_if(|default| default == name);
        }
    }

    fn alter(&mut self, name: &str, only: bool, action: &Action) {
        match action {
            Action::RenameTo { name: to } => self.rename(name, to),
            Action::SetSchema { schema } => {
                let bare = bare(name);
                let moved = format!("{schema}.{bare}");
                self.rename(name, if schema == "public" { bare } else { &moved });
            }
            Action::AddConstraint(constraint) => self.add_constraint(name, only, constraint),
            Action::AttachPartition { partition, bound } => {
                let mut child = self.tables.remove(partition).unwrap_or_default();
                self.adopt(name, partition, bound, &mut child);
                self.tables.insert(partition.clone(), child);
                self.note_references_of(partition);
            }
            Action::DetachPartition { partition, .. } => self.part(name, partition),
            Action::Inherit { parent, not: false } => {
                if let Some(known) = self.tables.get_mut(parent) {
                    known.children.insert(name.to_owned());
                }
            }
            Action::Inherit { parent, not: true } => self.part(parent, name),
            Action::SetLogged { logged } => {
                self.tables.entry(name.to_owned()).or_default().unlogged = !logged;
            }
            Action::SetTablespace { tablespace } => {
                let known = self.tables.entry(name.to_owned()).or_default();
                known.tablespace.clone_from(tablespace);
            }
            Action::Trigger { name: trigger, fires } => {
                let own = self.attached.iter_mut().filter(|one| one.table == name);
                let named =
                    own.filter(|one| trigger.as_ref().is_none_or(|named| one.name == *named));
                named.for_each(|one| one.fires = *fires);
            }
            _ => self.alter_family(name, only, action),
        }
    }

    fn part(&mut self, parent: &str, child: &str) {
        if let Some(known) = self.tables.get_mut(parent) {
            known.children.remove(child);
            known.default_partition.take_if(|default| default == child);
        }
    }

    fn alter_family(&mut self, name: &str, only: bool, action: &Action) {
        let family = if only { vec![name.to_owned()] } else { self.family(name) };
        for member in &family {
            self.tables.entry(member.clone()).or_default().alter(member, action);
            match action {
                Action::AddColumn { column, .. } => {
                    self.index_column(member, column);
                    self.note_references_of(member);
                }
                Action::DropColumn { column, .. } => {
                    self.indexes.retain_of(member, |index| !index.words.contains(column));
                }
                Action::DropConstraint { name, .. } => {
                    self.indexes.remove(&within(schema_of(member), name));
                }
                Action::RenameColumn { column, to } => {
                    self.rename_in_indexes(member, column, to);
                    self.rename_in_views(member, column, to);
                }
                Action::RenameConstraint { name, to } => {
                    let name = within(schema_of(member), name);
                    if let Some(index) = self.indexes.remove(&name) {
                        self.indexes.insert(within(schema_of(member), to), index);
                    }
                }
                _ => {}
            }
        }
    }

    fn add_constraint(&mut self, name: &str, only: bool, constraint: &Constraint) {
        let stays = only || constraint.no_inherit;
        let partitioned = self.tables.get(name).is_some_and(|known| known.partitioned);
        let inherited = partitioned || matches!(constraint.kind, ConstraintKind::Check { .. });
        let family = if stays || !inherited { vec![name.to_owned()] } else { self.family(name) };
        let mut constraint = constraint.clone();
        if let ConstraintKind::Primary { columns, using_index: Some(index) }
        | ConstraintKind::Unique { columns, using_index: Some(index) } = &mut constraint.kind
            && let Some(known) = self.indexes.get(&within(schema_of(name), index))
        {
            columns.clone_from(&known.columns);
        }
        for member in family {
            let known = self.tables.entry(member.clone()).or_default();
            let mut own = constraint.clone();
            constraint_name(&member, known, &mut own);
            known.add_constraint(own.clone());
            self.note_references_of(&member);
            self.index_constraint(&member, &own);
        }
    }
}

pub(in super::super) fn is_default(bound: &[String]) -> bool {
    bound.first().is_some_and(|word| word.eq_ignore_ascii_case("default"))
}

fn schema_of(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(schema, _)| schema)
}
