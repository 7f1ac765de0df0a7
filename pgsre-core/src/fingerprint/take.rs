//! Taking a fingerprint: one snapshot, shared by all sessions that read.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use futures::future::join_all;
use tokio_util::sync::CancellationToken;

use super::error::FingerprintErrorKind;
use super::{
    Fingerprint, FingerprintError, Gap, Level, ObjectPrint, SequencePrint, Taken, inventory,
};
use crate::postgres::{Database, PostgresError, PostgresErrorKind, Snapshot};
use attempt::Refusal;
use hashing::Closeness;
use large_objects::LargeObjects;
use plan::{Division, Plan};
use reading::{Answer, Reader};
use relations::{Oid, Table};

mod attempt;
mod differing;
mod hashing;
mod large_objects;
mod locks;
mod plan;
mod reading;
mod relations;
mod request;
mod sequences;
mod settings;
mod sum;

pub use differing::{RowChange, RowDifference, differing_rows};
pub use request::{FingerprintEvent, FingerprintObserver, FingerprintRequest, Unobserved};

/// The oldest server that a fingerprint can be taken of.
const OLDEST: u32 = 13;

/// The version of the shape and of the hashes.
const SCHEMA: u32 = 1;

/// The longest wait of a further session for a lock: what it does not get, the first one reads,
/// which has all locks.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

const TAKEN: &str = "\
    SELECT (extract(epoch FROM now()) * 1000000)::int8, pg_is_in_recovery(), \
           (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() \
                 ELSE pg_current_wal_insert_lsn() END)::text, \
           current_database()::text";

impl Fingerprint {
    /// Looks at `database` as the request says.
    ///
    /// What a table holds is compared as text in the database's encoding, byte by byte, whatever the
    /// settings of the role or the database. Values that a dump does not have are left out: those of
    /// generated columns, of foreign tables, of materialised views.
    ///
    /// # Errors
    /// Where the server is older than 13, the snapshot is not there, or the connection breaks. What
    /// cannot be read of one object is a [`Gap`] and spoils nothing else.
    ///
    /// Cancelling `cancel` stops the server's statements and leaves nothing; so does dropping the
    /// future, within seconds from PostgreSQL 14 on.
    pub async fn take(
        database: &Database,
        request: &FingerprintRequest,
        observer: &dyn FingerprintObserver,
        cancel: &CancellationToken,
    ) -> Result<Self, FingerprintError> {
        let version = database.version();
        if version.major() < OLDEST {
            let context = format!("cannot take a fingerprint of PostgreSQL {version}");
            return Err(FingerprintError::new(FingerprintErrorKind::Unsupported, context));
        }
        // The end of one session ends them all.
        let cancel = cancel.child_token();
        let taking = Taking { database, request, observer, cancel: &cancel };
        taking.run().await
    }
}

/// A fingerprint under way.
#[derive(Debug)]
struct Taking<'a> {
    database: &'a Database,
    request: &'a FingerprintRequest,
    observer: &'a dyn FingerprintObserver,
    cancel: &'a CancellationToken,
}

/// What is known before any content is read.
#[derive(Debug)]
struct Outline {
    taken: Taken,
    database: String,
    tables: Vec<Table>,
    /// Those that nothing keeps as they are until they are read.
    unlocked: HashSet<Oid>,
    sequences: Vec<SequencePrint>,
    large_objects: LargeObjects,
    plan: Plan,
    gaps: Vec<Gap>,
}

type Inventory = (Vec<ObjectPrint>, Vec<Gap>);

impl<'a> Taking<'a> {
    async fn run(&self) -> Result<Fingerprint, FingerprintError> {
        let first = self.open().await?;
        let mut outline = self.outline(&first).await?;
        let ((objects, gaps), mut answers) = self.read(&first, &outline.plan).await?;
        outline.gaps.extend(gaps);
        let changed = locks::changed(&first, &outline.tables, &outline.unlocked).await?;
        refuse(&mut answers, &outline.tables, &changed);
        let sums = sum::up(&outline.tables, &answers, self.closeness());
        first.close().await;
        outline.gaps.extend(sums.gaps);
        for gap in &outline.gaps {
            self.observer.on_event(&FingerprintEvent::Gap(gap.clone()));
        }
        let mut large_objects = outline.large_objects.print;
        sums.large_objects.tell(&mut large_objects, self.closeness());
        Ok(Fingerprint {
            schema: SCHEMA,
            level: self.request.level,
            sample_one_in: match self.closeness() {
                Closeness::Sample(one_in) => Some(one_in),
                _ => None,
            },
            database: outline.database,
            taken: outline.taken,
            objects,
            tables: sums.tables,
            sequences: outline.sequences,
            large_objects,
            gaps: outline.gaps,
        })
    }

    async fn open(&self) -> Result<Snapshot<'a>, FingerprintError> {
        let snapshot = match &self.request.snapshot {
            Some(id) => {
                Snapshot::import(self.database, id, self.cancel).await.map_err(no_snapshot)?
            }
            None => Snapshot::open(self.database, self.cancel).await?,
        };
        settings::apply(&snapshot, self.request, self.database.version()).await?;
        Ok(snapshot)
    }

    /// Sequences come first: no snapshot holds them, and a dump that begins later may then only be
    /// ahead of us. Then the locks, without which a snapshot does not hold what `TRUNCATE` removes.
    async fn outline(&self, snapshot: &Snapshot<'_>) -> Result<Outline, FingerprintError> {
        let (taken, database) = self.taken(snapshot).await?;
        let relations = relations::read(snapshot).await?;
        let (sequences, mut gaps) = sequences::read(snapshot, &relations.sequences).await?;
        let tables = relations.tables;
        let readable = readable(&tables, &taken, &mut gaps);
        let looked = locks::look(snapshot, &readable).await?;
        gaps.extend(looked.gaps);
        let (large_objects, gap) = large_objects::look(snapshot).await?;
        gaps.extend(gap);
        let plan = plan::lay_out(&tables, &looked.sizes, &large_objects, self.division());
        self.observer.on_event(&FingerprintEvent::Planned {
            tables: looked.sizes.len() as u64,
            bytes: plan.bytes(),
        });
        let unlocked = looked.unlocked;
        Ok(Outline { taken, database, tables, unlocked, sequences, large_objects, plan, gaps })
    }

    async fn taken(&self, snapshot: &Snapshot<'_>) -> Result<(Taken, String), FingerprintError> {
        let what = "read the state of the server";
        let rows = snapshot.rows(what, TAKEN, &[]).await?;
        let Some(row) = rows.first() else {
            let kind = FingerprintErrorKind::Postgres(PostgresErrorKind::Protocol);
            return Err(FingerprintError::new(kind, format!("cannot {what}: no answer")));
        };
        let column = |error| FingerprintError::from(PostgresError::from(error));
        let taken = Taken {
            at: jiff::Timestamp::from_microsecond(row.try_get(0).map_err(column)?)
                .unwrap_or_default(),
            server_version_num: self.database.version().num(),
            lsn: row.try_get(2).map_err(column)?,
            standby: row.try_get(1).map_err(column)?,
        };
        Ok((taken, row.try_get(3).map_err(column)?))
    }

    fn closeness(&self) -> Closeness {
        match self.request.level {
            Level::Counts => Closeness::Count,
            Level::Sample => Closeness::Sample(self.request.sample_one_in.max(1)),
            Level::Content => Closeness::Whole,
        }
    }

    fn division(&self) -> Division {
        Division {
            closeness: self.closeness(),
            part_bytes: self.request.part_bytes,
            by_blocks: self.database.version().major() >= 14,
        }
    }

    /// The definitions over the first session, the contents over all of them.
    async fn read<'p>(
        &self,
        first: &Snapshot<'_>,
        plan: &'p Plan,
    ) -> Result<(Inventory, Vec<Answer<'p>>), FingerprintError> {
        let (next, further) = (AtomicUsize::new(0), self.request.jobs.max(1) - 1);
        let further = further.min(plan.steps.len().saturating_sub(1));
        let id = if further > 0 { first.export().await? } else { String::new() };
        let reader = Reader {
            plan,
            next: &next,
            observer: self.observer,
            pause: self.request.pause,
            cancel: self.cancel,
        };
        let own = self.or_stop(self.read_first(first, &reader));
        let helpers = join_all((0..further).map(|_| self.or_stop(self.help(&id, &reader))));
        let (own, helped) = futures::join!(own, helpers);
        let (inventory, mut answers) = all(own, helped)?;
        answers = again(first, &reader, answers).await?;
        Ok((inventory, answers))
    }

    async fn read_first<'p>(
        &self,
        first: &Snapshot<'_>,
        reader: &Reader<'_, 'p>,
    ) -> Result<(Inventory, Vec<Answer<'p>>), FingerprintError> {
        let inventory = inventory::read(first, self.database.version()).await?;
        let objects = inventory.0.len() as u64;
        self.observer.on_event(&FingerprintEvent::Inventory { objects });
        settings::apply_to_contents(first).await?;
        Ok((inventory, reader.work(first).await?))
    }

    /// A further session at the same snapshot. Where the server has no room for one more, the others
    /// do without.
    async fn help<'p>(
        &self,
        id: &str,
        reader: &Reader<'_, 'p>,
    ) -> Result<Vec<Answer<'p>>, FingerprintError> {
        let snapshot = match Snapshot::import(self.database, id, self.cancel).await {
            Ok(snapshot) => snapshot,
            Err(error) if error.sqlstate().is_some_and(|state| state.code() == "53300") => {
                tracing::warn!("the server has no room for another session; reading with fewer");
                return Ok(Vec::new());
            }
            Err(error) => return Err(error.into()),
        };
        let lock_timeout = self.request.lock_timeout.min(LOCK_TIMEOUT);
        let request = FingerprintRequest { lock_timeout, ..self.request.clone() };
        settings::apply(&snapshot, &request, self.database.version()).await?;
        settings::apply_to_contents(&snapshot).await?;
        let answers = reader.work(&snapshot).await?;
        snapshot.close().await;
        Ok(answers)
    }

    /// An error stops the other sessions.
    async fn or_stop<T>(
        &self,
        session: impl Future<Output = Result<T, FingerprintError>>,
    ) -> Result<T, FingerprintError> {
        session.await.inspect_err(|_| self.cancel.cancel())
    }
}

/// What all sessions read, or the error that came first: not one of those that it stopped.
fn all<'p, T>(
    own: Result<(T, Vec<Answer<'p>>), FingerprintError>,
    helped: Vec<Result<Vec<Answer<'p>>, FingerprintError>>,
) -> Result<(T, Vec<Answer<'p>>), FingerprintError> {
    let (own, mut errors) = match own {
        Ok(own) => (Some(own), Vec::new()),
        Err(error) => (None, vec![error]),
    };
    let mut more = Vec::new();
    for helped in helped {
        match helped {
            Ok(answers) => more.extend(answers),
            Err(error) => errors.push(error),
        }
    }
    errors.sort_by_key(|error| error.kind() == FingerprintErrorKind::Cancelled);
    match (own, errors.into_iter().next()) {
        (_, Some(error)) => Err(error),
        (Some((found, mut answers)), None) => {
            answers.extend(more);
            Ok((found, answers))
        }
        // Without the first session's answer there is its error.
        (None, None) => Err(FingerprintError::new(FingerprintErrorKind::Cancelled, "cancelled")),
    }
}

/// The parts that a further session got no lock for are read by the first one, which has it already:
/// somebody who waits for a stronger one is no longer in the way.
async fn again<'p>(
    first: &Snapshot<'_>,
    reader: &Reader<'_, 'p>,
    answers: Vec<Answer<'p>>,
) -> Result<Vec<Answer<'p>>, FingerprintError> {
    let is_lock = |answer: &Answer<'_>| answer.1.as_ref().is_err_and(|refusal| refusal.is_lock);
    let (waiting, mut answers): (Vec<_>, Vec<_>) = answers.into_iter().partition(is_lock);
    for (part, _) in waiting {
        answers.extend(reader.read(first, &[part]).await?);
    }
    Ok(answers)
}

/// Takes back what was read of tables that were changed meanwhile.
fn refuse(answers: &mut [Answer<'_>], tables: &[Table], changed: &HashMap<Oid, Refusal>) {
    for (part, answer) in answers {
        let plan::Subject::Table(at) = part.subject else { continue };
        if let Some(refusal) = tables.get(at).and_then(|table| changed.get(&table.oid)) {
            *answer = Err(refusal.clone());
        }
    }
}

/// The tables that store rows and let themselves be read here.
fn readable<'t>(tables: &'t [Table], taken: &Taken, gaps: &mut Vec<Gap>) -> Vec<&'t Table> {
    let (hidden, readable): (Vec<_>, Vec<_>) = tables
        .iter()
        .filter(|table| !table.is_partitioned)
        .partition(|table| taken.standby && table.is_unlogged);
    gaps.extend(hidden.iter().map(|table| Gap {
        subject: format!("table {}", table.name),
        why: "an unlogged table has no rows on a standby".to_owned(),
    }));
    readable
}

fn no_snapshot(error: PostgresError) -> FingerprintError {
    const WRONG: [&str; 3] = ["22023", "42704", "0A000"];
    if !error.sqlstate().is_some_and(|state| WRONG.contains(&state.code())) {
        return error.into();
    }
    FingerprintError::new(FingerprintErrorKind::NoSnapshot, "cannot look at the snapshot")
        .with_cause(error)
}
