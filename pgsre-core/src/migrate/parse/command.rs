//! The grammar of the commands that take locks on tables.

use super::super::statement::{Action, Body, DomainChange, RuleChange, RuleKind, Statement};
use super::super::words::Words;
use super::table;

use session::calls;
pub(super) use session::{called, is_utc};

mod attached;
mod index;
mod rows;
mod session;
mod types;
mod view;

/// What a statement is, by its words.
pub(super) fn read(mut words: Words<'_>) -> Statement {
    if let Some(statement) = index::create_index(words.clone()) {
        return statement;
    }
    if words.take("create") {
        return create(words);
    }
    if words.take_any(&["alter table", "alter foreign table", "alter materialized view"]) {
        return table::alter(words);
    }
    if words.take("alter") {
        return alter(words);
    }
    if words.take("drop") {
        return drop_object(words);
    }
    other(words)
}

fn create(mut words: Words<'_>) -> Statement {
    let or_replace = words.take("or replace");
    words.take_any(&["local", "global"]);
    let unlogged = words.take("unlogged");
    words.take_any(&["temporary", "temp"]);
    words.take("recursive");
    if words.take("table") {
        return table::create(words, unlogged);
    }
    if words.take("materialized view") {
        words.take("if not exists");
        let name = words.name();
        return Statement::CreateMaterializedView { name, words: view::view_words(&words) };
    }
    if words.take("view") {
        let name = words.name();
        return Statement::CreateView { name, or_replace, words: view::view_words(&words) };
    }
    if words.take_any(&["trigger", "constraint trigger"]) {
        return attached::create_trigger(words);
    }
    if words.take_any(&["policy"]) {
        return attached::rules(RuleKind::Policy, words, RuleChange::Create { events: Vec::new() });
    }
    if words.take("rule") {
        return attached::rules(RuleKind::Rule, words, RuleChange::Create { events: Vec::new() });
    }
    create_type(words, or_replace)
}

fn create_type(mut words: Words<'_>, or_replace: bool) -> Statement {
    if words.take("domain") {
        let name = words.name();
        words.take("as");
        let base = table::data_type(&mut words);
        let (not_null, checks) = types::domain_constraints(words, &name);
        return Statement::CreateDomain { name, base, checks, not_null };
    }
    if words.take("type") {
        return Statement::CreateType { name: words.name() };
    }
    if words.take_any(&["function", "procedure"]) {
        let name = words.name();
        let arguments = words.parenthesised().split(",").len();
        let (volatile, body) = (types::is_volatile(&words), Body::default());
        return Statement::CreateFunction { name, or_replace, arguments, volatile, body };
    }
    if words.take("statistics") {
        words.take("if not exists");
        let name = words.name();
        return after("from", words, |table| Statement::CreateStatistics {
            name: name.clone(),
            table,
        });
    }
    if words.take("publication") {
        return attached::published(words);
    }
    Statement::Other
}

fn alter(mut words: Words<'_>) -> Statement {
    if words.take("index") {
        let if_exists = words.take("if exists");
        let index = words.name();
        if words.take("rename to") {
            return Statement::RenameIndex { index, if_exists, to: words.name() };
        }
        if words.take("attach partition") {
            let attached = Some(words.name());
            return Statement::AlterIndex { index, if_exists, parameters: false, attached };
        }
        let statistics = words.take("alter");
        words.take_any(&["set", "reset"]);
        let parameters =
            statistics || (words.peek_is("(") && table::parameters(&words) == Action::Parameter);
        return Statement::AlterIndex { index, if_exists, parameters, attached: None };
    }
    if words.take("domain") {
        let name = words.name();
        let change = types::domain_change(words, &name);
        return Statement::AlterDomain { name, change };
    }
    if words.take("type") {
        let name = words.name();
        if words.take("add value") {
            return Statement::AddEnumValue { name };
        }
        if words.take_any(&["rename value", "rename attribute"]) {
            let from = words.next().map_or("", |word| word.text.as_str());
            let from = from.trim_matches(['\'', '"']).to_owned();
            return Statement::RenameInType { name, from };
        }
        if words.take("rename to") {
            let change = DomainChange::Rename { to: words.name() };
            return Statement::AlterDomain { name, change };
        }
        return Statement::Other;
    }
    if let Some(kind) = attached::rule_kind(&mut words) {
        return attached::rules(kind, words, RuleChange::Alter);
    }
    if words.take("publication") {
        return attached::published(words);
    }
    if words.take("view") {
        return table::alter(words);
    }
    Statement::Other
}

fn drop_object(mut words: Words<'_>) -> Statement {
    if words.take_any(&["table", "foreign table"]) {
        let if_exists = words.take("if exists");
        let tables = words.names();
        return Statement::DropTable { tables, if_exists, cascade: words.take("cascade") };
    }
    if words.take_any(&["view", "materialized view"]) {
        let if_exists = words.take("if exists");
        let views = words.names();
        return Statement::DropView { views, if_exists, cascade: words.take("cascade") };
    }
    if words.take("index") {
        let concurrently = words.take("concurrently");
        let if_exists = words.take("if exists");
        return Statement::DropIndex { indexes: words.names(), concurrently, if_exists };
    }
    if let Some(kind) = attached::rule_kind(&mut words) {
        let if_exists = words.take("if exists");
        return attached::rules(kind, words, RuleChange::Drop { if_exists });
    }
    drop_others(words)
}

fn drop_others(mut words: Words<'_>) -> Statement {
    if words.take_any(&["type", "domain"]) {
        words.take("if exists");
        let types = words.names();
        return Statement::DropType { types, cascade: words.take("cascade") };
    }
    if words.take("schema") {
        words.take("if exists");
        // The schema public is that of names without one.
        let schemas = words.names();
        return Statement::DropSchema { schemas, cascade: words.take("cascade") };
    }
    if words.take_any(&["function", "procedure", "routine"]) {
        words.take("if exists");
        let cascade = words.has("cascade");
        let named = words.split(",").into_iter().map(|mut part| part.name());
        let functions = named.filter(|name| !name.is_empty()).collect();
        return Statement::DropFunction { functions, cascade };
    }
    if words.take("statistics") {
        words.take("if exists");
        return Statement::DropStatistics { names: words.names() };
    }
    Statement::Other
}

fn other(mut words: Words<'_>) -> Statement {
    if words.take("reindex") {
        return index::reindex(words);
    }
    if words.take("refresh materialized view") {
        let concurrently = words.take("concurrently");
        let view = words.name();
        let with_no_data = words.take("with no data");
        return Statement::RefreshMaterializedView { view, concurrently, with_no_data };
    }
    if words.take("truncate") {
        words.take("table");
        let only = words.peek_is("only");
        let tables = words.names();
        return Statement::Truncate { tables, only, cascade: words.has("cascade") };
    }
    if words.take("vacuum") {
        return rows::vacuum(words);
    }
    if words.take_any(&["analyze", "analyse"]) {
        words.parenthesised();
        words.take("verbose");
        return Statement::Analyze { tables: named(words) };
    }
    if words.take("cluster") {
        words.parenthesised();
        words.take("verbose");
        return Statement::Cluster { table: words.name() };
    }
    if words.take("comment on") {
        return comment(words);
    }
    rows::rows(words)
}

fn named(words: Words<'_>) -> Vec<String> {
    words.split(",").into_iter().map(|mut part| part.name()).collect()
}

fn comment(mut words: Words<'_>) -> Statement {
    if words.take_any(&["table", "view", "materialized view", "index"]) {
        return Statement::Describe { tables: vec![words.name()] };
    }
    if words.take("column") {
        let name = words.name();
        let table = name.rsplit_once('.').map_or("", |(table, _)| table);
        return Statement::Describe { tables: vec![table.to_owned()] };
    }
    Statement::Other
}

fn after(
    keyword: &str,
    mut words: Words<'_>,
    statement: impl Fn(String) -> Statement,
) -> Statement {
    words.until(&[keyword]);
    words.take(keyword);
    statement(words.name())
}
