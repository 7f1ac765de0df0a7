//! The names that PostgreSQL chooses (`makeObjectName`, `ChooseConstraintName`, `ChooseIndexName`).

use super::super::statement::{Constraint, ConstraintKind};
use super::indexes::Indexes;
use super::table::Table;

/// The longest name, in bytes.
const LONGEST: usize = 63;

/// Names a constraint that came without a name.
pub(super) fn constraint_name(table: &str, known: &Table, constraint: &mut Constraint) {
    if !constraint.name.is_empty() {
        return;
    }
    let bare = bare(table);
    let taken = |name: &str| known.constraint(name).is_some();
    let one = |columns: &[String]| {
        let mut own: Vec<&String> =
            columns.iter().filter(|name| known.columns.contains_key(*name)).collect();
        own.dedup();
        if let [one] = own.as_slice() { (*one).clone() } else { String::new() }
    };
    constraint.name = match &constraint.kind {
        ConstraintKind::Primary { using_index: Some(index), .. }
        | ConstraintKind::Unique { using_index: Some(index), .. } => index.clone(),
        ConstraintKind::Primary { .. } => chosen(bare, "", "pkey", taken),
        ConstraintKind::Unique { columns, .. } => chosen(bare, &columns.join("_"), "key", taken),
        ConstraintKind::Foreign { columns, .. } => chosen(bare, &columns.join("_"), "fkey", taken),
        ConstraintKind::NotNull { column } => chosen(bare, column, "not_null", taken),
        ConstraintKind::Check { columns, of: None, .. } => {
            chosen(bare, &one(columns), "check", taken)
        }
        ConstraintKind::Check { of: Some(column), .. } => chosen(bare, column, "check", taken),
        ConstraintKind::Exclude { columns } => chosen(bare, &columns.join("_"), "excl", taken),
    };
}

/// The name of an index that came without one.
pub(super) fn index_name(table: &str, columns: &[String], indexes: &Indexes) -> String {
    let schema = table.rsplit_once('.').map(|(schema, _)| schema);
    let taken = |name: &str| indexes.contains(&within(schema, name));
    let name = chosen(bare(table), &columns.join("_"), "idx", taken);
    within(schema, &name)
}

/// The name of a column's own sequence, where it is free.
pub(super) fn sequence_name(table: &str, column: &str) -> String {
    let schema = table.rsplit_once('.').map(|(schema, _)| schema);
    within(schema, &chosen(bare(table), column, "seq", |_| false))
}

/// A name in a schema.
pub(super) fn within(schema: Option<&str>, name: &str) -> String {
    match schema {
        Some(schema) if !name.contains('.') => format!("{schema}.{name}"),
        _ => name.to_owned(),
    }
}

pub(super) fn bare(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The first name with these parts that is free.
fn chosen(table: &str, columns: &str, label: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (0..1000).map(|number| match number {
        0 => made(table, columns, label),
        number => made(table, columns, &format!("{label}{number}")),
    });
    let mut free = numbered.filter(|name| !taken(name));
    free.next().unwrap_or_else(|| made(table, columns, label))
}

/// The longer of the first two parts is cut until the name fits.
fn made(table: &str, columns: &str, label: &str) -> String {
    let (mut first, mut second) = (table, columns);
    let signs = if columns.is_empty() { 1 } else { 2 };
    while first.len() + second.len() + label.len() + signs > LONGEST && !first.is_empty() {
        let longer = if first.len() > second.len() { &mut first } else { &mut second };
        let end = longer.char_indices().next_back().map_or(0, |(at, _)| at);
        *longer = &longer[..end];
    }
    match second {
        "" => format!("{first}_{label}"),
        second => format!("{first}_{second}_{label}"),
    }
}
