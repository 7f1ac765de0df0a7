//! Files judged one after the other.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::facts::{Facts, LockMode};
use super::parse::parse;
use super::plan::{Plan, Planner};
use super::rules::{Context, Kind, RULES, added_foreign_keys};
use super::schema::Schema;
use super::statement::{Located, Statement};
use crate::finding::Severity;
use allowance::Allowances;
use progress::Progress;

pub use baseline::{Baseline, KnownHazard};

mod allowance;
mod baseline;
mod progress;

/// Judges migration files in the order in which they run.
///
/// The schema that earlier files made is known to later ones.
#[derive(Debug)]
pub struct Linter {
    version: u32,
    schema: Schema,
}

/// A file's statements, each with its facts and hazards.
#[derive(Clone, Debug, Serialize)]
pub struct LintedFile {
    /// As it was given.
    pub path: String,
    /// In order; blanks and comments between them are left out.
    pub statements: Vec<LintedStatement>,
}

/// A statement with its facts and hazards. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are those of `Facts` and the place in the file")]
pub struct LintedStatement {
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    /// Its bytes in the file.
    #[serde(skip)]
    pub range: Range<usize>,
    pub locks: Vec<Lock>,
    pub rewrites: Vec<String>,
    pub scans: Vec<String>,
    pub index_builds: Vec<String>,
    pub hazards: Vec<Hazard>,
    /// What was assumed because it is not known.
    pub assumed: Vec<String>,
    /// Why it could not be understood; nothing else is known of it then.
    pub unparsed: Option<String>,
}

/// A lock on an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "a lock's object and mode")]
pub struct Lock {
    pub object: String,
    pub mode: LockMode,
}

/// What a rule says of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hazard {
    /// The rule's name.
    pub rule: &'static str,
    /// Whom it harms.
    pub kind: Kind,
    /// How bad.
    pub severity: Severity,
    /// What happens, for people.
    pub message: String,
    /// The safe form.
    pub fix: &'static str,
}

impl Linter {
    /// For servers of this major version (13 to 18).
    #[must_use]
    pub fn new(version: u32) -> Self {
        Self::with_schema(version, Schema::default())
    }

    /// The same, for migrations that will run on this schema.
    #[must_use]
    pub fn with_schema(version: u32, schema: Schema) -> Self {
        Self { version, schema }
    }

    /// Judges the next file. Each statement is a transaction of its own, but for those between BEGIN
    /// and COMMIT.
    pub fn file(&mut self, path: &str, text: &str) -> LintedFile {
        self.judge(path, text, false)
    }

    /// Judges the next file, which the migration tool runs as one transaction.
    pub fn file_in_transaction(&mut self, path: &str, text: &str) -> LintedFile {
        self.judge(path, text, true)
    }

    /// The next file as steps that stop nobody, as far as such a form is known. The file itself does not
    /// count as run.
    #[must_use]
    pub fn plan(&self, path: &str, text: &str) -> Plan {
        let mut schema = self.schema.clone();
        schema.settle();
        Planner::new(self.version, schema, text).plan(path)
    }

    fn judge(&mut self, path: &str, text: &str, in_transaction: bool) -> LintedFile {
        self.schema.settle();
        let lines = Lines::of(text);
        let allowances = Allowances::read(text);
        let mut progress = Progress::new(in_transaction);
        let parsed = parse(text);
        progress.end = self.end(&parsed, text);
        let statements = parsed
            .iter()
            .map(|located| self.statement(located, &lines, &allowances, &mut progress))
            .collect();
        LintedFile { path: path.to_owned(), statements }
    }

    /// What the file speaks of, as it is behind its last statement, where a rule asks for it.
    fn end(&self, parsed: &[Located], text: &str) -> Option<Schema> {
        let asks = |Located { statement, .. }: &Located| {
            matches!(statement, Statement::DropView { .. })
                || !added_foreign_keys(statement).1.is_empty()
        };
        parsed.iter().any(asks).then(|| {
            let mut end = self.schema.mentioned_in(text);
            parsed.iter().for_each(|located| end.apply(&located.statement));
            end
        })
    }

    fn statement(
        &mut self,
        located: &Located,
        lines: &Lines<'_>,
        allowances: &Allowances,
        progress: &mut Progress,
    ) -> LintedStatement {
        let statement = &located.statement;
        let facts = Facts::of(statement, &self.schema, self.version);
        let (line, column) = lines.place(located.range.start);
        let (end_line, _) = lines.place(located.range.end.saturating_sub(1));
        let mut hazards = self.hazards(statement, &facts, progress);
        hazards.retain(|hazard| !allowances.allow(hazard.rule, line, end_line));
        progress.follow(statement, &facts);
        self.schema.apply(statement);
        LintedStatement {
            line,
            column,
            end_line,
            range: located.range.clone(),
            locks: facts.locks.into_iter().map(|(object, mode)| Lock { object, mode }).collect(),
            rewrites: facts.rewrites.into_iter().collect(),
            scans: facts.scans.into_iter().collect(),
            index_builds: facts.index_builds.into_iter().collect(),
            hazards,
            assumed: facts.assumed,
            unparsed: match statement {
                Statement::Unparsed { reason } => Some(reason.clone()),
                _ => None,
            },
        }
    }

    /// Of a statement that runs others, theirs too.
    fn hazards(
        &self,
        statement: &Statement,
        facts: &Facts,
        progress: &mut Progress,
    ) -> Vec<Hazard> {
        let Some(body) = self.schema.unfolded(statement) else {
            return judged(statement, facts, false, &self.schema, progress);
        };
        let mut hazards =
            judged(statement, &Facts::default(), body.dynamic, &self.schema, progress);
        let (mut schema, mut within) = (self.schema.clone(), progress.within());
        for Located { statement, .. } in &body.statements {
            let facts = Facts::of_one(statement, &schema, self.version);
            let more = judged(statement, &facts, false, &schema, &within);
            let unsaid: Vec<Hazard> =
                more.into_iter().filter(|hazard| !hazards.contains(hazard)).collect();
            hazards.extend(unsaid);
            within.follow(statement, &facts);
            schema.apply_one(statement);
        }
        progress.leave(&within);
        hazards
    }
}

fn judged(
    statement: &Statement,
    facts: &Facts,
    dynamic: bool,
    schema: &Schema,
    progress: &Progress,
) -> Vec<Hazard> {
    let context = Context {
        statement,
        facts,
        dynamic,
        schema,
        end: progress.end.as_ref(),
        in_transaction: progress.in_transaction,
        lock_timeout: progress.has_lock_timeout(),
        held: &progress.held,
    };
    RULES.iter().filter_map(|rule| rule.hazard(&context)).collect()
}

/// Where lines begin.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { text, starts: std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect() }
    }

    /// The line and column of a byte, from 1.
    pub(super) fn place(&self, at: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..at).unwrap_or_default();
        (line, before.chars().filter(|c| *c != '\u{feff}').count() + 1)
    }
}

#[cfg(test)]
mod tests;
