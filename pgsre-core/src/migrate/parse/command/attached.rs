//! The grammar of what stands on tables: triggers, policies, rules, publications.

use super::super::super::statement::{PublicationChange, RuleChange, RuleKind, Statement};
use super::super::super::words::{Word, Words};

pub(super) fn create_trigger(mut words: Words<'_>) -> Statement {
    let name = words.name();
    let events = events(&words.until(&["on"]));
    words.take("on");
    let table = words.name();
    let each_row = words.has("for each row") || words.has("for row");
    words.until(&["execute"]);
    words.take_any(&["execute function", "execute procedure"]);
    Statement::CreateTrigger { name, table, function: words.name(), each_row, events }
}

/// Which changes of rows fire it: INSERT, UPDATE OF columns, DELETE, TRUNCATE.
fn events(words: &[Word]) -> Vec<String> {
    let known = ["insert", "update", "delete", "truncate"];
    let named = known.iter().filter(|event| words.iter().any(|word| word.is(event)));
    named.map(|event| (*event).to_owned()).collect()
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
    let keyword = if kind == RuleKind::Rule && change == RuleChange::Create { "to" } else { "on" };
    words.until(&[keyword]);
    words.take(keyword);
    let table = words.name();
    let change = match change {
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
