use super::super::statement::Statement;
use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "index-if-not-exists",
    kind: Kind::Failing,
    severity: Severity::Info,
    sized: false,
    why: "CREATE INDEX CONCURRENTLY that was cut short leaves an invalid index of this name; IF NOT EXISTS passes over it, and the migration succeeds without an index.",
    fix: "DROP INDEX CONCURRENTLY IF EXISTS before it, and leave IF NOT EXISTS out.",
    bad: &["create index concurrently if not exists orders_customer on orders (customer);"],
    good: &["drop index concurrently if exists orders_customer; create index concurrently orders_customer on orders (customer);"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let Statement::CreateIndex { name, table, if_not_exists: true, concurrently, .. } =
        context.statement
    else {
        return None;
    };
    let full = table.rsplit_once('.').map(|(schema, _)| format!("{schema}.{name}"));
    let there = context.schema.index(full.as_ref().unwrap_or(name));
    if there.is_some_and(|index| index.invalid) {
        let message = format!("{name} is there and invalid: it is passed over, and serves no query");
        return Some(Found { severity: Some(Severity::Critical), ..Found::says(message) });
    }
    (*concurrently && !context.schema.is_new(table)).then(|| {
        let message = format!("an invalid {name}, left by an attempt that failed, is passed over");
        Found::says(message)
    })
}
