//! Physical soundness: amcheck on every table and every B-tree.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::{Validation, ValidationContext, Validator, ValidatorError};
use crate::finding::{Finding, FindingCode};
use crate::postgres::{Session, quote_literal};

mod extension;
mod relations;
#[cfg(test)]
mod tests;

use extension::Amcheck;
use relations::{Storage, StorageKind};

/// Findings of one code that are told one by one.
const FINDINGS: usize = 20;

/// Relations left out that are named.
const NAMED: usize = 5;

/// The least that the budget is, however short the restore was.
const LEAST: Duration = Duration::from_secs(30);

/// Every table's pages and every B-tree of the restored database are sound, as amcheck sees it: the
/// pages hold what they say, and each index has an entry for each row of its table.
///
/// It takes a quarter of the time that the restore took, and 30 seconds at least; the smallest
/// relations come first, and what time is not enough for is named. Where amcheck cannot be had,
/// nothing is covered, which is said and says nothing about the backup.
#[derive(Clone, Copy, Debug)]
pub struct PhysicalSoundness {
    /// The part of the restore's time that the check may take.
    share: f64,
    least: Duration,
}

impl Default for PhysicalSoundness {
    fn default() -> Self {
        Self { share: 0.25, least: LEAST }
    }
}

impl PhysicalSoundness {
    /// With another budget: a share of the time that the restore took, and at least this long.
    #[must_use]
    pub fn within(share: f64, least: Duration) -> Self {
        Self { share, least }
    }

    fn budget(&self, restore_seconds: f64) -> Duration {
        let share = Duration::try_from_secs_f64(restore_seconds * self.share);
        share.unwrap_or(self.least).max(self.least)
    }
}

#[async_trait]
impl Validator for PhysicalSoundness {
    fn name(&self) -> &str {
        "physical soundness"
    }

    async fn validate(&self, cx: &ValidationContext<'_>) -> Result<Validation, ValidatorError> {
        let deadline = Instant::now() + self.budget(cx.report.seconds);
        let session = connect(cx).await?;
        let storage = relations::read(&session, cx.restored.version().major()).await?;
        let mut validation = Validation::of_optional(0);
        if storage.is_empty() {
            return Ok(validation);
        }
        let amcheck = match Amcheck::find(&session, cx.restored.version().major()).await? {
            Ok(amcheck) => amcheck,
            Err(why) => {
                validation.findings.push(not_covered(&why));
                return Ok(validation);
            }
        };
        let looked = look(&amcheck, storage, deadline, cx).await;
        amcheck.remove(&session).await;
        session.close().await;
        Ok(judge(looked?))
    }
}

async fn connect(cx: &ValidationContext<'_>) -> Result<Session, ValidatorError> {
    cx.restored
        .session()
        .await
        .map_err(|error| ValidatorError::new("connect to look at the storage").with_cause(error))
}

fn not_covered(why: &str) -> Finding {
    Finding::info(
        FindingCode::CoveragePartial,
        "physical soundness",
        format!("not covered: amcheck cannot be used here: {why}"),
    )
    .with_hint("install PostgreSQL's contrib modules where backups are restored")
}

/// What one relation came to.
enum Looked {
    Sound,
    Damaged(String),
    /// The time was not enough.
    Omitted,
    /// The server would not look, for a reason that is no damage.
    Refused(String),
}

/// Looks at all of it, smallest first, over as many sessions as the drill has.
async fn look(
    amcheck: &Amcheck,
    storage: Vec<Storage>,
    deadline: Instant,
    cx: &ValidationContext<'_>,
) -> Result<Vec<(Storage, Looked)>, ValidatorError> {
    let jobs = cx.jobs.clamp(1, storage.len());
    let queue = Mutex::new(storage.into_iter());
    let lanes = (0..jobs).map(|_| lane(amcheck, &queue, deadline, cx));
    let lanes = futures::future::try_join_all(lanes).await?;
    Ok(lanes.into_iter().flatten().collect())
}

async fn lane(
    amcheck: &Amcheck,
    queue: &Mutex<std::vec::IntoIter<Storage>>,
    deadline: Instant,
    cx: &ValidationContext<'_>,
) -> Result<Vec<(Storage, Looked)>, ValidatorError> {
    let session = connect(cx).await?;
    let mut done = Vec::new();
    loop {
        let next = queue.lock().await.next();
        let Some(storage) = next else { break };
        let left = deadline.saturating_duration_since(Instant::now());
        let looked = if left.is_zero() {
            Looked::Omitted
        } else {
            look_at(&session, amcheck, &storage, left).await?
        };
        done.push((storage, looked));
    }
    session.close().await;
    Ok(done)
}

/// Looks at one relation, for as long as is left.
async fn look_at(
    session: &Session,
    amcheck: &Amcheck,
    storage: &Storage,
    left: Duration,
) -> Result<Looked, ValidatorError> {
    let milliseconds = left.as_millis().clamp(1, i32::MAX as u128);
    let query = amcheck.query(storage);
    let asked = async {
        session.batch_execute(&format!("SET statement_timeout = {milliseconds}")).await?;
        session.simple_query(&query).await
    };
    match asked.await {
        Ok(answer) => Ok(answer
            .iter()
            .find_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            })
            .filter(|said| !said.is_empty())
            .map_or(Looked::Sound, Looked::Damaged)),
        Err(error) => refused(error, storage),
    }
}

/// Class XX is damage: data or an index is corrupted, or the server's own assumptions fail.
fn refused(error: tokio_postgres::Error, storage: &Storage) -> Result<Looked, ValidatorError> {
    let Some(answer) = error.as_db_error() else {
        let context = format!("look at {} {}", storage.kind, storage.name);
        return Err(ValidatorError::new(context).with_cause(error));
    };
    let detail = answer.detail().map_or_else(String::new, |detail| format!(" ({detail})"));
    let said = format!("{}{detail}", answer.message());
    Ok(match answer.code().code() {
        "57014" => Looked::Omitted,
        code if code.starts_with("XX") => Looked::Damaged(said),
        _ => Looked::Refused(said),
    })
}

fn judge(looked: Vec<(Storage, Looked)>) -> Validation {
    let total = looked.len();
    let mut validation = Validation::default();
    let mut omitted = Vec::new();
    let mut damaged = 0;
    for (storage, looked) in looked {
        match looked {
            Looked::Sound => validation.examined += 1,
            Looked::Damaged(how) => {
                validation.examined += 1;
                damaged += 1;
                if damaged <= FINDINGS {
                    validation.findings.push(damage(&storage, &how));
                }
            }
            Looked::Omitted => omitted.push(storage),
            Looked::Refused(why) => {
                let said = format!("{} {}: amcheck refused: {why}", storage.kind, storage.name);
                validation.unproved.push(said);
            }
        }
    }
    // What time was not enough for is said, and proves nothing against the backup.
    validation.nothing_to_examine = validation.examined == 0;
    validation.findings.extend(left_out(omitted, total));
    validation
}

fn damage(storage: &Storage, how: &str) -> Finding {
    let (code, hint) = match storage.kind {
        StorageKind::Index => (
            FindingCode::IndexCorrupt,
            "check the disk and the memory of the machine that restores; REINDEX, then drill again",
        ),
        StorageKind::Table => (
            FindingCode::TableCorrupt,
            "check the disk and the memory of the machine that restores, then drill again",
        ),
    };
    Finding::critical(code, &storage.name, how).with_hint(hint)
}

/// Says how much was looked at, and the largest that was not.
fn left_out(mut omitted: Vec<Storage>, total: usize) -> Option<Finding> {
    omitted.sort_by_key(|storage| std::cmp::Reverse(storage.bytes));
    let largest: Vec<_> = omitted.iter().take(NAMED).map(|storage| storage.name.as_str()).collect();
    (!omitted.is_empty()).then(|| {
        let seen = total - omitted.len();
        let message = format!(
            "time was enough for {seen} of {total} tables and indexes; the largest left out: {}",
            largest.join(", ")
        );
        Finding::info(FindingCode::CoveragePartial, "physical soundness", message)
    })
}

/// A call of amcheck on one relation.
fn regclass(storage: &Storage) -> String {
    format!("{}::pg_catalog.oid::pg_catalog.regclass", quote_literal(&storage.oid.to_string()))
}
