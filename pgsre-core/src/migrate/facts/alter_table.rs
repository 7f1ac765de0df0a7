//! ALTER TABLE.

use super::super::expression;
use super::super::statement::{Action, Column, Constraint, ConstraintKind};
use super::super::types::DataType;
use super::{Derivation, LockMode};

/// The lock that each action takes on the table itself (`AlterTableGetLockLevel`).
fn mode(action: &Action) -> LockMode {
    match action {
        Action::AddConstraint(Constraint { kind: ConstraintKind::Foreign { .. }, .. })
        | Action::Trigger => LockMode::ShareRowExclusiveLock,
        Action::ValidateConstraint { .. }
        | Action::AttachPartition { .. }
        | Action::DetachPartition { concurrently: true, .. }
        | Action::DetachPartition { finalize: true, .. }
        | Action::Parameter => LockMode::ShareUpdateExclusiveLock,
        _ => LockMode::AccessExclusiveLock,
    }
}

impl Derivation<'_> {
    pub(super) fn alter_table(&mut self, table: &str, actions: &[Action]) {
        for action in actions {
            self.lock(table, mode(action));
            if reaches_partitions(action) {
                let leaves = self.leaves(table);
                self.lock_all(&leaves, mode(action));
            }
            self.action(table, action);
        }
        // A rewrite verifies on its way; only foreign keys are checked by a query of their own.
        let verified = self.facts.rewrites.clone();
        let foreign = actions.iter().any(|action| {
            matches!(
                action,
                Action::AddConstraint(Constraint { kind: ConstraintKind::Foreign { .. }, .. })
            )
        });
        if !foreign {
            self.facts.scans.retain(|scanned| !verified.contains(scanned));
        }
    }

    fn action(&mut self, table: &str, action: &Action) {
        match action {
            Action::AddColumn { column, if_not_exists } => {
                let known = self.schema.table(table);
                let there = known.is_some_and(|known| known.columns.contains_key(&column.name));
                if !(*if_not_exists && there) {
                    self.add_column(table, column);
                }
            }
            Action::SetType { column, data_type, using } => {
                self.set_type(table, column, data_type, using.as_deref());
            }
            Action::SetNotNull { column } if !self.is_proved(table, column) => self.scan(table),
            Action::SetExpression { .. } | Action::Rewrite | Action::SetTablespace => {
                self.rewrite(table);
            }
            Action::AddConstraint(constraint) => self.add_constraint(table, constraint),
            Action::ValidateConstraint { name } => self.validate(table, name),
            Action::DropConstraint { name } => {
                let parents = self.schema.parents(table, |known| known.name == *name);
                self.lock_all(&parents, LockMode::AccessExclusiveLock);
            }
            Action::DropColumn { column } => self.lock_parents(table, column),
            Action::Inherit { parent } => self.lock(parent, LockMode::ShareUpdateExclusiveLock),
            Action::AttachPartition { partition } => {
                self.lock(partition, LockMode::AccessExclusiveLock);
                self.scan(partition);
            }
            Action::DetachPartition { partition, concurrently, .. } => {
                self.lock(partition, LockMode::AccessExclusiveLock);
                self.facts.refuses_transactions = *concurrently;
            }
            _ => {}
        }
    }

    fn is_proved(&self, table: &str, column: &str) -> bool {
        self.schema.table(table).is_some_and(|known| known.proves_not_null(column))
    }

    fn add_column(&mut self, table: &str, column: &Column) {
        let filled = self.fills_rows(column);
        if filled {
            self.rewrite(table);
        }
        let null = |words: &[String]| words.len() == 1 && words[0].eq_ignore_ascii_case("null");
        let default = column.default.as_deref().filter(|words| !null(words));
        let without = default.is_none() && !filled;
        if column.not_null && without && !self.in_use(table).is_empty() {
            self.scan(table);
            let reason = format!("column {} may not be null and has no default", column.name);
            self.facts.fails_on_rows.push(reason);
        }
        for constraint in &column.constraints {
            self.add_column_constraint(table, constraint, without);
        }
    }

    fn add_column_constraint(&mut self, table: &str, constraint: &Constraint, empty: bool) {
        match &constraint.kind {
            ConstraintKind::Check { .. } => self.scan(table),
            ConstraintKind::Foreign { parent, .. } => {
                self.lock(parent, LockMode::ShareRowExclusiveLock);
                // A column of NULLs has nothing to check (ATAddForeignKeyConstraint is told so).
                if !empty {
                    self.scan(table);
                }
            }
            ConstraintKind::Primary { .. } | ConstraintKind::Unique { .. } => {
                self.build_index(table)
            }
            _ => {}
        }
    }

    /// Whether adding a column writes a value into every row.
    fn fills_rows(&mut self, column: &Column) -> bool {
        let data_type = DataType::parse(&column.data_type);
        let virtual_one = column.generated && self.version >= 18;
        if data_type.is_serial() || column.identity || column.stored {
            return true;
        }
        if column.generated && !virtual_one {
            return true;
        }
        if self.schema.is_constrained_domain(data_type.name()) {
            return true;
        }
        let default = column.default.as_deref().unwrap_or_default();
        expression::volatile(default, |name| self.schema.is_volatile(name)).is_some()
    }

    fn set_type(&mut self, table: &str, column: &str, to: &str, using: Option<&[String]>) {
        let known = self.schema.table(table).and_then(|known| known.columns.get(column));
        let from = known.map(|known| known.data_type.clone()).filter(|name| !name.is_empty());
        if from.is_none() {
            self.assume(format!("the type of {table}.{column} is not known"));
        }
        self.lock_parents(table, column);
        let plain = using.is_none_or(|words| is_cast_of(words, column));
        let same = from.is_some_and(|from| {
            let from = DataType::parse(self.schema.base_type(&from));
            from.becomes(&DataType::parse(self.schema.base_type(to)))
        });
        if !plain || !same || self.schema.is_constrained_domain(to) {
            self.rewrite(table);
        } else if self.has_check_on(table, column) {
            self.scan(table);
        }
    }

    /// A type change adds the checks on its column again, and verifies them.
    fn has_check_on(&self, table: &str, column: &str) -> bool {
        let constraints = self.schema.table(table).map(|known| known.constraints.as_slice());
        constraints.unwrap_or_default().iter().any(|known| match &known.kind {
            ConstraintKind::Check { columns, .. } => {
                !known.not_valid && columns.iter().any(|name| name == column)
            }
            _ => false,
        })
    }

    fn add_constraint(&mut self, table: &str, constraint: &Constraint) {
        match &constraint.kind {
            ConstraintKind::Foreign { parent, .. } => {
                self.lock(parent, LockMode::ShareRowExclusiveLock);
                if !constraint.not_valid {
                    self.scan(table);
                }
            }
            ConstraintKind::Check { .. } if !constraint.not_valid => self.scan(table),
            ConstraintKind::NotNull { column }
                if !constraint.not_valid && !self.is_proved(table, column) =>
            {
                self.scan(table);
            }
            ConstraintKind::Primary { columns, using_index } => {
                if using_index.is_none() {
                    self.build_index(table);
                }
                if !columns.iter().all(|column| self.is_proved(table, column)) {
                    self.scan(table);
                }
            }
            ConstraintKind::Unique { using_index: None, .. } | ConstraintKind::Exclude => {
                self.build_index(table);
            }
            _ => {}
        }
    }

    fn validate(&mut self, table: &str, name: &str) {
        let known = self.schema.table(table);
        let constraint =
            known.and_then(|known| known.constraints.iter().find(|one| one.name == name));
        if let Some(constraint) = constraint
            && !constraint.not_valid
        {
            return;
        }
        if let Some(ConstraintKind::Foreign { parent, .. }) = constraint.map(|one| one.kind.clone())
        {
            self.lock(&parent, LockMode::RowShareLock);
        }
        self.scan(table);
    }

    /// Foreign keys of a column that goes or changes go with it, and with them the triggers on their
    /// other tables.
    fn lock_parents(&mut self, table: &str, column: &str) {
        let parents = self.schema.parents(table, |known| match &known.kind {
            ConstraintKind::Foreign { columns, .. } => columns.iter().any(|name| name == column),
            _ => false,
        });
        self.lock_all(&parents, LockMode::AccessExclusiveLock);
    }
}

/// Whether PostgreSQL does it to each partition too.
fn reaches_partitions(action: &Action) -> bool {
    !matches!(
        action,
        Action::AttachPartition { .. }
            | Action::DetachPartition { .. }
            | Action::RenameTo { .. }
            | Action::SetSchema { .. }
            | Action::Parameter
            | Action::Catalogue
    )
}

/// `USING column` or `USING column::type` is what PostgreSQL does by itself.
fn is_cast_of(words: &[String], column: &str) -> bool {
    let first =
        words.first().is_some_and(|word| word.trim_matches('"').eq_ignore_ascii_case(column));
    first && (words.len() == 1 || words[1].starts_with(':'))
}
