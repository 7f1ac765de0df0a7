use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "refused-in-transaction",
    kind: Kind::Failing,
    severity: Severity::Critical,
    sized: false,
    why: "CONCURRENTLY, VACUUM and the like fail within a transaction.",
    fix: "Put the statement into a file of its own that the tool runs without a transaction.",
    bad: &["begin; create index concurrently i on orders (customer); commit;"],
    good: &["create index concurrently i on orders (customer);"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    (context.facts.refuses_transactions && context.in_transaction)
        .then(|| Found::says("PostgreSQL refuses this within a transaction".to_owned()))
}
