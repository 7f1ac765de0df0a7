use super::super::statement::{Action, ConstraintKind, Statement};
use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "dropped-with-column",
    kind: Kind::Breaking,
    severity: Severity::Warning,
    sized: false,
    why: "With a column its indexes and its unique, primary and foreign keys go without a word, even those of several columns.",
    fix: "Look at what they are for; make anew what is still needed before the column goes.",
    bad: &["create table orders (id bigint primary key, code text, shop int, unique (shop, code));", "alter table orders drop column code;"],
    good: &["create table orders (id bigint primary key, code text);", "alter table orders drop column code;"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let Statement::AlterTable { table, actions, .. } = context.statement else { return None };
    if context.schema.is_new(table) {
        return None;
    }
    actions.iter().find_map(|action| match action {
        Action::DropColumn { column, .. } => {
            let lost = lost(context, table, column);
            let message = format!("with {table}.{column} go {}", lost.join(", "));
            (!lost.is_empty()).then(|| Found::says(message))
        }
        _ => None,
    })
}

/// What keeps rows right and goes with a column.
fn lost(context: &Context<'_>, table: &str, column: &str) -> Vec<String> {
    let constraints = context.schema.table(table).map(|known| known.constraints.as_slice());
    let keys = constraints.unwrap_or_default().iter().filter(|one| match &one.kind {
        ConstraintKind::Primary { columns, .. }
        | ConstraintKind::Unique { columns, .. }
        | ConstraintKind::Foreign { columns, .. } => columns.iter().any(|name| name == column),
        _ => false,
    });
    let mut lost: Vec<String> = keys.map(|one| format!("the constraint {}", one.name)).collect();
    let unique = context.schema.indexes_of(table).filter(|(_, index)| index.unique);
    let unique = unique.filter(|(_, index)| index.words.contains(column));
    let names = unique.map(|(name, _)| name.rsplit('.').next().unwrap_or(name));
    let is_constraint = |name: &str| lost.iter().any(|one| one.ends_with(&format!(" {name}")));
    let more: Vec<&str> = names.filter(|name| !is_constraint(name)).collect();
    lost.extend(more.into_iter().map(|name| format!("the unique index {name}")));
    lost
}
