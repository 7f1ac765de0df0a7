//! What each statement changes of the schema.

use super::super::statement::{
    Action, Column, Constraint, ConstraintKind, CreateTable, DomainChange, PublicationChange,
    RuleChange, RuleKind, Statement,
};
use super::name::{bare, constraint_name, index_name, within};
use super::{Attached, Domain, Index, Schema, Table};

impl Schema {
    /// Takes over what a statement changes.
    pub fn apply(&mut self, statement: &Statement) {
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
            Statement::CreateFunction { name, volatile } => {
                self.functions.insert(name.clone(), *volatile);
            }
            Statement::SetTimeZone { utc } => self.utc = Some(*utc),
            Statement::Block { statements, .. } => {
                statements.iter().for_each(|inner| self.apply(&inner.statement));
            }
            other => {
                self.apply_index(other);
                self.apply_view(other);
                self.apply_type(other);
                self.apply_attached(other);
            }
        }
    }

    fn apply_index(&mut self, statement: &Statement) {
        match statement {
            Statement::CreateIndex { name, table, columns, words, computed, only, .. } => {
                let index = Index {
                    table: table.clone(),
                    columns: columns.clone(),
                    words: words.iter().cloned().collect(),
                    computed: *computed,
                    only: *only,
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
    fn create_index(&mut self, name: &str, index: Index) {
        let table = index.table.clone();
        let name = match name {
            "" => index_name(&table, &index.columns, &self.indexes),
            name => within(schema_of(&table), name),
        };
        if self.indexes.contains_key(&name) {
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

    fn rename_index(&mut self, from: &str, to: &str) {
        let to = within(from.rsplit_once('.').map(|(schema, _)| schema), to);
        let Some(index) = self.indexes.remove(from) else { return };
        if let Some(table) = self.tables.get_mut(&index.table) {
            let action =
                Action::RenameConstraint { name: bare(from).to_owned(), to: bare(&to).to_owned() };
            table.alter(&index.table, &action);
        }
        self.indexes.insert(to, index);
    }

    fn apply_view(&mut self, statement: &Statement) {
        match statement {
            Statement::CreateMaterializedView { name, words } => {
                self.tables.entry(name.clone()).or_default().is_known = true;
                self.create_view(name, words);
            }
            Statement::CreateView { name, words, .. } => self.create_view(name, words),
            Statement::DropView { views, cascade, .. } => {
                for view in views {
                    let over = if *cascade { self.views_over(view, None) } else { Vec::new() };
                    over.iter().chain([view]).for_each(|view| self.forget(view));
                }
            }
            Statement::DropSchema { schemas, cascade: true } => {
                for schema in schemas {
                    let tables = self.tables_of(Some(schema)).into_iter();
                    let gone: Vec<String> = tables.chain(self.views_of(schema)).collect();
                    gone.iter().for_each(|name| self.drop_table(name, true));
                }
            }
            _ => {}
        }
    }

    /// One that is replaced is not new.
    fn create_view(&mut self, name: &str, words: &[String]) {
        if self.views.insert(name.to_owned(), words.iter().cloned().collect()).is_none() {
            self.new.insert(name.to_owned());
        }
    }

    fn apply_type(&mut self, statement: &Statement) {
        match statement {
            Statement::CreateDomain { name, base, checks, not_null } => {
                let domain = Domain {
                    base: base.clone(),
                    checks: checks.iter().cloned().collect(),
                    not_null: *not_null,
                };
                self.domains.insert(name.clone(), domain);
            }
            Statement::AlterDomain { name, change } => self.alter_domain(name, change),
            Statement::DropType { types, .. } => {
                for name in types {
                    self.domains.remove(name);
                    let columns = self.tables.values_mut().map(|table| &mut table.columns);
                    columns.for_each(|columns| columns.retain(|_, one| one.data_type != *name));
                }
            }
            _ => {}
        }
    }

    fn alter_domain(&mut self, name: &str, change: &DomainChange) {
        if let DomainChange::Rename { to } = change {
            let to = within(name.rsplit_once('.').map(|(schema, _)| schema), to);
            let columns = self.tables.values_mut().flat_map(|table| table.columns.values_mut());
            columns
                .filter(|column| column.data_type == name)
                .for_each(|column| column.data_type.clone_from(&to));
            if let Some(domain) = self.domains.remove(name) {
                self.domains.insert(to, domain);
            }
            return;
        }
        let domain = self.domains.entry(name.to_owned()).or_default();
        match change {
            DomainChange::AddCheck { name, .. } => {
                domain.checks.insert(name.clone());
            }
            DomainChange::DropConstraint { name } => {
                domain.checks.remove(name);
            }
            DomainChange::SetNotNull => domain.not_null = true,
            DomainChange::DropNotNull => domain.not_null = false,
            DomainChange::Validate | DomainChange::Rename { .. } | DomainChange::Catalogue => {}
        }
    }

    fn apply_attached(&mut self, statement: &Statement) {
        match statement {
            Statement::CreateTrigger { name, table, function, .. } => {
                self.attach(RuleKind::Trigger, table, name, Some(function.clone()));
            }
            Statement::ChangeRules { kind, table, name, change } => match change {
                RuleChange::Create => self.attach(*kind, table, name, None),
                RuleChange::Drop { .. } => {
                    self.attached.retain(|one| !one.is(*kind, table, name));
                }
                RuleChange::Rename { to } => {
                    let own = self.attached.iter_mut();
                    own.filter(|one| one.is(*kind, table, name))
                        .for_each(|one| one.name.clone_from(to));
                }
                RuleChange::Alter => {}
            },
            Statement::DropFunction { functions, .. } => {
                let gone = |one: &Attached| {
                    one.function.as_ref().is_some_and(|function| functions.contains(function))
                };
                self.attached.retain(|one| !gone(one));
            }
            Statement::ChangePublication { name, tables, change } => {
                let published = self.publications.entry(name.clone()).or_default();
                match change {
                    PublicationChange::Add => published.extend(tables.iter().cloned()),
                    PublicationChange::Set => *published = tables.iter().cloned().collect(),
                    PublicationChange::Drop => published.retain(|table| !tables.contains(table)),
                }
            }
            _ => {}
        }
    }

    fn attach(&mut self, kind: RuleKind, table: &str, name: &str, function: Option<String>) {
        self.attached.retain(|one| !one.is(kind, table, name));
        let (table, name) = (table.to_owned(), name.to_owned());
        self.attached.push(Attached { kind, table, name, function });
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

    /// A partition has an index for each of its parent's.
    fn inherit_indexes(&mut self, parent: &str, child: &str) {
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
        self.indexes.retain(|_, index| index.table != name);
        self.attached.retain(|one| one.table != name);
        self.statistics.retain(|_, table| table != name);
        for known in self.tables.values_mut() {
            known.children.remove(name);
            known.default_partition.take_if(|default| default == name);
        }
    }

    /// The index that a constraint brings.
    fn index_constraint(&mut self, table: &str, constraint: &Constraint) {
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
        let index = Index { table: table.to_owned(), columns, words, ..Index::default() };
        self.indexes.insert(name, index);
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
                Action::AddColumn { column, .. } => self.index_column(member, column),
                Action::DropColumn { column, .. } => self
                    .indexes
                    .retain(|_, index| index.table != *member || !index.words.contains(column)),
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

    /// The indexes of a new column's constraints.
    fn index_column(&mut self, table: &str, column: &Column) {
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

    fn rename_in_indexes(&mut self, table: &str, from: &str, to: &str) {
        for index in self.indexes.values_mut().filter(|index| index.table == table) {
            index.columns.iter_mut().filter(|one| *one == from).for_each(|one| to.clone_into(one));
            if index.words.remove(from) {
                index.words.insert(to.to_owned());
            }
        }
    }

    fn rename_in_views(&mut self, table: &str, from: &str, to: &str) {
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
            self.index_constraint(&member, &own);
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        let to = within(schema_of(from).filter(|_| !to.contains('.')), to);
        if let Some(table) = self.tables.remove(from) {
            self.tables.insert(to.clone(), table);
        }
        if let Some(view) = self.views.remove(from) {
            self.views.insert(to.clone(), view);
        }
        if self.new.remove(from) {
            self.new.insert(to.clone());
        }
        self.rename_references(from, &to);
        if self.indexes.contains_key(from) {
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
        for words in self.views.values_mut() {
            if words.remove(bare(from)) {
                words.insert(bare(to).to_owned());
            }
        }
        let indexed = self.indexes.values_mut().map(|index| &mut index.table);
        let attached = self.attached.iter_mut().map(|one| &mut one.table);
        let names = indexed.chain(attached).chain(self.statistics.values_mut());
        names.filter(|table| *table == from).for_each(|table| to.clone_into(table));
    }
}

pub(in super::super) fn is_default(bound: &[String]) -> bool {
    bound.first().is_some_and(|word| word.eq_ignore_ascii_case("default"))
}

fn schema_of(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(schema, _)| schema)
}
