//! The rules, one a file. Their examples are their tests and their documentation.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::facts::{Facts, LockMode};
use super::lint::Hazard;
use super::schema::Schema;
use super::statement::{Action, Constraint, ConstraintKind, Statement};
use crate::finding::Severity;

/// Declares [`RULES`] from one list: the worst first.
macro_rules! rules {
    ($($rule:ident,)*) => {
        $(mod $rule;)*

        /// Every rule, the worst hazards first.
        pub const RULES: &[Rule] = &[$($rule::RULE,)*];
    };
}

rules! {
    table_rewrite,
    blocking_scan,
    blocking_index_build,
    blocking_refresh,
    full_vacuum,
    exclusion_constraint,
    fails_on_rows,
    refused_in_transaction,
    concurrently_under_lock_timeout,
    scan_under_held_lock,
    work_under_lock,
    several_locks,
    breaking_change,
    dropped_with_column,
    truncate,
    unbounded_change,
    blocking_drop_index,
    blocking_detach,
    foreign_key_type,
    foreign_key_locks_both,
    missing_lock_timeout,
    fired_trigger,
    enum_value_in_transaction,
    index_if_not_exists,
    foreign_key_without_index,
    redundant_index,
    narrow_primary_key,
    dynamic_sql,
}

/// A rule with its documentation.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its stable name.
    pub name: &'static str,
    /// Whom it harms.
    pub kind: Kind,
    /// How bad what it finds is; of a rule that is [sized](Self::sized), on tables of any size.
    pub severity: Severity,
    /// Whether it is less bad on smaller tables, where their [size](super::Size) is known.
    pub sized: bool,
    /// What is wrong, and why.
    pub why: &'static str,
    /// The safe form.
    pub fix: &'static str,
    /// Files of which the last has the hazard.
    pub bad: &'static [&'static str],
    /// Files of which the last does not have it.
    pub good: &'static [&'static str],
    check: fn(&Context<'_>) -> Option<Found>,
}

/// Whom a hazard harms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// Others wait while it runs.
    Locking,
    /// Running applications no longer fit the schema.
    Breaking,
    /// The migration itself fails, or leaves half of its work behind.
    Failing,
    /// The schema will be slow or run out one day.
    Design,
    /// It cannot be known what happens.
    Unknown,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Locking => "locking",
            Self::Breaking => "breaking",
            Self::Failing => "failing",
            Self::Design => "design",
            Self::Unknown => "unknown",
        })
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a rule looks at.
pub(super) struct Context<'a> {
    pub(super) statement: &'a Statement,
    pub(super) facts: &'a Facts,
    /// It runs what cannot be known.
    pub(super) dynamic: bool,
    pub(super) schema: &'a Schema,
    /// The schema when the file has run, where the file adds foreign keys.
    pub(super) end: Option<&'a Schema>,
    pub(super) in_transaction: bool,
    pub(super) lock_timeout: bool,
    /// Locks that earlier statements of the transaction hold.
    pub(super) held: &'a BTreeMap<String, LockMode>,
}

/// What a rule has to say.
struct Found {
    message: String,
    /// Tables whose size decides how bad it is.
    tables: Vec<String>,
    /// Where it is not the rule's.
    severity: Option<Severity>,
}

impl Found {
    fn says(message: String) -> Self {
        Self { message, tables: Vec::new(), severity: None }
    }

    fn on<'a>(tables: impl IntoIterator<Item = &'a String>, message: String) -> Self {
        let tables = tables.into_iter().cloned().collect();
        Self { tables, ..Self::says(message) }
    }
}

impl Rule {
    pub(super) fn hazard(&self, context: &Context<'_>) -> Option<Hazard> {
        let Found { mut message, tables, severity } = (self.check)(context)?;
        let sizes: Vec<_> = tables.iter().map(|table| context.schema.size(table)).collect();
        let known = tables.iter().zip(&sizes).filter_map(|(table, size)| Some((table, (*size)?)));
        let said: Vec<String> = known.map(|(table, size)| format!("{table}, {size}")).collect();
        if !said.is_empty() {
            message = format!("{message} ({})", said.join("; "));
        }
        let worst = sizes.into_iter().map(|size| size.map(|size| size.severity()));
        // What is not known counts as the worst.
        let worst = worst.map(|severity| severity.unwrap_or(Severity::Critical)).max();
        let usual = severity.unwrap_or(self.severity);
        let severity = worst.filter(|_| self.sized).map_or(usual, |worst| worst.min(usual));
        Some(Hazard { rule: self.name, kind: self.kind, severity, message, fix: self.fix })
    }
}

fn list<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Who waits for a lock that stops writes.
fn waiting(mode: LockMode) -> &'static str {
    if mode.blocks_reads() { "reads and writes" } else { "writes" }
}

/// A foreign key that a statement adds.
#[derive(Clone, Copy)]
pub(super) struct AddedKey<'a> {
    pub(super) columns: &'a [String],
    pub(super) parent: &'a str,
    /// Empty for the primary key.
    pub(super) to: &'a [String],
}

/// The table that a statement adds foreign keys to, and each of them.
pub(super) fn added_foreign_keys(statement: &Statement) -> (&str, Vec<AddedKey<'_>>) {
    let (table, constraints): (&str, Vec<&Constraint>) = match statement {
        Statement::CreateTable(table) => {
            let own = table.columns.iter().flat_map(|column| &column.constraints);
            (&table.name, table.constraints.iter().chain(own).collect())
        }
        Statement::AlterTable { table, actions, .. } => {
            let added = actions.iter().flat_map(|action| match action {
                Action::AddConstraint(constraint) => std::slice::from_ref(constraint),
                Action::AddColumn { column, .. } => column.constraints.as_slice(),
                _ => &[],
            });
            (table, added.collect())
        }
        _ => return ("", Vec::new()),
    };
    let keys = constraints.into_iter().filter_map(|constraint| match &constraint.kind {
        ConstraintKind::Foreign { columns, parent, to } => Some(AddedKey { columns, parent, to }),
        _ => None,
    });
    (table, keys.collect())
}

fn adds_exclusion(statement: &Statement) -> bool {
    let Statement::AlterTable { actions, .. } = statement else { return false };
    let excludes = |action: &Action| match action {
        Action::AddConstraint(constraint) => {
            matches!(constraint.kind, ConstraintKind::Exclude { .. })
        }
        _ => false,
    };
    actions.iter().any(excludes)
}

#[cfg(test)]
mod tests;
