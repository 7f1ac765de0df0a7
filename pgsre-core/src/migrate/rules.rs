//! The rules. Their examples are their tests and their documentation.

use std::collections::BTreeMap;

use super::facts::{Facts, LockMode};
use super::lint::Hazard;
use super::schema::Schema;
use super::statement::{Action, Constraint, ConstraintKind, Statement};
use crate::finding::Severity;

mod table;

pub use table::RULES;

/// A rule with its documentation.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its stable name.
    pub name: &'static str,
    /// How bad what it finds is.
    pub severity: Severity,
    /// What is wrong, and why.
    pub why: &'static str,
    /// The safe form.
    pub fix: &'static str,
    /// Files of which the last has the hazard.
    pub bad: &'static [&'static str],
    /// Files of which the last does not have it.
    pub good: &'static [&'static str],
    check: fn(&Context<'_>) -> Option<String>,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a rule looks at.
pub(super) struct Context<'a> {
    pub(super) statement: &'a Statement,
    pub(super) facts: &'a Facts,
    pub(super) schema: &'a Schema,
    /// The schema when the file has run, where the file adds foreign keys.
    pub(super) end: Option<&'a Schema>,
    pub(super) in_transaction: bool,
    pub(super) lock_timeout: bool,
    /// Locks that earlier statements of the transaction hold.
    pub(super) held: &'a BTreeMap<String, LockMode>,
}

impl Rule {
    pub(super) fn hazard(&self, context: &Context<'_>) -> Option<Hazard> {
        let message = (self.check)(context)?;
        Some(Hazard { rule: self.name, severity: self.severity, message, fix: self.fix })
    }
}

fn list<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn table_rewrite(context: &Context<'_>) -> Option<String> {
    let facts = context.facts;
    (!facts.rewrites.is_empty()).then(|| {
        let tables = list(&facts.rewrites);
        format!("writes every row of {tables} anew; reads and writes wait until that is done")
    })
}

fn blocking_scan(context: &Context<'_>) -> Option<String> {
    let facts = context.facts;
    let blocked = |table: &&String| blocks_writes(facts.locks.get(*table));
    let scanned: Vec<&String> = facts.scans.iter().filter(blocked).collect();
    let mode = facts.locks.get(*scanned.first()?)?;
    let who = if mode.blocks_reads() { "reads and writes" } else { "writes" };
    Some(format!(
        "reads every row of {} under {mode:?}; {who} wait until that is done",
        list(scanned)
    ))
}

fn blocking_index_build(context: &Context<'_>) -> Option<String> {
    let facts = context.facts;
    let blocked = |table: &&String| blocks_writes(facts.locks.get(*table));
    let built: Vec<&String> = facts.index_builds.iter().filter(blocked).collect();
    let mode = facts.locks.get(*built.first()?)?;
    let who = if mode.blocks_reads() { "reads and writes" } else { "writes" };
    Some(format!("builds an index on {} under {mode:?}; {who} wait until it is built", list(built)))
}

fn blocks_writes(mode: Option<&LockMode>) -> bool {
    mode.is_some_and(|mode| mode.blocks_writes())
}

fn fails_on_rows(context: &Context<'_>) -> Option<String> {
    let reason = context.facts.fails_on_rows.first()?;
    Some(format!("fails on a table with rows: {reason}"))
}

fn refused_in_transaction(context: &Context<'_>) -> Option<String> {
    (context.facts.refuses_transactions && context.in_transaction)
        .then(|| "PostgreSQL refuses this within a transaction".to_owned())
}

fn concurrently_under_lock_timeout(context: &Context<'_>) -> Option<String> {
    let concurrent = matches!(
        context.statement,
        Statement::CreateIndex { concurrently: true, .. }
            | Statement::Reindex { concurrently: true, .. }
    );
    (concurrent && context.lock_timeout).then(|| {
        "waits for old transactions: lock_timeout can end it and leave an invalid index behind"
            .to_owned()
    })
}

fn missing_lock_timeout(context: &Context<'_>) -> Option<String> {
    let strong = context.facts.locks.iter().find(|(_, mode)| mode.blocks_writes());
    let (table, mode) = strong.filter(|_| !context.lock_timeout)?;
    Some(format!(
        "waits for {mode:?} on {table} without a lock_timeout; everything queues behind it"
    ))
}

fn several_locks(context: &Context<'_>) -> Option<String> {
    let (table, _) = context
        .facts
        .locks
        .iter()
        .find(|(table, mode)| mode.blocks_writes() && !context.held.contains_key(*table))?;
    let (held, mode) = context.held.iter().find(|(_, mode)| mode.blocks_writes())?;
    Some(format!("waits for a lock on {table} while {mode:?} on {held} is held"))
}

fn scan_under_held_lock(context: &Context<'_>) -> Option<String> {
    let held = |table: &&String| blocks_writes(context.held.get(*table));
    let own = |table: &&String| !blocks_writes(context.facts.locks.get(*table));
    let table = context.facts.scans.iter().filter(own).find(held)?;
    let mode = context.held.get(table)?;
    Some(format!("reads every row of {table} while the transaction still holds {mode:?} on it"))
}

fn breaking_change(context: &Context<'_>) -> Option<String> {
    match context.statement {
        Statement::DropTable { tables, .. } => {
            let used = tables.iter().find(|table| !context.schema.is_new(table))?;
            Some(format!("applications that still use {used} break"))
        }
        Statement::AlterTable { table, actions, .. } if !context.schema.is_new(table) => {
            let rewrites = !context.facts.rewrites.is_empty();
            actions.iter().find_map(|action| breaks(table, action, rewrites))
        }
        _ => None,
    }
}

fn breaks(table: &str, action: &Action, rewrites: bool) -> Option<String> {
    let (what, verb) = match action {
        Action::SetType { column, .. } if rewrites => {
            (format!("{table}.{column}"), "given another type")
        }
        Action::DropColumn { column, .. } => (format!("{table}.{column}"), "dropped"),
        Action::RenameColumn { column, .. } => (format!("{table}.{column}"), "renamed"),
        Action::RenameTo { .. } => (table.to_owned(), "renamed"),
        Action::SetSchema { .. } => (table.to_owned(), "moved"),
        _ => return None,
    };
    Some(format!("{what} is {verb}: applications that still use it break"))
}

/// An index that begins with the columns of the key serves.
fn foreign_key_without_index(context: &Context<'_>) -> Option<String> {
    let end = context.end?;
    let (table, keys) = added_foreign_keys(context.statement);
    let served = |columns: &[String]| {
        let mut indexes = end.indexes_of(table).map(|(_, index)| index);
        indexes.any(|index| index.columns.starts_with(columns) && !index.computed)
    };
    let (columns, parent) = keys.into_iter().find(|(columns, _)| !served(columns))?;
    Some(format!(
        "no index on {table} ({}): a DELETE or UPDATE of {parent} reads all of {table}",
        columns.join(", ")
    ))
}

/// The table that a statement adds foreign keys to, and the columns and other table of each.
pub(super) fn added_foreign_keys(statement: &Statement) -> (&str, Vec<(&[String], &str)>) {
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
        ConstraintKind::Foreign { columns, parent, .. } => {
            Some((columns.as_slice(), parent.as_str()))
        }
        _ => None,
    });
    (table, keys.collect())
}

fn unbounded_change(context: &Context<'_>) -> Option<String> {
    match context.statement {
        Statement::ChangeRows { table, bounded: false } if !context.schema.is_new(table) => {
            Some(format!("changes every row of {table} in one transaction"))
        }
        _ => None,
    }
}

fn drop_index(context: &Context<'_>) -> Option<String> {
    let Statement::DropIndex { indexes, concurrently: false, .. } = context.statement else {
        return None;
    };
    (!context.facts.locks.is_empty())
        .then(|| format!("locks the table of {} against reads and writes", list(indexes)))
}

fn dynamic_sql(context: &Context<'_>) -> Option<String> {
    matches!(context.statement, Statement::Block { dynamic: true, .. })
        .then(|| "what EXECUTE runs cannot be known from the file".to_owned())
}

#[cfg(test)]
mod tests;
