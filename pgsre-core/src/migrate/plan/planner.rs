//! Statements turned into steps one after the other, each upon the schema that those before it left.

use std::collections::BTreeSet;

use super::super::facts::Facts;
use super::super::lint::{Lines, Lock};
use super::super::parse::parse;
use super::super::schema::Schema;
use super::super::statement::{Action, Located, Statement};
use super::alter_table::Target;
use super::source::{beside, sql_name};
use super::{Plan, Step, Work};

/// How long a step waits for a lock: everybody who comes later waits behind it as long.
const LOCK_TIMEOUT_MS: u64 = 2_000;

/// How long a change of the catalogue may take, its wait for the lock included.
const STATEMENT_TIMEOUT_MS: u64 = 10_000;

/// A plan in the making.
#[derive(Debug)]
pub(in super::super) struct Planner<'a> {
    pub(super) version: u32,
    /// As the steps so far leave it.
    pub(super) schema: Schema,
    text: &'a str,
    lines: Lines<'a>,
    /// The line of the statement that is planned.
    line: usize,
    /// Columns that the file declares NOT NULL at some place, each with its table.
    required: BTreeSet<(String, String)>,
    steps: Vec<Step>,
}

/// What a step says of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    pub(super) title: String,
    pub(super) undo: Option<Vec<String>>,
    /// What to do instead, where the step harms.
    pub(super) instead: String,
    /// How it harms, where its facts do not say so.
    pub(super) harm: Option<&'static str>,
}

impl About {
    /// A step that this takes back.
    pub(super) fn undone_by(title: impl Into<String>, undo: impl Into<String>) -> Self {
        Self { title: title.into(), undo: Some(vec![undo.into()]), ..Self::default() }
    }

    /// A step that leaves nothing to take back.
    pub(super) fn harmless(title: impl Into<String>) -> Self {
        Self { title: title.into(), undo: Some(Vec::new()), ..Self::default() }
    }

    /// A step that cannot be taken back.
    pub(super) fn final_step(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    pub(super) fn instead(self, instead: &str) -> Self {
        Self { instead: instead.to_owned(), ..self }
    }
}

impl<'a> Planner<'a> {
    pub(in super::super) fn new(version: u32, schema: Schema, text: &'a str) -> Self {
        Self {
            version,
            schema,
            text,
            lines: Lines::of(text),
            line: 1,
            required: BTreeSet::new(),
            steps: Vec::new(),
        }
    }

    pub(in super::super) fn plan(mut self, path: &str) -> Plan {
        let parsed = parse(self.text);
        self.required = parsed.iter().flat_map(|located| required(&located.statement)).collect();
        for located in parsed {
            self.line = self.lines.place(located.range.start).0;
            self.statement(&located);
            self.release_writers(&located.statement);
        }
        Plan::new(path, self.text, self.version, self.steps)
    }

    /// A column without a default that will be NOT NULL: applications must write it before the rows are
    /// filled, or some are missed.
    fn release_writers(&mut self, statement: &Statement) {
        let Statement::AlterTable { table, actions, .. } = statement else { return };
        if self.schema.is_new(table) {
            return;
        }
        for action in actions {
            if let Action::AddColumn { column, .. } = action
                && column.default.is_none()
                && !column.not_null
                && self.required.contains(&(table.clone(), column.name.clone()))
            {
                let (table, column) = (sql_name(table), sql_name(&column.name));
                self.deploy(format!(
                    "Release applications that write {table}.{column} in every row."
                ));
            }
        }
    }

    fn statement(&mut self, located: &Located) {
        match &located.statement {
            // Each step is a transaction of its own, under time-outs of its own.
            Statement::Begin | Statement::Commit | Statement::SetLockTimeout { .. } => {}
            Statement::AlterTable { .. } => self.alter_table(located),
            Statement::CreateIndex { .. } => self.create_index(located),
            Statement::DropIndex { concurrently: false, .. } => self.drop_index(located),
            Statement::Reindex { .. } => self.reindex(located),
            Statement::ChangeRows { .. } => self.change_rows(located),
            Statement::RefreshMaterializedView { .. } => self.refresh(located),
            Statement::DropTable { .. } => self.drop_table(located),
            _ => self.as_it_is(located),
        }
    }

    /// What the file says at a statement.
    pub(super) fn source(&self, located: &Located) -> &'a str {
        self.text.get(located.range.clone()).unwrap_or_default()
    }

    /// A statement that needs no other form, or for which none is known.
    pub(super) fn as_it_is(&mut self, located: &Located) {
        let sql = self.source(located).to_owned();
        let facts = Facts::of(&located.statement, &self.schema, self.version);
        let undo = self.undo_of(&located.statement);
        let title = first_line(&sql);
        let instead = match &located.statement {
            Statement::Vacuum { full: true, .. } | Statement::Cluster { .. } => {
                "Write the table anew online, with pg_repack or pg_squeeze"
            }
            _ => "",
        };
        if facts.refuses_transactions {
            let index = match &located.statement {
                Statement::CreateIndex { name, table, .. } if !name.is_empty() => {
                    Some(sql_name(&beside(table, name)))
                }
                _ => None,
            };
            let about = About { title, undo, ..About::default() }.instead(instead);
            return self.step(about, Work::Alone { statement: sql, index });
        }
        let is_dynamic =
            || self.schema.unfolded(&located.statement).is_some_and(|body| body.dynamic);
        let harm = match &located.statement {
            Statement::Unparsed { .. } => Some("what it does is not known: it was not understood"),
            _ if is_dynamic() => Some("what EXECUTE runs in it cannot be known from the file"),
            _ => None,
        };
        if facts.locks.is_empty() && harm.is_none() && self.goes_on(&sql, undo.as_deref()) {
            self.schema.apply(&located.statement);
            return;
        }
        let about = About { title, undo, harm, instead: instead.to_owned() };
        self.transaction(about, vec![sql]);
    }

    /// Puts a statement that nobody waits for behind others of that kind.
    fn goes_on(&mut self, sql: &str, undo: Option<&[String]>) -> bool {
        let Some(last) = self.steps.last_mut() else { return false };
        let Work::Transaction { statements } = &mut last.work else { return false };
        if !last.locks.is_empty() || last.caution.is_some() {
            return false;
        }
        statements.push(sql.to_owned());
        last.title = format!("{} statements that nobody waits for", statements.len());
        last.undo = undo
            .zip(last.undo.take())
            .map(|(undo, before)| undo.iter().cloned().chain(before).collect());
        true
    }

    /// What takes a statement back; none where that cannot be said.
    fn undo_of(&self, statement: &Statement) -> Option<Vec<String>> {
        let one = |sql: String| Some(vec![sql]);
        match statement {
            Statement::CreateTable(table) if !table.if_not_exists => {
                one(format!("DROP TABLE {}", sql_name(&table.name)))
            }
            Statement::CreateIndex { name, table, if_not_exists: false, columns, .. } => {
                let name = match name.as_str() {
                    "" => self.schema.name_of_index(table, columns),
                    name => beside(table, name),
                };
                one(format!("DROP INDEX {}", sql_name(&name)))
            }
            Statement::CreateView { name, or_replace: false, .. } => {
                one(format!("DROP VIEW {}", sql_name(name)))
            }
            Statement::CreateMaterializedView { name, .. } => {
                one(format!("DROP MATERIALIZED VIEW {}", sql_name(name)))
            }
            Statement::CreateTrigger { name, table, .. } => {
                one(format!("DROP TRIGGER {} ON {}", sql_name(name), sql_name(table)))
            }
            Statement::AlterTable { table, only: false, actions, .. } => {
                let target = Target::of(table);
                let undo = actions.iter().rev().map(|action| self.undo(&target, action));
                undo.collect::<Option<Vec<_>>>().map(|all| all.concat())
            }
            Statement::Analyze { .. } => Some(Vec::new()),
            _ => None,
        }
    }

    /// What an action does by itself.
    pub(super) fn facts_of(&self, target: &Target, action: &Action) -> Facts {
        let statement = Statement::AlterTable {
            table: target.name.clone(),
            if_exists: false,
            only: target.only,
            actions: vec![action.clone()],
        };
        Facts::of(&statement, &self.schema, self.version)
    }

    /// Statements in one transaction.
    pub(super) fn transaction(&mut self, about: About, statements: Vec<String>) {
        self.step(about, Work::Transaction { statements });
    }

    pub(super) fn step(&mut self, about: About, work: Work) {
        let facts = self.run(&work);
        let harm = harm(&facts).or_else(|| about.harm.map(str::to_owned));
        let caution = harm.map(|harm| match about.instead.as_str() {
            "" => harm,
            instead => format!("{harm}. {instead}"),
        });
        let alone = matches!(work, Work::Alone { .. });
        let works = !facts.scans.is_empty() || caution.is_some();
        self.steps.push(Step {
            number: u32::try_from(self.steps.len() + 1).unwrap_or(u32::MAX),
            title: about.title,
            line: self.line,
            lock_timeout_ms: (!alone).then_some(LOCK_TIMEOUT_MS),
            statement_timeout_ms: (!alone && !works).then_some(STATEMENT_TIMEOUT_MS),
            locks: facts.locks.into_iter().map(|(object, mode)| Lock { object, mode }).collect(),
            undo: about.undo,
            caution,
            work,
        });
    }

    /// What the statements of a step do together, one upon the other.
    fn run(&mut self, work: &Work) -> Facts {
        let mut facts = Facts::default();
        let statements = match work {
            Work::Transaction { statements } => statements.as_slice(),
            Work::Alone { statement, .. } => std::slice::from_ref(statement),
            Work::Backfill { .. } | Work::Deploy { .. } => &[],
        };
        for located in statements.iter().flat_map(|sql| parse(sql)) {
            facts.join(Facts::of(&located.statement, &self.schema, self.version));
            self.schema.apply(&located.statement);
        }
        facts
    }
}

/// The columns that a statement declares NOT NULL, each with its table.
fn required(statement: &Statement) -> Vec<(String, String)> {
    let Statement::AlterTable { table, actions, .. } = statement else { return Vec::new() };
    let columns = actions.iter().filter_map(|action| match action {
        Action::SetNotNull { column } => Some((table.clone(), column.clone())),
        _ => None,
    });
    columns.collect()
}

/// What is done under a lock that stops writes.
pub(super) fn harm(facts: &Facts) -> Option<String> {
    let mode = |table: &&String| facts.locks.get(*table).filter(|mode| mode.blocks_writes());
    let under = |tables: &BTreeSet<String>, what: &str| {
        let table = tables.iter().find(|table| mode(table).is_some())?;
        let mode = mode(&table)?;
        let who = if mode.blocks_reads() { "reads and writes wait" } else { "writes wait" };
        Some(format!("{what} {table} under {mode:?}: {who} until it is done"))
    };
    let failure =
        || facts.fails_on_rows.first().map(|why| format!("fails on a table with rows: {why}"));
    under(&facts.rewrites, "writes every row of")
        .or_else(|| under(&facts.index_builds, "builds an index on"))
        .or_else(|| under(&facts.scans, "reads every row of"))
        .or_else(failure)
}

pub(super) fn first_line(sql: &str) -> String {
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(72) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
