//! The grammar of the commands that take locks on tables.

use super::super::expression;
use super::super::statement::{
    Action, DomainChange, PublicationChange, Reindexed, RuleChange, RuleKind, Statement,
};
use super::super::words::Words;
use super::table;

/// What a statement is, by its words.
pub(super) fn read(mut words: Words<'_>) -> Statement {
    if let Some(statement) = create_index(words.clone()) {
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
        return Statement::CreateMaterializedView { name, words: view_words(&words) };
    }
    if words.take("view") {
        let name = words.name();
        return Statement::CreateView { name, or_replace, words: view_words(&words) };
    }
    if words.take_any(&["trigger", "constraint trigger"]) {
        return create_trigger(words);
    }
    if words.take_any(&["policy"]) {
        return rules(RuleKind::Policy, words, RuleChange::Create);
    }
    if words.take("rule") {
        return rules(RuleKind::Rule, words, RuleChange::Create);
    }
    create_type(words)
}

/// The words of a query. A column behind the alias of a table is that table's; a `*` is one that stands
/// for columns.
fn view_words(words: &Words<'_>) -> Vec<String> {
    let names = table::names(words);
    let is_name = |text: &str| text.starts_with(|c: char| c == '_' || c.is_alphabetic());
    let at = |index: usize| names.get(index).map_or("", String::as_str);
    let table_of = |alias: &str| {
        let named = (1..names.len()).find(|index| {
            let before = at(index - 1);
            at(*index) == alias
                && at(index + 1) != "."
                && is_name(before)
                && !["from", "join", "as"].contains(&before)
        });
        let with_as = (2..names.len()).find(|index| at(*index) == alias && at(index - 1) == "as");
        with_as.map(|index| at(index - 2)).or(named.map(|index| at(index - 1)))
    };
    let mut found = Vec::new();
    for (index, word) in names.iter().enumerate() {
        let before = if index == 0 { "" } else { at(index - 1) };
        match before {
            "(" if word == "*" => {}
            "." => {
                let alias = at(index.saturating_sub(2));
                found.push(format!("{}.{word}", table_of(alias).unwrap_or(alias)));
                // It may also be a table behind its schema.
                let is_table = ["from", "join"].contains(&at(index.saturating_sub(3)));
                if is_table || table_of(alias).is_none() {
                    found.push(word.clone());
                }
            }
            _ => found.push(word.clone()),
        }
    }
    found
}

fn create_trigger(mut words: Words<'_>) -> Statement {
    let name = words.name();
    words.until(&["on"]);
    words.take("on");
    let table = words.name();
    let each_row = words.has("for each row") || words.has("for row");
    words.until(&["execute"]);
    words.take_any(&["execute function", "execute procedure"]);
    Statement::CreateTrigger { name, table, function: words.name(), each_row }
}

fn rule_kind(words: &mut Words<'_>) -> Option<RuleKind> {
    let kinds =
        [("trigger", RuleKind::Trigger), ("policy", RuleKind::Policy), ("rule", RuleKind::Rule)];
    kinds.into_iter().find(|(word, _)| words.take(word)).map(|(_, kind)| kind)
}

/// What becomes of a trigger, policy or rule that comes next.
fn rules(kind: RuleKind, mut words: Words<'_>, change: RuleChange) -> Statement {
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

fn create_type(mut words: Words<'_>) -> Statement {
    if words.take("domain") {
        let name = words.name();
        words.take("as");
        let base = table::data_type(&mut words);
        let (not_null, checks) = domain_constraints(words, &name);
        return Statement::CreateDomain { name, base, checks, not_null };
    }
    if words.take("type") {
        return Statement::CreateType { name: words.name() };
    }
    if words.take("function") {
        let name = words.name();
        words.parenthesised();
        return Statement::CreateFunction { name, volatile: is_volatile(&words) };
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
        return published(words);
    }
    Statement::Other
}

/// Whether a domain refuses NULL, and the names of its checks.
fn domain_constraints(mut words: Words<'_>, domain: &str) -> (bool, Vec<String>) {
    let (mut not_null, mut checks, mut name) = (false, Vec::new(), None);
    while !words.is_empty() {
        if words.take("constraint") {
            name = Some(words.name());
        } else if words.take("check") {
            words.parenthesised();
            let bare = domain.rsplit('.').next().unwrap_or(domain);
            checks.push(name.take().unwrap_or_else(|| format!("{bare}_check")));
        } else if words.take("not null") {
            not_null = true;
        } else {
            words.next();
        }
    }
    (not_null, checks)
}

/// A function of SQL whose body is one expression is taken for that expression (`inline_function`).
fn is_volatile(words: &Words<'_>) -> bool {
    if words.has("immutable") || words.has("stable") {
        return false;
    }
    let body = words.rest().iter().rev().find(|word| word.text.starts_with(['\'', '$']));
    let Some(body) = body.filter(|_| words.has("language sql")) else { return true };
    let text = body.text.trim_start_matches('$').trim_matches(['\'', '$', ' ', '\n', ';']);
    let Some(expression) = text.get(7..).filter(|_| text.to_lowercase().starts_with("select "))
    else {
        return true;
    };
    let separate = expression.replace('(', " ( ");
    let expression: Vec<String> = separate.split_whitespace().map(str::to_owned).collect();
    let reads = expression.iter().any(|word| word.eq_ignore_ascii_case("from"));
    reads || expression::volatile(&expression, |_| None).is_some()
}

fn published(mut words: Words<'_>) -> Statement {
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

/// CREATE INDEX, whose first words are still there.
fn create_index(mut words: Words<'_>) -> Option<Statement> {
    words.take("create").then_some(())?;
    let unique = words.take("unique");
    words.take("index").then_some(())?;
    let concurrently = words.take("concurrently");
    let if_not_exists = words.take("if not exists");
    let name = if words.peek_is("on") { String::new() } else { words.name() };
    words.take("on");
    let only = words.take("only");
    let table = words.name();
    if words.take("using") {
        words.name();
    }
    let mut used = table::names(&words);
    used.retain(|word| word.starts_with(|c: char| c == '_' || c.is_alphabetic()));
    let parts = words.parenthesised().split(",");
    let mut columns: Vec<String> = parts.iter().map(index_column).collect();
    let is_expression =
        |part: &Words<'_>| part.peek_is("(") || part.rest().get(1).is_some_and(|word| word.is("("));
    let computed = parts.iter().any(is_expression) || words.has("where");
    if words.take("include") {
        columns.extend(words.column_names());
    }
    Some(Statement::CreateIndex {
        name,
        table,
        columns,
        words: used,
        computed,
        unique,
        concurrently,
        if_not_exists,
        only,
    })
}

/// What an index's automatic name calls a part of its key (`FigureIndexColname`).
fn index_column(part: &Words<'_>) -> String {
    let mut part = part.clone();
    if !part.peek_is("(") {
        let name = part.name();
        return name.rsplit('.').next().unwrap_or(&name).to_owned();
    }
    let mut inner = part.parenthesised();
    if inner.peek_is("(") {
        return index_column(&inner);
    }
    let name = inner.name();
    inner.parenthesised();
    match inner.rest().first() {
        _ if name.is_empty() => "expr".to_owned(),
        Some(word) if !word.text.starts_with(':') => "expr".to_owned(),
        _ => name.rsplit('.').next().unwrap_or(&name).to_owned(),
    }
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
        let change = domain_change(words, &name);
        return Statement::AlterDomain { name, change };
    }
    if words.take("type") {
        let name = words.name();
        if words.take("add value") {
            return Statement::AddEnumValue { name };
        }
        return Statement::Other;
    }
    if let Some(kind) = rule_kind(&mut words) {
        return rules(kind, words, RuleChange::Alter);
    }
    if words.take("publication") {
        return published(words);
    }
    if words.take("view") {
        return table::alter(words);
    }
    Statement::Other
}

fn domain_change(mut words: Words<'_>, domain: &str) -> DomainChange {
    if words.take("set not null") {
        return DomainChange::SetNotNull;
    }
    if words.take("drop not null") {
        return DomainChange::DropNotNull;
    }
    if words.take("validate") {
        return DomainChange::Validate;
    }
    if words.take("drop constraint") {
        words.take("if exists");
        return DomainChange::DropConstraint { name: words.name() };
    }
    if words.take("rename to") {
        return DomainChange::Rename { to: words.name() };
    }
    if words.take("add") {
        let not_valid = words.has("not valid");
        let (not_null, mut names) = domain_constraints(words, domain);
        return match names.pop() {
            Some(name) => DomainChange::AddCheck { name, not_valid },
            None if not_null => DomainChange::SetNotNull,
            None => DomainChange::Catalogue,
        };
    }
    DomainChange::Catalogue
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
    if let Some(kind) = rule_kind(&mut words) {
        let if_exists = words.take("if exists");
        return rules(kind, words, RuleChange::Drop { if_exists });
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
        return reindex(words);
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
        return vacuum(words);
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
    rows(words)
}

fn rows(mut words: Words<'_>) -> Statement {
    if words.take("update") {
        words.take("only");
        let table = words.name();
        return Statement::ChangeRows { table, bounded: words.has("where") };
    }
    if words.take("delete from") {
        words.take("only");
        let table = words.name();
        return Statement::ChangeRows { table, bounded: words.has("where") };
    }
    if words.take("insert into") || words.take("merge into") {
        return Statement::Insert { table: words.name() };
    }
    if words.take("copy") {
        let table = words.name();
        words.parenthesised();
        return if words.take("from") { Statement::Insert { table } } else { Statement::Other };
    }
    if words.take("lock") {
        words.take("table");
        let only = words.peek_is("only");
        let tables = words.names();
        return Statement::LockTable { tables, mode: lock_mode(words), only };
    }
    transaction(words)
}

fn transaction(mut words: Words<'_>) -> Statement {
    if words.take_any(&["begin", "start transaction"]) {
        return Statement::Begin;
    }
    // The transaction goes on after a savepoint, with the locks from before it.
    if words.take_any(&["rollback to", "rollback work to", "rollback transaction to"]) {
        return Statement::Other;
    }
    if words.take_any(&["commit", "end", "rollback", "abort"]) {
        return Statement::Commit;
    }
    let mut zone = words.clone();
    if zone.take("set") {
        zone.take_any(&["local", "session"]);
        if zone.take_any(&["timezone", "time zone"]) {
            zone.take_any(&["=", "to"]);
            let utc = zone.next().is_some_and(|value| is_utc(&value.text));
            return Statement::SetTimeZone { utc };
        }
    }
    if words.take_any(&["reset lock_timeout", "reset all"]) {
        return Statement::SetLockTimeout { limited: false, local: false };
    }
    if words.take("set") {
        let local = words.take("local");
        words.take("session");
        if words.take("lock_timeout") {
            words.take_any(&["=", "to"]);
            let limited = words.next().is_some_and(|value| limits(&value.text));
            return Statement::SetLockTimeout { limited, local };
        }
    }
    Statement::Other
}

fn is_utc(zone: &str) -> bool {
    let zone = zone.trim_matches(['\'', '"']).to_lowercase();
    ["utc", "etc/utc", "gmt", "etc/gmt", "zulu", "etc/zulu", "universal", "uct", "0"]
        .contains(&zone.as_str())
}

/// Whether a value of `lock_timeout` ends a wait: 0, with or without a unit, never does.
fn limits(value: &str) -> bool {
    let value = value.trim_matches('\'').trim();
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    digits.parse::<f64>().is_ok_and(|number| number > 0.0)
}

fn lock_mode(mut words: Words<'_>) -> String {
    words.take("in");
    let mode = words.until(&["mode", "nowait"]);
    if mode.is_empty() {
        return "AccessExclusiveLock".to_owned();
    }
    let capital = |text: &str| {
        let mut letters = text.chars();
        let first = letters.next().map(|c| c.to_ascii_uppercase());
        first.into_iter().chain(letters.map(|c| c.to_ascii_lowercase())).collect::<String>()
    };
    let name: String = mode.iter().map(|word| capital(&word.text)).collect();
    format!("{name}Lock")
}

fn reindex(mut words: Words<'_>) -> Statement {
    let options = words.parenthesised();
    let kind = words.next().map(|word| word.text.to_lowercase()).unwrap_or_default();
    let concurrently = words.take("concurrently") || options.has("concurrently");
    let name = words.name();
    let what = match kind.as_str() {
        "index" => Reindexed::Index(name),
        "table" => Reindexed::Table(name),
        "schema" => Reindexed::Schema(name),
        _ => Reindexed::Database,
    };
    Statement::Reindex { what, concurrently }
}

fn vacuum(mut words: Words<'_>) -> Statement {
    let options = words.parenthesised();
    let mut full = options.has("full") && !options.has("full false") && !options.has("full off");
    while words.peek_is("full") || words.take_any(&["freeze", "verbose", "analyze", "analyse"]) {
        full |= words.take("full");
    }
    Statement::Vacuum { tables: named(words), full }
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
