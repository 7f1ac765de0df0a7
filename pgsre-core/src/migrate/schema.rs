//! What is known of the schema before a statement runs: the statements before it, replayed.

use std::collections::{BTreeMap, BTreeSet};

use super::statement::{Action, Column, Constraint, ConstraintKind, CreateTable, Statement};

/// The schema as the statements so far left it.
///
/// A table that a file creates counts as new until the file ends: nobody else uses it and it is
/// empty. From the next file on it is a table with rows. What no statement created is unknown, and
/// the facts then say the worst.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    tables: BTreeMap<String, Table>,
    /// The table of each index.
    indexes: BTreeMap<String, String>,
    /// Domains: whether they have constraints, and their base type.
    domains: BTreeMap<String, (bool, String)>,
    /// Functions: whether they are volatile.
    functions: BTreeMap<String, bool>,
    new: BTreeSet<String>,
}

/// What is known of one table.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) columns: BTreeMap<String, Column>,
    pub(super) constraints: Vec<Constraint>,
    pub(super) partitions: BTreeSet<String>,
}

impl Schema {
    /// What was created so far is used by others and has rows from now on.
    pub fn settle(&mut self) {
        self.new.clear();
    }

    pub(super) fn is_new(&self, table: &str) -> bool {
        self.new.contains(table)
    }

    pub(super) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(name)
    }

    pub(super) fn table_of_index(&self, index: &str) -> Option<&str> {
        self.indexes.get(index).map(String::as_str)
    }

    /// Whether a type is a domain with constraints; its base type's are too.
    pub(super) fn is_constrained_domain(&self, name: &str) -> bool {
        self.domains.get(name).is_some_and(|(constrained, _)| *constrained)
    }

    /// The type that a domain stands for; the type itself where it is none.
    pub(super) fn base_type<'a>(&'a self, name: &'a str) -> &'a str {
        self.domains.get(name).map_or(name, |(_, base)| base)
    }

    pub(super) fn is_volatile(&self, function: &str) -> Option<bool> {
        self.functions.get(function).copied()
    }

    /// Tables with a column of this type.
    pub(super) fn tables_with_type(&self, name: &str) -> Vec<String> {
        let uses = |table: &Table| table.columns.values().any(|column| column.data_type == name);
        self.tables.iter().filter(|(_, table)| uses(table)).map(|(name, _)| name.clone()).collect()
    }

    /// A foreign key's other table, by the constraint's name.
    pub(super) fn parents(
        &self,
        table: &str,
        dropped: impl Fn(&Constraint) -> bool,
    ) -> Vec<String> {
        let constraints = self.tables.get(table).map(|table| table.constraints.as_slice());
        let foreign = constraints.unwrap_or_default().iter().filter(|known| dropped(known));
        foreign
            .filter_map(|known| match &known.kind {
                ConstraintKind::Foreign { parent, .. } => Some(parent.clone()),
                _ => None,
            })
            .collect()
    }

    /// Takes over what a statement changes.
    pub fn apply(&mut self, statement: &Statement) {
        match statement {
            Statement::CreateTable(table) => self.create(table),
            Statement::CreateMaterializedView { name } => {
                self.new.insert(name.clone());
            }
            Statement::CreateIndex { name, table, .. } => {
                self.indexes.insert(name.clone(), table.clone());
            }
            Statement::DropTable { tables } => tables.iter().for_each(|name| self.forget(name)),
            Statement::AlterTable { table, actions } => {
                actions.iter().for_each(|action| self.alter(table, action));
            }
            Statement::CreateDomain { name, base, constrained } => {
                self.domains.insert(name.clone(), (*constrained, base.clone()));
            }
            Statement::AlterDomain { name, .. } => {
                self.domains.entry(name.clone()).and_modify(|(constrained, _)| *constrained = true);
            }
            Statement::CreateFunction { name, volatile } => {
                self.functions.insert(name.clone(), *volatile);
            }
            Statement::RenameIndex { index, to } => {
                if let Some(table) = self.indexes.remove(index) {
                    self.indexes.insert(to.clone(), table);
                }
            }
            Statement::Block { statements, .. } => {
                statements.iter().for_each(|inner| self.apply(&inner.statement));
            }
            _ => {}
        }
    }

    fn create(&mut self, create: &CreateTable) {
        if create.if_not_exists && self.tables.contains_key(&create.name) {
            return;
        }
        let mut table = Table { constraints: create.constraints.clone(), ..Table::default() };
        for column in &create.columns {
            table.add(&create.name, column.clone());
        }
        let parents = create.partition_of.iter().chain(&create.inherits);
        for parent in parents {
            if let Some(known) = self.tables.get_mut(parent) {
                known.partitions.insert(create.name.clone());
                table.columns.extend(known.columns.clone());
            }
        }
        for constraint in &mut table.constraints {
            name_constraint(&create.name, constraint);
            self.index(&create.name, constraint);
        }
        self.tables.insert(create.name.clone(), table);
        self.new.insert(create.name.clone());
    }

    fn forget(&mut self, name: &str) {
        self.tables.remove(name);
        self.new.remove(name);
        self.indexes.retain(|_, table| table != name);
    }

    fn index(&mut self, table: &str, constraint: &Constraint) {
        use ConstraintKind::{Primary, Unique};
        if matches!(constraint.kind, Primary { .. } | Unique { .. }) {
            self.indexes.insert(constraint.name.clone(), table.to_owned());
        }
    }

    fn alter(&mut self, name: &str, action: &Action) {
        if let Action::RenameTo { name: to } = action {
            return self.rename(name, to);
        }
        if let Action::SetSchema { schema } = action {
            let bare = name.rsplit('.').next().unwrap_or(name);
            let to = if schema == "public" { bare.to_owned() } else { format!("{schema}.{bare}") };
            return self.rename(name, &to);
        }
        if let Action::AddConstraint(constraint) = action {
            let mut constraint = constraint.clone();
            name_constraint(name, &mut constraint);
            self.index(name, &constraint);
            self.tables.entry(name.to_owned()).or_default().constrain(constraint);
            return;
        }
        self.tables.entry(name.to_owned()).or_default().alter(name, action);
    }

    fn rename(&mut self, from: &str, to: &str) {
        let to = match from.rsplit_once('.') {
            Some((schema, _)) if !to.contains('.') => format!("{schema}.{to}"),
            _ => to.to_owned(),
        };
        if let Some(table) = self.tables.remove(from) {
            self.tables.insert(to.clone(), table);
        }
        if self.new.remove(from) {
            self.new.insert(to.clone());
        }
        self.indexes
            .values_mut()
            .filter(|table| *table == from)
            .for_each(|table| table.clone_from(&to));
    }
}

impl Table {
    fn add(&mut self, table: &str, mut column: Column) {
        for mut constraint in std::mem::take(&mut column.constraints) {
            name_constraint(table, &mut constraint);
            self.constraints.push(constraint);
        }
        self.columns.insert(column.name.clone(), column);
    }

    fn constrain(&mut self, constraint: Constraint) {
        if let ConstraintKind::Primary { columns, .. } = &constraint.kind {
            columns.iter().for_each(|name| self.not_null(name, true));
        }
        if let ConstraintKind::NotNull { column } = &constraint.kind {
            self.not_null(column, !constraint.not_valid);
        }
        self.constraints.push(constraint);
    }

    fn not_null(&mut self, name: &str, not_null: bool) {
        let column = self.columns.entry(name.to_owned()).or_default();
        column.not_null = not_null;
    }

    fn alter(&mut self, table: &str, action: &Action) {
        match action {
            Action::AddColumn { column, if_not_exists }
                if !(*if_not_exists && self.columns.contains_key(&column.name)) =>
            {
                self.add(table, column.clone());
            }
            Action::DropColumn { column } => {
                self.columns.remove(column);
            }
            Action::SetType { column, data_type, .. } => {
                if let Some(known) = self.columns.get_mut(column) {
                    known.data_type.clone_from(data_type);
                }
            }
            Action::SetNotNull { column } => self.not_null(column, true),
            Action::DropNotNull { column } => self.not_null(column, false),
            Action::DropConstraint { name } => self.constraints.retain(|known| known.name != *name),
            Action::ValidateConstraint { name } => self.validate(name),
            Action::AttachPartition { partition } => {
                self.partitions.insert(partition.clone());
            }
            Action::DetachPartition { partition, .. } => {
                self.partitions.remove(partition);
            }
            Action::RenameColumn { column, to } => {
                if let Some(mut known) = self.columns.remove(column) {
                    known.name.clone_from(to);
                    self.columns.insert(to.clone(), known);
                }
            }
            Action::RenameConstraint { name, to } => {
                self.constraints
                    .iter_mut()
                    .filter(|known| known.name == *name)
                    .for_each(|known| known.name.clone_from(to));
            }
            _ => {}
        }
    }

    fn validate(&mut self, name: &str) {
        let mut proved = None;
        for known in self.constraints.iter_mut().filter(|known| known.name == name) {
            known.not_valid = false;
            if let ConstraintKind::NotNull { column } = &known.kind {
                proved = Some(column.clone());
            }
        }
        if let Some(column) = proved {
            self.not_null(&column, true);
        }
    }

    /// Whether it is known that a column holds no NULL: declared, or by a valid CHECK.
    pub(super) fn proves_not_null(&self, column: &str) -> bool {
        self.columns.get(column).is_some_and(|known| known.not_null)
            || self.constraints.iter().any(|known| {
                let ConstraintKind::Check { proves, .. } = &known.kind else { return false };
                !known.not_valid && proves.iter().any(|name| name == column)
            })
    }
}

/// The name that PostgreSQL chooses (`ChooseConstraintName`), without its numbers for duplicates.
fn name_constraint(table: &str, constraint: &mut Constraint) {
    if !constraint.name.is_empty() {
        return;
    }
    let bare = table.rsplit('.').next().unwrap_or(table);
    constraint.name = match &constraint.kind {
        ConstraintKind::Primary { using_index: Some(index), .. }
        | ConstraintKind::Unique { using_index: Some(index), .. } => index.clone(),
        ConstraintKind::Primary { .. } => format!("{bare}_pkey"),
        ConstraintKind::Unique { columns, .. } => format!("{bare}_{}_key", columns.join("_")),
        ConstraintKind::Foreign { columns, .. } => format!("{bare}_{}_fkey", columns.join("_")),
        ConstraintKind::NotNull { column } => format!("{bare}_{column}_not_null"),
        ConstraintKind::Check { .. } => format!("{bare}_check"),
        ConstraintKind::Exclude => format!("{bare}_excl"),
    };
}
