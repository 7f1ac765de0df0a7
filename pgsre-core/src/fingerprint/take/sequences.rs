//! Where each sequence stands.

use tokio_util::sync::CancellationToken;

use super::super::{Fingerprint, FingerprintError, Gap, SequencePrint, SequenceState};
use super::attempt::{self, Attempt};
use super::relations;
use crate::postgres::{Database, PostgresError, Snapshot};

/// A sequence's state can only be read from itself; so many at a time.
const AT_ONCE: usize = 100;

/// The states of these sequences, and why those of some could not be read.
pub(super) async fn read(
    snapshot: &Snapshot<'_>,
    sequences: &[String],
) -> Result<(Vec<SequencePrint>, Vec<Gap>), FingerprintError> {
    let (mut prints, mut gaps) = (Vec::with_capacity(sequences.len()), Vec::new());
    for some in sequences.chunks(AT_ONCE) {
        match read_some(snapshot, some).await? {
            Attempt::Done(read) => prints.extend(read),
            Attempt::Refused(_) => {
                for sequence in some {
                    match read_some(snapshot, std::slice::from_ref(sequence)).await? {
                        Attempt::Done(read) => prints.extend(read),
                        Attempt::Refused(refusal) => {
                            gaps.push(refusal.gap(format!("sequence {sequence}")));
                        }
                    }
                }
            }
        }
    }
    Ok((prints, gaps))
}

async fn read_some(
    snapshot: &Snapshot<'_>,
    sequences: &[String],
) -> Result<Attempt<Vec<SequencePrint>>, FingerprintError> {
    let what = "read the sequences";
    attempt::run(snapshot, async {
        let rows = snapshot.rows(what, &states(sequences), &[]).await?;
        let mut prints = Vec::with_capacity(rows.len());
        for row in rows {
            let at: i64 = row.try_get(0)?;
            let Some(sequence) = usize::try_from(at).ok().and_then(|at| sequences.get(at)) else {
                continue;
            };
            let state = SequenceState { last_value: row.try_get(1)?, is_called: row.try_get(2)? };
            prints.push(SequencePrint { name: sequence.clone(), state, later: None });
        }
        Ok::<_, PostgresError>(prints)
    })
    .await
}

fn states(sequences: &[String]) -> String {
    let queries: Vec<_> = sequences
        .iter()
        .enumerate()
        .map(|(at, s)| format!("SELECT {at}::int8, last_value, is_called FROM {s}"))
        .collect();
    queries.join(" UNION ALL ")
}

impl Fingerprint {
    /// Reads the sequences once more, when the dump that was made in the fingerprint's snapshot is
    /// complete: a sequence that moved meanwhile gets its [`later`](SequencePrint::later) state,
    /// since it is no part of a snapshot.
    ///
    /// # Errors
    /// Where the connection breaks; `Cancelled`. A sequence that cannot be read any more keeps the
    /// state that it had.
    pub async fn look_at_sequences_again(
        &mut self,
        database: &Database,
        cancel: &CancellationToken,
    ) -> Result<(), FingerprintError> {
        let snapshot = Snapshot::open(database, cancel).await?;
        snapshot.execute("set up the session", "SET LOCAL quote_all_identifiers = off").await?;
        let relations = relations::read(&snapshot).await?;
        let (now, _) = read(&snapshot, &relations.sequences).await?;
        snapshot.close().await;
        for sequence in &mut self.sequences {
            let moved = now.iter().find(|other| other.name == sequence.name);
            sequence.later = moved.map(|now| now.state).filter(|state| *state != sequence.state);
        }
        Ok(())
    }
}
