use super::super::statement::Statement;
use super::{Context, Found, Kind, Rule, list};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "full-vacuum",
    kind: Kind::Locking,
    severity: Severity::Critical,
    sized: true,
    why: "VACUUM FULL and CLUSTER copy the table and build all its indexes under a lock that stops everybody.",
    fix: "pg_repack or pg_squeeze, which lock at the end only; mostly a plain VACUUM is enough.",
    bad: &["vacuum full orders;"],
    good: &["vacuum orders;"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let full = matches!(
        context.statement,
        Statement::Vacuum { full: true, .. } | Statement::Cluster { .. }
    );
    let rewrites = &context.facts.rewrites;
    (full && !rewrites.is_empty()).then(|| {
        let message = format!("copies {}; reads and writes wait until that is done", list(rewrites));
        Found::on(rewrites, message)
    })
}
