//! `pgsre fingerprint`: what a database holds.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use pgsre_core::Fingerprint;
use pgsre_core::fingerprint::{
    Comparison, Difference, DifferenceKind, FingerprintError, FingerprintErrorKind,
    FingerprintRequest, RowDifference, compare, differing_rows,
};
use pgsre_core::postgres::{Database, PostgresError};
use serde::Serialize;

use crate::args::{FingerprintArgs, Format, LookArgs};
use crate::command::drill::assemble;
use crate::config::Secret;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::interrupt::Interrupt;
use crate::render::progress::FingerprintProgress;
use crate::render::{human, json};
use attach::Attachment;
use other::Other;

mod attach;
pub(super) mod other;

/// The JSON of a comparison.
#[derive(Serialize)]
struct Compared<'a> {
    schema: u32,
    equal: bool,
    #[serde(flatten)]
    comparison: &'a Comparison,
    /// By table; with `--rows` only.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    rows: BTreeMap<String, Vec<RowDifference>>,
}

pub(crate) async fn run(args: &FingerprintArgs, face: &Face) -> Result<u8, CommandError> {
    let other = args.compare.as_deref().map(Other::parse).transpose()?;
    let attachment = Attachment::find(args).await?;
    let interrupt = Interrupt::watch(face, Arc::new(|| None));
    let command = Command { args, face, interrupt: &interrupt };
    match command.run(other, attachment).await {
        Err(_) if interrupt.happened() => Ok(exit_code::INTERRUPTED),
        ended => ended,
    }
}

struct Command<'a> {
    args: &'a FingerprintArgs,
    face: &'a Face,
    interrupt: &'a Interrupt,
}

impl Command<'_> {
    async fn run(
        &self,
        other: Option<Other>,
        attachment: Option<Attachment>,
    ) -> Result<u8, CommandError> {
        let request = request(&self.args.look, other.as_ref().and_then(Other::fingerprint));
        let database = connect("URL", &Secret::new(self.args.url.as_str())).await?;
        let begin = Instant::now();
        let found = self.take(&database, &request, "").await?;
        let seconds = begin.elapsed().as_secs_f64();
        if let Some(path) = &self.args.output {
            write(path, &found)?;
        }
        if let Some(attachment) = attachment {
            let key = attachment.attach(&found).await?;
            self.face.note(&format!("wrote {key}"));
        }
        match other {
            Some(other) => self.compare(other, &database, &found, &request).await,
            None => self.show(&found, seconds),
        }
    }

    async fn take(
        &self,
        database: &Database,
        request: &FingerprintRequest,
        label: &str,
    ) -> Result<Fingerprint, CommandError> {
        let progress = FingerprintProgress::new(self.face, label);
        let taken = Fingerprint::take(database, request, &progress, self.interrupt.token()).await;
        taken.map_err(failed)
    }

    fn show(&self, print: &Fingerprint, seconds: f64) -> Result<u8, CommandError> {
        self.face.print(&match self.args.format {
            Format::Human => human::fingerprint(self.face, print, seconds),
            Format::Json => json::object(print)?,
        })?;
        Ok(if print.gaps.is_empty() { exit_code::PASSED } else { exit_code::INCONCLUSIVE })
    }

    async fn compare(
        &self,
        other: Other,
        database: &Database,
        found: &Fingerprint,
        request: &FingerprintRequest,
    ) -> Result<u8, CommandError> {
        let name = other.to_string();
        let mut rows = BTreeMap::new();
        let comparison = match other {
            Other::File { databases, path } => {
                if self.args.rows.is_some() {
                    return Err(CommandError::usage(
                        "--rows needs another database to compare with",
                    )
                    .with_hint("a fingerprint holds no rows: give --compare postgres://…"));
                }
                compare(&other::of_database(databases, found, &path)?, found)
            }
            Other::Database(url) => {
                let other = connect("--compare", &url).await?;
                let request = FingerprintRequest { snapshot: None, ..request.clone() };
                let comparison = compare(&self.take(&other, &request, "other").await?, found);
                rows = self.rows(&other, database, &comparison).await?;
                comparison
            }
        };
        let equal = comparison.is_equal();
        self.face.print(&match self.args.format {
            Format::Human => {
                human::comparison(self.face, &name, &comparison)
                    + &human::rows_that_differ(self.face, &rows)
            }
            Format::Json => {
                json::object(&Compared { schema: 1, equal, comparison: &comparison, rows })?
            }
        })?;
        Ok(match (equal, comparison.unproved.is_empty()) {
            (false, _) => exit_code::FAILED,
            (true, false) => exit_code::INCONCLUSIVE,
            (true, true) => exit_code::PASSED,
        })
    }
}

impl Command<'_> {
    /// The rows that differ, where they are asked for, of each table whose contents do.
    async fn rows(
        &self,
        expected: &Database,
        found: &Database,
        comparison: &Comparison,
    ) -> Result<BTreeMap<String, Vec<RowDifference>>, CommandError> {
        let mut rows = BTreeMap::new();
        let Some(most) = self.args.rows.map(usize::from) else { return Ok(rows) };
        let contents = |difference: &&Difference| difference.kind == DifferenceKind::Contents;
        for difference in comparison.differences.iter().filter(contents) {
            let table = &difference.subject;
            let cancel = self.interrupt.token();
            let differing = differing_rows(expected, found, table, most, cancel).await;
            if let Some(differing) = differing.map_err(failed)? {
                rows.insert(table.clone(), differing);
            }
        }
        Ok(rows)
    }
}

/// What the arguments ask for; how closely an earlier fingerprint looked, where they do not say.
fn request(look: &LookArgs, earlier: Option<&Fingerprint>) -> FingerprintRequest {
    let usual = FingerprintRequest::default();
    let one_in = earlier.and_then(|earlier| earlier.sample_one_in);
    FingerprintRequest {
        level: look
            .level
            .map(Into::into)
            .or(earlier.map(|earlier| earlier.level))
            .unwrap_or(usual.level),
        jobs: look.jobs.map_or(usual.jobs, usize::from),
        snapshot: look.snapshot.clone(),
        sample_one_in: look.one_in.or(one_in).unwrap_or(usual.sample_one_in),
        parallel_workers: look.parallel_workers.map_or(usual.parallel_workers, u32::from),
        lock_timeout: look.lock_timeout.unwrap_or(usual.lock_timeout),
        pause: look.pause.unwrap_or(usual.pause),
        ..usual
    }
}

async fn connect(what: &str, url: &Secret) -> Result<Database, CommandError> {
    Database::connect(assemble::connection(what, url)?).await.map_err(|error: PostgresError| {
        let hint = error.hint();
        CommandError::inconclusive("cannot connect to the database")
            .with_hint(hint)
            .with_cause(error)
    })
}

fn failed(error: FingerprintError) -> CommandError {
    let (hint, context) = (error.hint(), "no fingerprint could be taken");
    let failed = match error.kind() {
        FingerprintErrorKind::NoSnapshot => CommandError::usage(context),
        _ => CommandError::inconclusive(context),
    };
    failed.with_hint(hint).with_cause(error)
}

fn write(path: &Path, print: &Fingerprint) -> Result<(), CommandError> {
    std::fs::write(path, json::object(print)?).map_err(|error| {
        CommandError::usage(format!("cannot write {}", path.display())).with_cause(error)
    })
}
