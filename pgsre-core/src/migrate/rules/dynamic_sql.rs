use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "dynamic-sql",
    kind: Kind::Unknown,
    severity: Severity::Info,
    sized: false,
    why: "What a string of SQL does is only known when it runs.",
    fix: "Write the statements out, or try the migration on a copy.",
    bad: &["do $$ begin execute 'alter table orders add note text'; end $$;"],
    good: &["do $$ begin perform 1; end $$;"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let message = "what EXECUTE runs, or a body that cannot be parsed, is not known from the file";
    context.dynamic.then(|| Found::says(message.to_owned()))
}
