//! The grammar of CREATE TABLE and ALTER TABLE.

use super::super::statement::{Action, Column, Constraint, ConstraintKind, CreateTable, Statement};
use super::super::words::{Word, Words};

/// Where a column's type, default or constraint ends and the next begins.
pub(in super::super) const COLUMN_CLAUSES: &[&str] = &[
    "not",
    "null",
    "default",
    "primary",
    "unique",
    "references",
    "check",
    "generated",
    "constraint",
    "collate",
    "using",
    "deferrable",
    "initially",
    "storage",
    "compression",
    "enforced",
    "options",
];

pub(super) fn create(mut words: Words<'_>, unlogged: bool) -> Statement {
    let mut table = CreateTable {
        unlogged,
        if_not_exists: words.take("if not exists"),
        name: words.name(),
        ..CreateTable::default()
    };
    if words.take("partition of") {
        table.partition_of = Some(words.name());
    }
    if words.take("of") {
        words.name();
    }
    for part in words.parenthesised().split(",") {
        element(part, &mut table);
    }
    if words.take("inherits") {
        table.inherits = words.column_names();
    }
    if table.partition_of.is_some() {
        table.bound = texts(words.until(&["partition", "with", "tablespace", "using"]));
    }
    if words.take("partition by") {
        words.next();
        table.partition_key = names(&words.parenthesised());
    }
    if words.has("tablespace") {
        words.until(&["tablespace"]);
        words.take("tablespace");
        table.tablespace = words.name();
    }
    let primary: Vec<String> = table.constraints.iter().flat_map(primary_columns).collect();
    for column in &mut table.columns {
        column.not_null |= primary.contains(&column.name);
    }
    Statement::CreateTable(table)
}

fn element(mut words: Words<'_>, table: &mut CreateTable) {
    if words.take("like") {
        table.like.push(words.name());
        return;
    }
    match constraint(&mut words, None) {
        Some(constraint) => table.constraints.push(constraint),
        None => table.columns.push(column(&mut words)),
    }
}

fn primary_columns(constraint: &Constraint) -> Vec<String> {
    match &constraint.kind {
        ConstraintKind::Primary { columns, .. } => columns.clone(),
        ConstraintKind::NotNull { column } => vec![column.clone()],
        _ => Vec::new(),
    }
}

fn column(words: &mut Words<'_>) -> Column {
    let name = words.name();
    let (data_type, written) = both_types(words);
    let mut column = Column { data_type, written, name, ..Column::default() };
    while !words.is_empty() {
        if words.take("default") {
            let mut expression = words.next().into_iter().cloned().collect::<Vec<_>>();
            if expression.first().is_some_and(|word| word.is("(") || word.is("case")) {
                // The parenthesis that was taken is balanced by hand.
                expression.extend(balanced(words, expression[0].is("(")));
            }
            expression.extend(words.until(COLUMN_CLAUSES));
            column.default = Some(texts(expression));
        } else if words.take("generated") {
            generated(words, &mut column);
        } else if words.take("collate") {
            column.collation = words.name();
        } else if words.take("not null") {
            column.not_null = true;
        } else if let Some(constraint) = constraint(words, Some(&column.name)) {
            column.not_null |= !primary_columns(&constraint).is_empty();
            column.constraints.push(constraint);
        } else {
            words.next();
        }
    }
    column
}

/// The rest of an expression whose first word, `(` or CASE, was taken.
fn balanced(words: &mut Words<'_>, parenthesis: bool) -> Vec<Word> {
    let end = if parenthesis { ")" } else { "end" };
    let mut taken = words.until(&[end]);
    taken.extend(words.next().cloned());
    taken
}

fn generated(words: &mut Words<'_>, column: &mut Column) {
    words.take_any(&["always as", "by default as"]);
    if words.take("identity") {
        words.parenthesised();
        column.identity = true;
        column.not_null = true;
        return;
    }
    words.parenthesised();
    column.stored = words.take("stored");
    column.generated = !column.stored;
    words.take("virtual");
}

/// A constraint that comes next: of a table, or of the column that is given.
pub(super) fn constraint(words: &mut Words<'_>, of: Option<&str>) -> Option<Constraint> {
    let mut ahead = words.clone();
    let name = if ahead.take("constraint") { ahead.name() } else { String::new() };
    let kind = kind(&mut ahead, of)?;
    let not_valid = of.is_none() && ahead.has("not valid");
    let no_inherit = ahead.has("no inherit");
    let not_enforced = ahead.has("not enforced");
    if of.is_none() {
        ahead.until(&[]);
    }
    *words = ahead;
    Some(Constraint { name, kind, not_valid, no_inherit, not_enforced })
}

fn kind(words: &mut Words<'_>, of: Option<&str>) -> Option<ConstraintKind> {
    let own = || of.map(|name| vec![name.to_owned()]);
    if words.take("check") {
        let expression = words.parenthesised();
        return Some(ConstraintKind::Check {
            proves: proves(&expression),
            columns: names(&expression),
            expression: texts(expression.rest().to_vec()),
            of: of.map(str::to_owned),
        });
    }
    if words.take("not null") {
        let column = of.map_or_else(|| words.name(), str::to_owned);
        return Some(ConstraintKind::NotNull { column });
    }
    if words.take("primary key") {
        let (columns, using_index) = key(words);
        return Some(ConstraintKind::Primary { columns: own().unwrap_or(columns), using_index });
    }
    if words.take("unique") {
        words.take_any(&["nulls not distinct", "nulls distinct"]);
        let (columns, using_index) = key(words);
        return Some(ConstraintKind::Unique { columns: own().unwrap_or(columns), using_index });
    }
    if words.take("foreign key") {
        let columns = words.column_names();
        words.take("references");
        return Some(ConstraintKind::Foreign {
            columns,
            parent: words.name(),
            to: words.column_names(),
        });
    }
    if words.take("references") {
        let parent = words.name();
        let to = words.column_names();
        return Some(ConstraintKind::Foreign { columns: own()?, parent, to });
    }
    if words.take("exclude") {
        words.until(&["("]);
        let columns = words.column_names();
        return Some(ConstraintKind::Exclude { columns });
    }
    None
}

fn key(words: &mut Words<'_>) -> (Vec<String>, Option<String>) {
    let columns = words.column_names();
    let using = words.take("using index").then(|| words.name()).filter(|name| !name.is_empty());
    (columns, using)
}

/// The columns that an expression proves not to be null: `c IS NOT NULL`, by itself or with AND.
fn proves(expression: &Words<'_>) -> Vec<String> {
    if expression.has("or") {
        return Vec::new();
    }
    let conjuncts = expression.clone().split("and");
    if let [only] = conjuncts.as_slice()
        && only.peek_is("(")
    {
        return proves(&only.clone().parenthesised());
    }
    conjuncts.iter().flat_map(proves_alone).collect()
}

fn proves_alone(part: &Words<'_>) -> Vec<String> {
    let mut part = part.clone();
    if part.peek_is("(") {
        return proves(&part.parenthesised());
    }
    if part.take("not") {
        let mut inner = part.parenthesised();
        let name = inner.name();
        let is_it = inner.take("is null") && inner.is_empty() && part.is_empty();
        return is_it.then_some(name).into_iter().collect();
    }
    let name = part.name();
    (part.take("is not null") && part.is_empty()).then_some(name).into_iter().collect()
}

pub(super) fn names(expression: &Words<'_>) -> Vec<String> {
    expression.rest().iter().map(|word| word.text.trim_matches('"').to_lowercase()).collect()
}

/// A type in one spelling, and as it is written.
fn both_types(words: &mut Words<'_>) -> (String, String) {
    let mut before = words.clone();
    let written = Words::new(&before.until(COLUMN_CLAUSES)).text();
    (data_type(words), written)
}

/// A type, in one spelling: lower case, one blank between words.
pub(super) fn data_type(words: &mut Words<'_>) -> String {
    let taken = words.until(COLUMN_CLAUSES);
    let mut text = String::new();
    for word in &taken {
        let sign = |c: char| "()[],.%".contains(c);
        if !text.is_empty() && !text.ends_with(sign) && !word.text.starts_with(sign) {
            text.push(' ');
        }
        text.push_str(&word.text.to_lowercase().replace('"', ""));
    }
    text.trim_start_matches("public.").trim_start_matches("pg_catalog.").to_owned()
}

pub(super) fn alter(mut words: Words<'_>) -> Statement {
    if words.peek_is("all") {
        return Statement::Other;
    }
    let if_exists = words.take("if exists");
    let only = words.take("only");
    let table = words.name();
    words.take("*");
    let actions = words.split(",").into_iter().map(action).collect();
    Statement::AlterTable { table, if_exists, only, actions }
}

fn action(mut words: Words<'_>) -> Action {
    if words.take("add") {
        return add(words);
    }
    if words.take("drop constraint") {
        words.take("if exists");
        return Action::DropConstraint { name: words.name(), cascade: words.take("cascade") };
    }
    if words.take("drop") {
        words.take("column");
        words.take("if exists");
        return Action::DropColumn { column: words.name(), cascade: words.take("cascade") };
    }
    if words.take("validate constraint") {
        return Action::ValidateConstraint { name: words.name() };
    }
    if words.take("alter constraint") {
        let name = words.name();
        let not = words.has("not enforced");
        let enforced = words.has("enforced").then_some(!not);
        return Action::AlterConstraint { name, enforced };
    }
    if words.take("alter") {
        words.take("column");
        return alter_column(words);
    }
    if words.take("rename") {
        return rename(words);
    }
    rest(words)
}

fn add(mut words: Words<'_>) -> Action {
    if let Some(constraint) = constraint(&mut words, None) {
        return Action::AddConstraint(constraint);
    }
    words.take("column");
    let if_not_exists = words.take("if not exists");
    Action::AddColumn { column: column(&mut words), if_not_exists }
}

fn alter_column(mut words: Words<'_>) -> Action {
    let column = words.name();
    if words.take("set not null") {
        return Action::SetNotNull { column };
    }
    if words.take("drop not null") {
        return Action::DropNotNull { column };
    }
    if words.take("set default") {
        return Action::SetDefault { column, default: Some(texts(words.until(&[]))) };
    }
    if words.take("drop default") {
        return Action::SetDefault { column, default: None };
    }
    if words.take("set expression") {
        return Action::SetExpression { column };
    }
    if words.take_any(&["set data type", "type"]) {
        let (data_type, written) = both_types(&mut words);
        let collation = if words.take("collate") { words.name() } else { String::new() };
        let using = words.take("using").then(|| texts(words.until(&[])));
        return Action::SetType { column, data_type, written, collation, using };
    }
    if words.take("set statistics") {
        return Action::Statistics;
    }
    if words.take_any(&["set (", "reset"]) {
        return Action::Parameter;
    }
    Action::ColumnCatalogue
}

fn rename(mut words: Words<'_>) -> Action {
    if words.take("to") {
        return Action::RenameTo { name: words.name() };
    }
    let constraint = words.take("constraint");
    words.take("column");
    let from = words.name();
    words.take("to");
    let to = words.name();
    if constraint {
        Action::RenameConstraint { name: from, to }
    } else {
        Action::RenameColumn { column: from, to }
    }
}

fn rest(mut words: Words<'_>) -> Action {
    if words.take("attach partition") {
        let partition = words.name();
        return Action::AttachPartition { partition, bound: texts(words.until(&[])) };
    }
    if words.take("detach partition") {
        let partition = words.name();
        let (concurrently, finalize) = (words.take("concurrently"), words.take("finalize"));
        return Action::DetachPartition { partition, concurrently, finalize };
    }
    if words.take("set schema") {
        return Action::SetSchema { schema: words.name() };
    }
    let logged = words.take("set logged");
    if logged || words.take("set unlogged") {
        return Action::SetLogged { logged };
    }
    if words.take("set access method") {
        return Action::SetAccessMethod { method: words.name() };
    }
    if words.take("set tablespace") {
        return Action::SetTablespace { tablespace: words.name() };
    }
    if words.take_any(&["cluster on", "set without cluster"]) {
        return Action::Parameter;
    }
    if words.take_any(&["set", "reset"]) && words.peek_is("(") {
        return parameters(&words.parenthesised());
    }
    if words.take("inherit") {
        return Action::Inherit { parent: words.name(), not: false };
    }
    if words.take("no inherit") {
        return Action::Inherit { parent: words.name(), not: true };
    }
    let fires = words.take("enable") && !words.take("replica");
    words.take_any(&["disable", "always"]);
    if !words.take("trigger") {
        return Action::Catalogue;
    }
    let all = words.peek_is("all") || words.peek_is("user");
    Action::Trigger { name: (!all).then(|| words.name()), fires }
}

/// Storage parameters, a few of which change plans and take the strongest lock (`relOpts`).
pub(super) fn parameters(parameters: &Words<'_>) -> Action {
    const STRONG: &[&str] = &[
        "user_catalog_table",
        "security_barrier",
        "security_invoker",
        "check_option",
        "fastupdate",
        "buffering",
        "pages_per_range",
        "autosummarize",
        "gin_pending_list_limit",
    ];
    let names = names(parameters);
    if names.iter().any(|name| STRONG.contains(&name.as_str())) {
        return Action::Catalogue;
    }
    Action::Parameter
}

pub(super) fn texts(words: Vec<Word>) -> Vec<String> {
    words.into_iter().map(|word| word.text).collect()
}
