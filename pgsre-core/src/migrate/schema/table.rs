//! A table and its indexes.

use std::collections::{BTreeMap, BTreeSet};

use super::super::statement::{Action, Column, Constraint, ConstraintKind};
use super::super::types::DataType;
use super::Size;
use super::name::constraint_name;

/// What is known of one table.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Table {
    pub(in super::super) columns: BTreeMap<String, Column>,
    pub(in super::super) constraints: Vec<Constraint>,
    /// Partitions, or tables that inherit from it.
    pub(in super::super) children: BTreeSet<String>,
    pub(in super::super) default_partition: Option<String>,
    /// Its rows lie in partitions.
    pub(in super::super) partitioned: bool,
    pub(in super::super) partition_key: Vec<String>,
    /// The bound of a partition.
    pub(in super::super) bound: Vec<String>,
    pub(in super::super) unlogged: bool,
    pub(in super::super) tablespace: String,
    /// Whether it was created by a statement that is known.
    pub(in super::super) is_known: bool,
    /// Where a server was asked.
    pub(in super::super) size: Option<Size>,
}

/// What is known of one index.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Index {
    pub(in super::super) table: String,
    /// Those of its key, in order.
    pub(in super::super) columns: Vec<String>,
    /// What a plain B-tree of columns sorts by; empty for any other index.
    pub(in super::super) sorts: Vec<String>,
    /// All words of its key, its expressions and its predicate.
    pub(in super::super) words: BTreeSet<String>,
    /// It has an expression or a predicate.
    pub(in super::super) computed: bool,
    /// ON ONLY: without indexes on the partitions.
    pub(in super::super) only: bool,
    pub(in super::super) unique: bool,
    /// Left behind by what was cut short.
    pub(in super::super) invalid: bool,
    /// What follows the table in CREATE INDEX, as it was written; empty for that of a constraint.
    pub(in super::super) definition: String,
}

impl Table {
    pub(super) fn add(&mut self, table: &str, mut column: Column) {
        for mut constraint in std::mem::take(&mut column.constraints) {
            constraint_name(table, self, &mut constraint);
            self.constrain(&column.name, &constraint);
            column.not_null |= matches!(constraint.kind, ConstraintKind::Primary { .. });
            self.constraints.push(constraint);
        }
        self.columns.insert(column.name.clone(), column);
    }

    fn constrain(&mut self, _column: &str, constraint: &Constraint) {
        if let ConstraintKind::NotNull { column } = &constraint.kind {
            self.not_null(column, !constraint.not_valid);
        }
    }

    pub(super) fn add_constraint(&mut self, constraint: Constraint) {
        match &constraint.kind {
            ConstraintKind::Primary { columns, .. } => {
                columns.iter().for_each(|name| self.not_null(name, true));
            }
            ConstraintKind::NotNull { column } => self.not_null(column, !constraint.not_valid),
            _ => {}
        }
        self.constraints.push(constraint);
    }

    pub(super) fn not_null(&mut self, name: &str, not_null: bool) {
        let column = self.columns.entry(name.to_owned()).or_default();
        column.not_null = not_null;
    }

    /// What changes of a table also changes below it.
    pub(super) fn alter(&mut self, table: &str, action: &Action) {
        match action {
            Action::AddColumn { column, if_not_exists }
                if !(*if_not_exists && self.columns.contains_key(&column.name)) =>
            {
                self.add(table, column.clone());
            }
            Action::DropColumn { column, .. } => self.drop_column(column),
            Action::SetType { column, data_type, written, collation, .. } => {
                if let Some(known) = self.columns.get_mut(column) {
                    known.data_type.clone_from(data_type);
                    known.written.clone_from(written);
                    known.collation.clone_from(collation);
                }
            }
            Action::SetDefault { column, default } => {
                if let Some(known) = self.columns.get_mut(column) {
                    known.default.clone_from(default);
                    known.is_no_serial();
                }
            }
            Action::SetNotNull { column } => self.not_null(column, true),
            Action::DropNotNull { column } => self.not_null(column, false),
            Action::DropConstraint { name, .. } => self.drop_constraint(name),
            Action::ValidateConstraint { name } => self.validate(name),
            Action::RenameColumn { column, to } => self.rename_column(column, to),
            Action::RenameConstraint { name, to } => {
                let own = self.constraints.iter_mut().filter(|known| known.name == *name);
                own.for_each(|known| known.name.clone_from(to));
            }
            _ => {}
        }
    }

    fn drop_column(&mut self, column: &str) {
        self.columns.remove(column);
        self.constraints.retain(|known| !known.uses(column));
    }

    fn drop_constraint(&mut self, name: &str) {
        let dropped = self.constraints.iter().filter(|known| known.name == name);
        let nullable: Vec<String> = dropped
            .filter_map(|known| match &known.kind {
                ConstraintKind::NotNull { column } => Some(column.clone()),
                _ => None,
            })
            .collect();
        nullable.iter().for_each(|column| self.not_null(column, false));
        self.constraints.retain(|known| known.name != name);
    }

    fn rename_column(&mut self, from: &str, to: &str) {
        if let Some(mut known) = self.columns.remove(from) {
            to.clone_into(&mut known.name);
            self.columns.insert(to.to_owned(), known);
        }
        self.constraints.iter_mut().for_each(|known| known.rename_column(from, to));
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

    /// Whether it is known that a column holds no NULL: declared, or by a valid CHECK that stays.
    pub(in super::super) fn proves_not_null(&self, column: &str, dropped: &[&str]) -> bool {
        self.columns.get(column).is_some_and(|known| known.not_null)
            || self.constraints.iter().any(|known| {
                let ConstraintKind::Check { proves, .. } = &known.kind else { return false };
                let stays = !known.not_valid && !dropped.contains(&known.name.as_str());
                stays && proves.iter().any(|name| name == column)
            })
    }

    pub(in super::super) fn constraint(&self, name: &str) -> Option<&Constraint> {
        self.constraints.iter().find(|known| known.name == name)
    }
}

impl Column {
    /// `serial` is an integer with a default: with another default, or none, it is an integer.
    fn is_no_serial(&mut self) {
        let integer = match DataType::parse(&self.data_type).name() {
            "smallserial" | "serial2" => "smallint",
            "serial" | "serial4" => "integer",
            "bigserial" | "serial8" => "bigint",
            _ => return,
        };
        integer.clone_into(&mut self.data_type);
        integer.clone_into(&mut self.written);
    }
}

impl Constraint {
    pub(in super::super) fn is_foreign(&self) -> bool {
        matches!(self.kind, ConstraintKind::Foreign { .. })
    }

    /// Whether it goes when this column goes.
    fn uses(&self, column: &str) -> bool {
        let among = |columns: &[String]| columns.iter().any(|name| name == column);
        match &self.kind {
            ConstraintKind::Check { columns, .. }
            | ConstraintKind::Primary { columns, .. }
            | ConstraintKind::Unique { columns, .. }
            | ConstraintKind::Foreign { columns, .. } => among(columns),
            ConstraintKind::NotNull { column: own } => own == column,
            ConstraintKind::Exclude { .. } => false,
        }
    }

    fn rename_column(&mut self, from: &str, to: &str) {
        let rename = |columns: &mut Vec<String>| {
            columns.iter_mut().filter(|name| *name == from).for_each(|name| to.clone_into(name));
        };
        match &mut self.kind {
            ConstraintKind::Check { columns, proves, .. } => {
                rename(columns);
                rename(proves);
            }
            ConstraintKind::Primary { columns, .. }
            | ConstraintKind::Unique { columns, .. }
            | ConstraintKind::Foreign { columns, .. } => rename(columns),
            ConstraintKind::NotNull { column } if column == from => to.clone_into(column),
            ConstraintKind::NotNull { .. } | ConstraintKind::Exclude { .. } => {}
        }
    }
}
