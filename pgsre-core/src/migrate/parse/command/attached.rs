//! The grammar of what stands on tables: triggers, policies, rules, publications.

use super::super::super::statement::{PublicationChange, RuleChange, RuleKind, Statement};
use super::super::super::words::{Word, Words};

pub(super) fn create_trigger(mut words: Words<'_>) -> Statement {
    let name = words.name();
    let before = words.until(&["on"]);
    let (events, columns) = (events(&before), columns(&before));
    words.take("on");
    let table = words.name();
    let each_row = words.has("for each row") || words.has("for row");
    words.until(&["execute"]);
    words.take_any(&["execute function", "execute procedure"]);
    Statement::CreateTrigger { name, table, function: words.name(), each_row, events, columns }
}

/// Which changes of rows fire it: INSERT, UPDATE OF columns, DELETE, TRUNCATE.
fn events(words: &[Word]) -> Vec<String> {
    let known = ["insert", "update", "delete", "truncate"];
    let named = known.iter().filter(|event| words.iter().any(|word| word.is(event)));
    named.map(|event| (*event).to_owned()).collect()
}

/// Those of UPDATE OF.
fn columns(words: &[Word]) -> Vec<String> {
    let mut words = Words::new(words);
    words.until(&["of"]);
    words.take("of");
    let before = words.rest();
    let length = words.until(&["or"]).len();
    Words::new(&before[..length]).split(",").into_iter().map(|mut part| part.name()).collect()
}

pub(super) fn rule_kind(words: &mut Words<'_>) -> Option<RuleKind> {
    let kinds =
        [("trigger", RuleKind::Trigger), ("policy", RuleKind::Policy), ("rule", RuleKind::Rule)];
    kinds.into_iter().find(|(word, _)| words.take(word)).map(|(_, kind)| kind)
}

/// What becomes of a trigger, policy or rule that comes next.
pub(super) fn rules(kind: RuleKind, mut words: Words<'_>, change: RuleChange) -> Statement {
    let name = words.name();
    // A rule is created ON an event TO a table.
    let creates = matches!(change, RuleChange::Create { .. });
    let keyword = if kind == RuleKind::Rule && creates { "to" } else { "on" };
    let before = words.until(&[keyword]);
    words.take(keyword);
    let table = words.name();
    let change = match change {
        RuleChange::Create { .. } => RuleChange::Create { events: events(&before) },
        RuleChange::Alter if words.take("rename to") => RuleChange::Rename { to: words.name() },
        change => change,
    };
    Statement::ChangeRules { kind, table, name, change }
}

pub(super) fn published(mut words: Words<'_>) -> Statement {
    let name = words.name();
    let change = match () {
        () if words.take_any(&["for", "add"]) => PublicationChange::Add,
        () if words.take("set") => PublicationChange::Set,
        () if words.take("drop") => PublicationChange::Drop,
        () => return Statement::Other,
    };
    if !words.take("table") {
        return Statement::Other;
    }
    let tables = words.split(",").into_iter();
    let tables = tables.map(|mut part| {
        part.take("only");
        part.name()
    });
    Statement::ChangePublication { name, tables: tables.collect(), change }
}
