use super::super::statement::Statement;
use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "concurrently-under-lock-timeout",
    kind: Kind::Failing,
    severity: Severity::Warning,
    sized: false,
    why: "An index whose building was cut short stays behind, invalid, and IF NOT EXISTS then passes over it.",
    fix: "SET lock_timeout = 0 in the session that builds the index.",
    bad: &["set lock_timeout = '2s'; create index concurrently i on orders (customer);"],
    good: &["create index concurrently i on orders (customer);"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let concurrent = matches!(
        context.statement,
        Statement::CreateIndex { concurrently: true, .. }
            | Statement::Reindex { concurrently: true, .. }
    );
    (concurrent && context.lock_timeout).then(|| {
        let message =
            "waits for old transactions: lock_timeout can end it and leave an invalid index behind";
        Found::says(message.to_owned())
    })
}
