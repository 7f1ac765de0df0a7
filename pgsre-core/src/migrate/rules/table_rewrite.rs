use super::super::statement::Statement;
use super::{Context, Found, Kind, Rule, list};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "table-rewrite",
    kind: Kind::Locking,
    severity: Severity::Critical,
    sized: true,
    why: "The table and its indexes are written anew under a lock that stops reads and writes.",
    fix: "Add a new nullable column, fill it in batches, then switch to it; for a volatile default: add the column without it, SET DEFAULT, then backfill in batches.",
    bad: &["alter table orders add column token uuid default gen_random_uuid();"],
    good: &["alter table orders add column created timestamptz default now();"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let rewrites = &context.facts.rewrites;
    // These have rules of their own.
    let copies = matches!(
        context.statement,
        Statement::RefreshMaterializedView { .. }
            | Statement::Vacuum { .. }
            | Statement::Cluster { .. }
    );
    (!rewrites.is_empty() && !copies).then(|| {
        let tables = list(rewrites);
        let message =
            format!("writes every row of {tables} anew; reads and writes wait until that is done");
        Found::on(rewrites, message)
    })
}
