use super::super::statement::Statement;
use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "blocking-refresh",
    kind: Kind::Locking,
    severity: Severity::Critical,
    sized: true,
    why: "The query runs again under a lock that stops everybody who reads the view.",
    fix: "REFRESH MATERIALIZED VIEW CONCURRENTLY, with a unique index on the view; readers then go on.",
    bad: &["refresh materialized view totals;"],
    good: &["refresh materialized view concurrently totals;"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let Statement::RefreshMaterializedView { view, concurrently: false, .. } = context.statement
    else {
        return None;
    };
    let rewrites = &context.facts.rewrites;
    (!rewrites.is_empty()).then(|| {
        Found::on(rewrites, format!("fills {view} anew under AccessExclusiveLock; readers wait"))
    })
}
