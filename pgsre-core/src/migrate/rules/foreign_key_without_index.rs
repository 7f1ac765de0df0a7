use super::{Context, Found, Kind, Rule, added_foreign_keys};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "foreign-key-without-index",
    kind: Kind::Design,
    severity: Severity::Info,
    sized: false,
    why: "PostgreSQL makes no index for a foreign key: each DELETE or key change of the other table reads all of this one.",
    fix: "CREATE INDEX CONCURRENTLY on the columns of the key, the first of the index.",
    bad: &["create table items (id bigint primary key, orders bigint references orders);"],
    good: &[
        "create table items (id bigint primary key, orders bigint references orders); create index on items (orders);",
    ],
    check,
};

/// An index that begins with the columns of the key serves.
/// An index that begins with the columns of the key serves.
fn check(context: &Context<'_>) -> Option<Found> {
    let end = context.end?;
    let (table, keys) = added_foreign_keys(context.statement);
    let served = |columns: &[String]| {
        let mut indexes = end.indexes_of(table).map(|(_, index)| index);
        indexes.any(|index| {
            let first = index.sorts.get(..columns.len());
            first.is_some_and(|first| columns.iter().all(|column| first.contains(column)))
        })
    };
    let key = keys.into_iter().find(|key| !served(key.columns))?;
    let message = format!(
        "no index on {table} ({}): a DELETE or UPDATE of {parent} reads all of {table}",
        key.columns.join(", "),
        parent = key.parent
    );
    Some(Found::says(message))
}
