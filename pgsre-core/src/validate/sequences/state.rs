//! Where each sequence stands.

use std::collections::HashMap;

use super::super::ValidatorError;
use super::super::catalogue::{Oid, Relation, RelationKind, Relations};
use crate::postgres::Snapshot;

const PARAMETERS: &str = "SELECT seqrelid::int8, seqincrement, seqcycle FROM pg_sequence";

/// A sequence's state can only be read from itself; so many at a time.
const AT_ONCE: usize = 100;

/// A sequence's state.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    pub(super) last_value: i64,
    pub(super) is_called: bool,
    pub(super) increment: i64,
    pub(super) cycles: bool,
}

impl State {
    /// The value that `nextval` answers next; it may lie outside of the sequence's own bounds.
    pub(super) fn next(&self) -> i128 {
        self.next_after(self.last_value, self.is_called)
    }

    /// The same after a `setval`.
    pub(super) fn next_after(&self, value: i64, is_called: bool) -> i128 {
        i128::from(value) + if is_called { i128::from(self.increment) } else { 0 }
    }

    pub(super) fn ascends(&self) -> bool {
        self.increment > 0
    }
}

/// The state of every sequence.
pub(super) async fn read(
    snapshot: &Snapshot<'_>,
    relations: &Relations,
) -> Result<HashMap<Oid, State>, ValidatorError> {
    let parameters = snapshot.rows("read the sequences' parameters", PARAMETERS, &[]).await?;
    let parameters: HashMap<Oid, (i64, bool)> =
        parameters.iter().map(|row| (row.get(0), (row.get(1), row.get(2)))).collect();
    let sequences: Vec<&Relation> =
        relations.iter().filter(|relation| relation.kind == RelationKind::Sequence).collect();
    let mut states = HashMap::with_capacity(sequences.len());
    for some in sequences.chunks(AT_ONCE) {
        for row in snapshot.rows("read the sequences", &positions(some), &[]).await? {
            let oid: Oid = row.get(0);
            let Some((increment, cycles)) = parameters.get(&oid).copied() else { continue };
            let state = State { last_value: row.get(1), is_called: row.get(2), increment, cycles };
            states.insert(oid, state);
        }
    }
    Ok(states)
}

fn positions(sequences: &[&Relation]) -> String {
    let queries: Vec<_> = sequences
        .iter()
        .map(|s| format!("SELECT {}::int8, last_value, is_called FROM {}", s.oid, s.quoted()))
        .collect();
    queries.join(" UNION ALL ")
}
