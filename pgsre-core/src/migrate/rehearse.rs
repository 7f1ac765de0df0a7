//! A migration tried on a restored copy, as it is and by its plan, with what each statement did.
//!
//! The copy itself is not touched: both runs work in databases made from it as a template, which are
//! dropped in the end. It must be one that nobody else is connected to, on a server where databases may
//! be made, as that of a drill.

use std::collections::BTreeSet;
use std::time::SystemTime;

use tokio_util::sync::CancellationToken;

use super::backfill::Change;
use super::lint::Linter;
use super::parse::parse;
use super::plan::{PLAN_SCHEMA, Plan, Step, Work};
use super::schema::Schema;
use super::statement::Statement;
use crate::fingerprint::{
    Fingerprint, FingerprintError, FingerprintRequest, Level, ObjectKind, ObjectPrint, Unobserved,
};
use crate::postgres::{Database, PostgresError};
use copies::Copies;
use expected::Works;
use measure::{Measuring, Unit};

mod copies;
mod expected;
mod load;
mod measure;
mod report;

pub use load::{Latency, Load, LoadSeen};
pub use report::{
    Expected, HeldLock, Measured, REHEARSAL_SCHEMA, RehearsalReport, Run, TableSize, Undo,
    UndoOutcome,
};

/// A migration to rehearse.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    of: Subject,
    load: Option<Load>,
    production: Option<Schema>,
}

#[derive(Clone, Debug)]
enum Subject {
    File { path: String, text: String },
    Plan(Plan),
}

/// Why a rehearsal could not be held. That the migration fails is no error: the report says it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each says itself what it is")]
pub enum RehearsalError {
    #[error("cannot rehearse on the copy")]
    Postgres(#[from] PostgresError),
    #[error("cannot compare the ends of the two runs")]
    Fingerprint(#[from] FingerprintError),
    #[error("{0}")]
    Plan(String),
    #[error("{0}")]
    Load(String),
    #[error("the rehearsal was interrupted")]
    Interrupted,
}

impl Rehearsal {
    /// Of a migration file.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self::of(Subject::File { path: path.into(), text: text.into() })
    }

    /// Of a plan by itself: the file that it was made from is not run.
    #[must_use]
    pub fn of_plan(plan: Plan) -> Self {
        Self::of(Subject::Plan(plan))
    }

    fn of(subject: Subject) -> Self {
        Self { of: subject, load: None, production: None }
    }

    /// While others work on the copy: what they see is part of the report. Bytes of the write-ahead log,
    /// rows' sizes and times are then those of both.
    #[must_use]
    pub fn with_load(self, load: Load) -> Self {
        Self { load: Some(load), ..self }
    }

    /// With what each statement would take where tables have the sizes of this schema, which was
    /// [read](Schema::read) from production.
    #[must_use]
    pub fn expecting(self, production: Schema) -> Self {
        Self { production: Some(production), ..self }
    }

    /// Runs the file and its plan, each in a copy of its own, and compares how they end.
    ///
    /// # Errors
    /// Where the copies cannot be made or looked at. They are dropped then too.
    pub async fn run(
        &self,
        restored: &Database,
        cancel: &CancellationToken,
    ) -> Result<RehearsalReport, RehearsalError> {
        let mut copies = Copies::of(restored).await?;
        let report = cancel.run_until_cancelled(self.rehearse(restored, &mut copies, cancel)).await;
        let dropped = copies.drop_all().await;
        let report = report.unwrap_or(Err(RehearsalError::Interrupted))?;
        dropped?;
        Ok(report)
    }

    /// Runs the units, under the load where there is one.
    async fn measured(&self, copy: &Database, units: &[Unit]) -> Result<Run, RehearsalError> {
        let Some(load) = &self.load else {
            return Ok(Measuring::open(copy).await?.run(units).await?);
        };
        let working = load.start(copy).await?;
        let begun = SystemTime::now();
        let stop = CancellationToken::new();
        let running = async {
            let run = async { Measuring::open(copy).await?.run(units).await }.await;
            stop.cancel();
            run
        };
        let (run, most_blocked) = tokio::join!(running, working.most_blocked(&stop));
        let over = SystemTime::now();
        let mut run = run?;
        run.load = Some(working.finish([begun, over], most_blocked?).await?);
        Ok(run)
    }

    /// Says what the statements would take in production, and what that stands on.
    fn expect(
        &self,
        copy: &Schema,
        version: u32,
        direct: Option<&mut Run>,
        planned: &mut Run,
    ) -> Vec<String> {
        let Some(production) = &self.production else { return Vec::new() };
        let mut unknown = BTreeSet::new();
        for run in direct.into_iter().chain([planned]) {
            let mut works = Works::new(copy.clone(), production, version);
            works.expect(&mut run.statements);
            unknown.append(&mut works.unknown);
        }
        assumptions(self.load.as_ref(), &unknown)
    }

    async fn rehearse(
        &self,
        restored: &Database,
        copies: &mut Copies,
        cancel: &CancellationToken,
    ) -> Result<RehearsalReport, RehearsalError> {
        let version = restored.version().major();
        let schema = Schema::read(restored, cancel).await?;
        let (plan, direct) = match &self.of {
            Subject::Plan(plan) => (checked(plan, version)?, None),
            Subject::File { path, text } => {
                let mut linter = Linter::with_schema(version, schema.clone());
                let plan = linter.plan(path, text);
                let predicted = linter.file(path, text);
                let at_once = copies.make("at_once").await?;
                let mut run = self.measured(&at_once, &statements(text)).await?;
                run.compare(&predicted, text);
                (plan, Some((run, objects(&at_once, cancel).await?)))
            }
        };
        let before = objects(restored, cancel).await?;
        let by_plan = copies.make("by_plan").await?;
        let mut planned = self.measured(&by_plan, &steps(&plan)).await?;
        let end = objects(&by_plan, cancel).await?;
        let undo = match planned.failure {
            Some(_) => None,
            None => Some(undo(&plan, &by_plan, &before, cancel).await?),
        };
        let mut direct = direct;
        let assumptions =
            self.expect(&schema, version, direct.as_mut().map(|(run, _)| run), &mut planned);
        let differences =
            direct.as_ref().map_or_else(Vec::new, |(_, ended)| differences(ended, &end));
        Ok(RehearsalReport {
            schema: REHEARSAL_SCHEMA,
            source: plan.source.clone(),
            server_version: version,
            direct: direct.map(|(run, _)| run),
            planned,
            differences,
            undo,
            assumptions,
            plan,
        })
    }
}

/// What the times in production stand on.
fn assumptions(load: Option<&Load>, unknown: &BTreeSet<String>) -> Vec<String> {
    let busy = match load {
        None => "nobody else works on the server",
        Some(_) => "others work on the server as the load's script did",
    };
    let mut assumptions = vec![
        "what works through a table takes as much longer as the table is larger, and n·log n where it sorts".to_owned(),
        "the server is as fast as that of the rehearsal, and its caches are as warm".to_owned(),
        busy.to_owned(),
    ];
    assumptions.extend(unknown.iter().map(|table| {
        format!("{table}: its size is not known in both places, so that nothing is said of it")
    }));
    assumptions
}

/// A plan that can be run on a server of this version.
fn checked(plan: &Plan, version: u32) -> Result<Plan, RehearsalError> {
    if !plan.is_intact() || plan.schema != PLAN_SCHEMA {
        let what = format!("the plan of {} was changed after it was made", plan.source);
        return Err(RehearsalError::Plan(what));
    }
    if plan.server_version != version {
        return Err(RehearsalError::Plan(format!(
            "the plan is for PostgreSQL {}, and the copy is on {version}: plan it again",
            plan.server_version
        )));
    }
    Ok(plan.clone())
}

/// The file's statements; those between BEGIN and COMMIT as one unit.
fn statements(file: &str) -> Vec<Unit> {
    let (mut units, mut open): (Vec<Unit>, Option<Unit>) = (Vec::new(), None);
    for located in parse(file) {
        let text = file.get(located.range.clone()).unwrap_or_default().to_owned();
        match located.statement {
            Statement::Begin => open = Some(Unit::transaction(Vec::new())),
            Statement::Commit => units.extend(open.take()),
            _ => match &mut open {
                Some(unit) => unit.statements.push(text),
                None => units.push(Unit::of_file(text)),
            },
        }
    }
    units.extend(open);
    units
}

fn steps(plan: &Plan) -> Vec<Unit> {
    let unit = |step: &Step| match &step.work {
        Work::Transaction { statements } => {
            Some(Unit::transaction(statements.clone()).patient(step.lock_timeout_ms))
        }
        Work::Alone { statement, .. } => Some(Unit::alone(statement.clone())),
        Work::Backfill { table, set, condition } => {
            Some(Unit::backfill(Change::of_step(table, set, condition.as_deref())))
        }
        Work::Deploy { .. } => None,
    };
    plan.steps.iter().filter_map(unit).collect()
}

async fn objects(
    database: &Database,
    cancel: &CancellationToken,
) -> Result<Vec<ObjectPrint>, FingerprintError> {
    let request = FingerprintRequest { level: Level::Counts, ..FingerprintRequest::default() };
    let fingerprint = Fingerprint::take(database, &request, &Unobserved, cancel).await?;
    let mut objects = fingerprint.objects;
    // The copies have names of their own.
    objects.retain(|object| object.kind != ObjectKind::Database);
    Ok(objects)
}

/// The objects that only one of the two has, or that are not the same in both.
fn differences(one: &[ObjectPrint], other: &[ObjectPrint]) -> Vec<String> {
    let lacking = |from: &[ObjectPrint], of: &[ObjectPrint]| {
        let missing = of.iter().filter(|object| !from.contains(object));
        missing.map(|object| format!("{} {}", object.kind, object.name)).collect::<BTreeSet<_>>()
    };
    lacking(one, other).union(&lacking(other, one)).cloned().collect()
}

/// Takes the steps back, from the last, as far as there is a way.
async fn undo(
    plan: &Plan,
    database: &Database,
    before: &[ObjectPrint],
    cancel: &CancellationToken,
) -> Result<Undo, RehearsalError> {
    let session = database.session().await?;
    for step in plan.steps.iter().rev() {
        let Some(undo) = &step.undo else {
            return Ok(Undo {
                outcome: UndoOutcome::NoWayBack,
                step: Some(step.number),
                differences: Vec::new(),
            });
        };
        for sql in undo {
            if let Err(error) = session.batch_execute(sql).await {
                let why = measure::told(&error);
                let outcome = UndoOutcome::Failed;
                return Ok(Undo { outcome, step: Some(step.number), differences: vec![why] });
            }
        }
    }
    session.close().await;
    let differences = differences(before, &objects(database, cancel).await?);
    let outcome = if differences.is_empty() { UndoOutcome::Restored } else { UndoOutcome::Differs };
    Ok(Undo { outcome, step: None, differences })
}
