//! ALTER TABLE.

use super::super::statement::{Action, Constraint, ConstraintKind};
use super::{Derivation, LockMode};

/// The lock that each action takes on the table itself (`AlterTableGetLockLevel`).
fn mode(action: &Action) -> LockMode {
    match action {
        Action::AddConstraint(constraint) if constraint.is_foreign() => {
            LockMode::ShareRowExclusiveLock
        }
        Action::Trigger { .. } => LockMode::ShareRowExclusiveLock,
        Action::ValidateConstraint { .. }
        | Action::AttachPartition { .. }
        | Action::DetachPartition { concurrently: true, .. }
        | Action::DetachPartition { finalize: true, .. }
        | Action::Statistics
        | Action::Parameter => LockMode::ShareUpdateExclusiveLock,
        _ => LockMode::AccessExclusiveLock,
    }
}

/// The table of an ALTER TABLE, and what it does to it.
#[derive(Clone, Copy)]
pub(super) struct Altered<'a> {
    pub(super) table: &'a str,
    /// The table and what is below it, as far as the statement goes.
    pub(super) family: &'a [String],
    pub(super) actions: &'a [Action],
}

impl Derivation<'_> {
    pub(super) fn alter_table(&mut self, table: &str, only: bool, actions: &[Action]) {
        let Some(strongest) = actions.iter().map(mode).max() else { return };
        let own = [table.to_owned()];
        self.lock_all(&own, strongest);
        for action in actions {
            let family = if only { own.to_vec() } else { self.reached(table, action) };
            if !only {
                self.lock_below(table, &family, action, strongest);
            }
            self.action(Altered { table, family: &family, actions }, action);
        }
    }

    /// Up to 17 the partitions get indexes of a constraint as CREATE INDEX makes them; since then all
    /// that is below a table is locked for any constraint but a foreign key. Columns are dropped from
    /// no table without a look at those below it.
    fn lock_below(&mut self, table: &str, family: &[String], action: &Action, mode: LockMode) {
        let below = family.get(1..).unwrap_or_default();
        match action {
            Action::AddConstraint(constraint) if self.version >= 18 && !constraint.is_foreign() => {
                let all = self.family(table);
                self.lock_all(&all, mode);
            }
            _ if is_key(action) => self.lock_all(below, LockMode::ShareLock),
            _ => self.lock_all(below, mode),
        }
    }

    /// The table and what an action goes down to.
    fn reached(&self, table: &str, action: &Action) -> Vec<String> {
        let partitioned = self.schema.table(table).is_some_and(|known| known.partitioned);
        let goes_down = match action {
            Action::AddConstraint(constraint) => match &constraint.kind {
                ConstraintKind::Check { .. } | ConstraintKind::NotNull { .. } => {
                    !constraint.no_inherit
                }
                _ => partitioned,
            },
            Action::ValidateConstraint { name } => {
                !self.is_foreign(table, name) || (partitioned && self.version >= 18)
            }
            Action::AttachPartition { .. }
            | Action::DetachPartition { .. }
            | Action::RenameTo { .. }
            | Action::SetSchema { .. }
            | Action::SetLogged { .. }
            | Action::SetAccessMethod { .. }
            | Action::SetTablespace { .. }
            | Action::Inherit { .. }
            | Action::Trigger { .. }
            | Action::Parameter
            | Action::Catalogue => false,
            _ => true,
        };
        if goes_down { self.family(table) } else { vec![table.to_owned()] }
    }

    fn is_foreign(&self, table: &str, constraint: &str) -> bool {
        let known = self.schema.table(table).and_then(|known| known.constraint(constraint));
        known.is_some_and(Constraint::is_foreign)
    }

    fn action(&mut self, altered: Altered<'_>, action: &Action) {
        let Altered { table, family, .. } = altered;
        match action {
            Action::AddColumn { column, if_not_exists } => {
                let known = self.schema.table(table);
                let there = known.is_some_and(|known| known.columns.contains_key(&column.name));
                if !(*if_not_exists && there) {
                    self.add_column(altered, column);
                }
            }
            Action::SetType { column, data_type, collation, using, .. } => {
                let change = super::columns::TypeChange {
                    column,
                    to: data_type,
                    collation,
                    using: using.as_deref(),
                };
                self.set_type(altered, change);
            }
            Action::SetNotNull { column } => self.scan_unless_proved(altered, column),
            Action::SetExpression { column } if !self.is_virtual(table, column) => {
                self.rewrite(family);
            }
            Action::AddConstraint(constraint) => self.add_constraint(altered, constraint),
            Action::ValidateConstraint { name } => self.validate(table, family, name),
            Action::AlterConstraint { name, enforced } => {
                if let Some(enforced) = enforced {
                    self.alter_constraint(table, name, *enforced);
                }
            }
            Action::DropConstraint { name, cascade } => self.drop_constraint(table, name, *cascade),
            Action::DropColumn { column, cascade } => self.drop_column(family, column, *cascade),
            other => self.table_action(table, other),
        }
    }

    /// What is about the table as a whole.
    fn table_action(&mut self, table: &str, action: &Action) {
        let known = self.schema.table(table).filter(|known| known.is_known);
        let own = [table.to_owned()];
        match action {
            Action::SetLogged { logged } if known.is_none_or(|one| one.unlogged == *logged) => {
                self.rewrite(&own);
            }
            Action::SetAccessMethod { method } if known.is_none() || method != "heap" => {
                self.rewrite(&own);
            }
            Action::SetTablespace { tablespace }
                if known.is_none_or(|one| is_elsewhere(&one.tablespace, tablespace)) =>
            {
                self.rewrite(&own);
            }
            Action::Inherit { parent, not: false } => {
                self.lock(parent, LockMode::ShareUpdateExclusiveLock);
            }
            Action::AttachPartition { partition, bound } => self.attach(table, partition, bound),
            Action::DetachPartition { partition, concurrently, .. } => {
                self.detach(table, partition, *concurrently);
            }
            _ => {}
        }
    }

    fn is_virtual(&self, table: &str, column: &str) -> bool {
        let known = self.schema.table(table).and_then(|known| known.columns.get(column));
        self.version >= 18 && known.is_some_and(|known| known.generated)
    }

    /// What a statement drops goes first, and proves nothing any more.
    pub(super) fn scan_unless_proved(&mut self, altered: Altered<'_>, column: &str) {
        let dropped: Vec<&str> = altered
            .actions
            .iter()
            .filter_map(|action| match action {
                Action::DropConstraint { name, .. } => Some(name.as_str()),
                _ => None,
            })
            .collect();
        for table in altered.family {
            let known = self.schema.table(table);
            if !known.is_some_and(|known| known.proves_not_null(column, &dropped)) {
                self.scan(std::slice::from_ref(table));
            }
        }
    }

    fn add_constraint(&mut self, altered: Altered<'_>, constraint: &Constraint) {
        let family = altered.family;
        let checked = !constraint.not_valid && !constraint.not_enforced;
        match &constraint.kind {
            ConstraintKind::Foreign { parent, .. } => {
                let parents = self.family(parent);
                self.lock_all(&parents, LockMode::ShareRowExclusiveLock);
                if checked {
                    let unchecked: Vec<String> = family
                        .iter()
                        .filter(|one| *one == altered.table || !self.has_key(one, &constraint.kind))
                        .cloned()
                        .collect();
                    // The keys of the partitions become parts of this one, and lose their own triggers.
                    if unchecked.len() < family.len() {
                        self.lock_all(&parents, LockMode::AccessExclusiveLock);
                    }
                    self.validate_foreign_key(&unchecked);
                }
            }
            ConstraintKind::Check { .. } if checked => self.scan(family),
            ConstraintKind::NotNull { column } if checked => {
                self.scan_unless_proved(altered, column);
            }
            ConstraintKind::Primary { columns, using_index } => {
                let index = using_index.as_ref().and_then(|index| self.schema.index(index));
                let columns = index.map_or(columns, |index| &index.columns).clone();
                if using_index.is_none() {
                    self.build_index(family);
                }
                columns.iter().for_each(|column| self.scan_unless_proved(altered, column));
            }
            ConstraintKind::Unique { using_index: None, .. } | ConstraintKind::Exclude { .. } => {
                self.build_index(family);
            }
            _ => {}
        }
    }

    /// Whether a partition has a valid foreign key of its own that is the same
    /// (`tryAttachPartitionForeignKey`).
    fn has_key(&self, partition: &str, key: &ConstraintKind) -> bool {
        let known = self.schema.table(partition).map(|known| known.constraints.as_slice());
        known.unwrap_or_default().iter().any(|own| !own.not_valid && own.kind == *key)
    }

    fn validate(&mut self, table: &str, family: &[String], name: &str) {
        let constraint = self.schema.table(table).and_then(|known| known.constraint(name));
        if constraint.is_some_and(|constraint| !constraint.not_valid) {
            return;
        }
        if let Some(ConstraintKind::Foreign { parent, .. }) = constraint.map(|one| one.kind.clone())
        {
            self.lock(&parent, LockMode::RowShareLock);
            let partitions = self.partitions(table);
            return self.validate_foreign_key(&partitions);
        }
        self.scan(family);
    }

    /// To enforce a foreign key is to make its triggers and to check the rows (18).
    fn alter_constraint(&mut self, table: &str, name: &str, enforced: bool) {
        let constraint = self.schema.table(table).and_then(|known| known.constraint(name));
        let Some(ConstraintKind::Foreign { parent, .. }) = constraint.map(|one| one.kind.clone())
        else {
            return;
        };
        let parents = self.family(&parent);
        if !enforced {
            return self.lock_all(&parents, LockMode::AccessExclusiveLock);
        }
        self.lock_all(&parents, LockMode::ShareRowExclusiveLock);
        self.validate_foreign_key(&[table.to_owned()]);
    }

    fn drop_constraint(&mut self, table: &str, name: &str, cascade: bool) {
        let known = self.schema.table(table).and_then(|known| known.constraint(name));
        match known.map(|known| known.kind.clone()) {
            Some(ConstraintKind::Foreign { parent, .. }) => {
                let parents = self.family(&parent);
                self.lock_all(&parents, LockMode::AccessExclusiveLock);
            }
            Some(
                ConstraintKind::Primary { columns, .. } | ConstraintKind::Unique { columns, .. },
            ) if cascade => {
                let referring = self.referring(table, |to| to == columns);
                self.lock_all(&referring, LockMode::AccessExclusiveLock);
            }
            _ => {}
        }
    }

    /// The foreign keys of a column go with it, and with CASCADE those that refer to it and the views
    /// that read it.
    fn drop_column(&mut self, family: &[String], column: &str, cascade: bool) {
        let children = family.first().and_then(|table| self.schema.table(table));
        let children = children.into_iter().flat_map(|known| known.children.iter().cloned());
        let children: Vec<String> = children.collect();
        self.lock_all(&children, LockMode::AccessExclusiveLock);
        let is_it = |columns: &[String]| columns.iter().any(|name| name == column);
        for table in family {
            self.lock_referred(table, is_it);
            if cascade {
                let referring = self.referring(table, is_it);
                self.lock_all(&referring, LockMode::AccessExclusiveLock);
                let views = self.schema.views_over(table, Some(column));
                self.lock_all(&views, LockMode::AccessExclusiveLock);
            }
        }
    }
}

fn is_key(action: &Action) -> bool {
    use ConstraintKind::{Exclude, Primary, Unique};
    matches!(
        action,
        Action::AddConstraint(Constraint {
            kind: Primary { .. } | Unique { .. } | Exclude { .. },
            ..
        })
    )
}

fn is_elsewhere(known: &str, tablespace: &str) -> bool {
    let own = if known.is_empty() { "pg_default" } else { known };
    own != tablespace
}
