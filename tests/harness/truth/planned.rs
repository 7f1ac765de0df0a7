//! A plan, run step by step, beside the change that it was made of.

use std::collections::BTreeSet;
use std::path::Path;

use pgsre_core::fingerprint::{Fingerprint, FingerprintRequest, Level, ObjectKind, Unobserved};
use pgsre_core::migrate::{Assignment, Linter, Lock, Plan, Schema, Step, Work, parse};
use tokio_util::sync::CancellationToken;

use super::corpus::{Case, Group};
use super::session::Session;
use super::within::{Run, observe};
use super::{Mode, Truth, apart};
use crate::harness::server::Server;

/// What became of the plans of a group.
#[derive(Debug, Default)]
pub struct Planned {
    /// Plans whose steps were all run.
    pub plans: u32,
    /// Of these, those that say of no step that no safe form of it is known.
    pub safe: u32,
    /// The steps of all.
    pub steps: u32,
    /// What is wrong with them, one line each.
    pub complaints: Vec<String>,
}

/// A server with the group's database.
#[derive(Debug)]
pub struct Stage<'a> {
    server: &'a Server,
    group: &'a Group,
    version: u32,
    copies: u32,
    live: bool,
}

impl<'a> Stage<'a> {
    /// Makes the group's database. Plans are made of its live schema, or of the replayed one.
    pub fn of(server: &'a Server, group: &'a Group, version: u32, live: bool) -> Self {
        server.create(&group.name, "", group.schema.as_bytes());
        Self { server, group, version, copies: 0, live }
    }

    /// Runs a case's change in one copy and its plan in another, and compares the two.
    pub async fn judge(&mut self, case: &Case, result: &mut Planned) {
        let plan = self.plan(case).await;
        let direct = self.copy().await;
        let session = Session::connect(self.server, &direct).await;
        if let Err(error) = session.attempt(&case.statement).await {
            result.complaints.push(format!("{}: {error:?}", case.statement.trim()));
            return;
        }
        let planned = self.copy().await;
        let before = result.complaints.len();
        for step in &plan.steps {
            result.steps += 1;
            let wrong = self.step(step, &planned).await;
            result.complaints.extend(wrong);
        }
        let expected = contents(self.server, &direct, &case.statement).await;
        let found = contents(self.server, &planned, &case.statement).await;
        let missing = expected.iter().filter(|one| !found.contains(one));
        let more = found.iter().filter(|one| !expected.contains(one));
        let missing = missing.map(|one| format!("missing in the end: {one}"));
        let more = more.map(|one| format!("too much in the end: {one}"));
        result.complaints.extend(missing.chain(more));
        result.complaints.extend(self.undo(&plan, &planned).await);
        for complaint in &mut result.complaints[before..] {
            complaint.truncate(complaint.floor_char_boundary(400));
            *complaint = format!("{}\n    {complaint}", case.statement.trim());
        }
        result.plans += 1;
        result.safe += u32::from(plan.is_safe());
    }

    /// By the replayed schema or by the live one: both must be right.
    async fn plan(&self, case: &Case) -> Plan {
        if !self.live {
            let mut linter = Linter::new(self.version);
            linter.file("schema", &self.group.schema);
            return linter.plan("change", &case.statement);
        }
        let database = self.server.connect(&self.group.name).await;
        let schema = Schema::read(&database, &CancellationToken::new()).await.expect("a schema");
        database.close();
        Linter::with_schema(self.version, schema).plan("change", &case.statement)
    }

    /// Runs a step, and says what is wrong with what was said of it.
    async fn step(&self, step: &Step, database: &str) -> Vec<String> {
        let truth = match &step.work {
            Work::Transaction { statements } => {
                let mut session = Session::connect(self.server, database).await;
                let how = Run { commit: true, ..Run::default() };
                observe(&mut session, &statements.join(";\n"), how).await
            }
            Work::Alone { statement, .. } => apart::observe(self.server, database, statement).await,
            Work::Backfill { table, set, condition } => {
                let sql = update(table, set, condition.as_deref());
                let session = Session::connect(self.server, database).await;
                session.run(&sql).await;
                return Vec::new();
            }
            Work::Deploy { .. } => return Vec::new(),
        };
        match truth {
            Ok(truth) => complaints(step, &truth),
            Err(error) => vec![format!("step {}: {error}: {:?}", step.number, step.work)],
        }
    }

    /// Takes a plan back, where each of its steps has a way back, and says what is not as it was.
    async fn undo(&self, plan: &Plan, database: &str) -> Vec<String> {
        let Some(undo) =
            plan.steps.iter().map(|step| step.undo.clone()).collect::<Option<Vec<_>>>()
        else {
            return Vec::new();
        };
        let statements = undo.into_iter().rev().flatten().collect();
        let mut wrong = run_all(self.server, database, statements).await;
        let objects = |lines: Vec<String>| {
            lines.into_iter().filter(|line| !line.starts_with("rows of ")).collect::<Vec<_>>()
        };
        let before = objects(contents(self.server, &self.group.name, "random").await);
        let after = objects(contents(self.server, database, "random").await);
        let missing = before.iter().filter(|one| !after.contains(one));
        wrong.extend(missing.map(|one| format!("taken back, but missing: {one}")));
        let more = after.iter().filter(|one| !before.contains(one));
        wrong.extend(more.map(|one| format!("taken back, but there: {one}")));
        wrong
    }

    async fn copy(&mut self) -> String {
        self.copies += 1;
        let (name, number) = (&self.group.name, self.copies);
        let session = Session::connect(self.server, "postgres").await;
        session.run(&format!("create database {name}_{number} template {name}")).await;
        format!("{name}_{number}")
    }
}

fn complaints(step: &Step, truth: &Truth) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(failure) = &truth.failure {
        wrong.push(format!("step {} fails: {failure}", step.number));
    }
    if truth.harms() && step.caution.is_none() {
        wrong.push(format!("step {} harms: {truth:?}: {:?}", step.number, step.work));
    }
    let of_rows = step.caution.as_deref().is_some_and(|why| why.starts_with("changes every row"));
    if !truth.harms() && step.caution.is_some() && !of_rows && truth.failure.is_none() {
        wrong.push(format!(
            "step {} harms nobody: {:?}: {:?}",
            step.number, step.caution, step.work
        ));
    }
    let said = |object: &String| step.locks.iter().find(|lock| lock.object == *object);
    let mode = |lock: &Lock| Mode::parse(&format!("{:?}", lock.mode));
    for (object, lock) in truth.locks.iter().filter(|(object, _)| !truth.implied.contains(*object))
    {
        if said(object).and_then(mode) != Some(*lock) {
            wrong.push(format!("step {} locks {object} {lock}: {:?}", step.number, step.locks));
        }
    }
    wrong
}

/// Every object and every row of a database, one line each.
async fn contents(server: &Server, database: &str, statement: &str) -> Vec<String> {
    let request = FingerprintRequest { level: Level::Counts, ..FingerprintRequest::default() };
    let cancel = CancellationToken::new();
    let connected = server.connect(database).await;
    let fingerprint = Fingerprint::take(&connected, &request, &Unobserved, &cancel).await;
    let objects = fingerprint.expect("a fingerprint").objects.into_iter();
    let objects = objects.filter(|one| one.kind != ObjectKind::Database);
    let mut lines: Vec<String> =
        objects.map(|one| format!("{} {}: {}", one.kind, one.name, one.definition)).collect();
    let by_chance = ["random", "clock"].iter().any(|word| statement.contains(word));
    if !by_chance {
        let session = Session::connect(server, database).await;
        let tables = "select c.oid::regclass::text from pg_class c where c.relkind in ('r', 'm') \
                      and c.relnamespace::regnamespace::text in ('public', 'shop') order by 1";
        for table in session.rows(tables).await.into_iter().flatten().flatten() {
            let rows = format!("select to_jsonb(t)::text from {table} t order by 1");
            let rows = session.rows(&rows).await.into_iter().flatten().flatten();
            lines.push(format!("rows of {table}: {}", rows.collect::<Vec<_>>().join(" ")));
        }
    }
    lines
}

/// Replays the files twice in their order, in one database as they are and in another by their plans,
/// and says where the two differ, each difference once.
pub async fn replay(server: &Server, version: u32, files: &[&Path]) -> Vec<String> {
    server.create("direct", "", b"");
    server.create("planned", "", b"");
    let mut linter = Linter::new(version);
    let (mut told, mut differing) = (BTreeSet::new(), Vec::new());
    for file in files {
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        let path = file.display().to_string();
        let plan = linter.plan(&path, &text);
        linter.file(&path, &text);
        let at_once = parse(&text).into_iter().map(|located| text[located.range].to_owned());
        // What the server would not have by itself says nothing of its plan.
        run_all(server, "direct", at_once.collect()).await;
        let steps = plan.steps.iter().flat_map(|step| statements(&step.work)).collect();
        let failed = run_all(server, "planned", steps).await;
        let differences = differences(server, "random").await;
        let new: Vec<String> =
            differences.iter().filter(|one| !told.contains(*one)).map(one_line).collect();
        if !new.is_empty() {
            let (new, failed) = (new.join("\n  "), failed.join("\n  failed: "));
            differing.push(format!("{path}\n  {new}\n  failed: {failed}"));
        }
        told.extend(differences);
    }
    differing
}

/// Runs statements one by one, and says which the server would not have.
async fn run_all(server: &Server, database: &str, statements: Vec<String>) -> Vec<String> {
    let session = Session::connect(server, database).await;
    let mut failed = Vec::new();
    for sql in statements {
        if let Err(error) = session.attempt(&sql).await {
            let why = error.as_db_error().map_or("", |it| it.message());
            failed.push(one_line(format!("{why}: {sql}")));
        }
    }
    failed
}

fn one_line(text: impl AsRef<str>) -> String {
    let mut line = text.as_ref().split_whitespace().collect::<Vec<_>>().join(" ");
    line.truncate(line.floor_char_boundary(300));
    line
}

/// What the two databases of a replay do not have in common.
async fn differences(server: &Server, statement: &str) -> Vec<String> {
    let expected = contents(server, "direct", statement).await;
    let found = contents(server, "planned", statement).await;
    let missing = expected.iter().filter(|one| !found.contains(one));
    let more = found.iter().filter(|one| !expected.contains(one));
    let missing = missing.map(|one| format!("missing {one}"));
    missing.chain(more.map(|one| format!("more {one}"))).collect()
}

fn statements(work: &Work) -> Vec<String> {
    match work {
        Work::Transaction { statements } => statements.clone(),
        Work::Alone { statement, .. } => vec![statement.clone()],
        Work::Backfill { table, set, condition } => {
            vec![update(table, set, condition.as_deref())]
        }
        Work::Deploy { .. } => Vec::new(),
    }
}

/// A backfill in one statement.
fn update(table: &str, set: &[Assignment], condition: Option<&str>) -> String {
    let set: Vec<String> =
        set.iter().map(|one| format!("{} = {}", one.column, one.expression)).collect();
    format!("update {table} set {} where {}", set.join(", "), condition.unwrap_or("true"))
}
