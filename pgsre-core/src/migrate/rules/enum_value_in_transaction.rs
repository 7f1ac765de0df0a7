use super::super::statement::Statement;
use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "enum-value-in-transaction",
    kind: Kind::Failing,
    severity: Severity::Info,
    sized: false,
    why: "A value that was added to an enum cannot be used before its transaction ends (55P04), and never be removed again.",
    fix: "Add the value in a migration of its own; use it in the next.",
    bad: &["begin; alter type mood add value 'calm'; commit;"],
    good: &["alter type mood add value 'calm';"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let Statement::AddEnumValue { name } = context.statement else { return None };
    context.in_transaction.then(|| {
        let message = format!("the new value of {name} cannot be used in this transaction");
        Found::says(message)
    })
}
