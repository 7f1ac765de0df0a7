//! Sequences stand where the archive put them, and in front of their columns.

use std::collections::HashMap;

use async_trait::async_trait;

use super::catalogue::{Oid, Relation, RelationKind, Relations};
use super::{Validation, ValidationContext, Validator, ValidatorError};
use crate::archive::{Declaration, ObjectName};
use crate::finding::{Finding, FindingCode};
use crate::postgres::Snapshot;
use crate::restore::{DatabaseLoad, SequenceSet};

mod feed;
mod state;

use feed::Feed;
use state::State;

/// No sequence would hand out a value that its column already holds, and each stands exactly where
/// the archive's `setval` put it.
///
/// A sequence is judged where an identity or a plain `nextval` default feeds an integer column from
/// it. One that cycles is left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequences;

#[async_trait]
impl Validator for Sequences {
    fn name(&self) -> &str {
        "sequences"
    }

    async fn validate(&self, cx: &ValidationContext<'_>) -> Result<Validation, ValidatorError> {
        let snapshot = Snapshot::open(cx.restored, cx.cancel).await?;
        let relations = Relations::read(&snapshot).await?;
        let states = state::read(&snapshot, &relations).await?;
        let mut validation = Validation::of_optional(states.len() as u64);
        let set = latest_sets(&relations, cx.load);
        check_sets(&relations, &states, &set, cx, &mut validation);

        let behind = feed::behind(&snapshot, &relations, &states).await?;
        check_unset(&relations, &behind, &set, cx, &mut validation);
        let live = match cx.live {
            Some(live) if !behind.is_empty() => Some(Live::read(live, cx).await?),
            _ => None,
        };
        for feed in &behind {
            let Some(sequence) = relations.get(feed.sequence) else { continue };
            let judgement = Judgement {
                set: set.get(&sequence.oid).copied(),
                declared: is_declared(cx.load, sequence),
                live: live.as_ref().and_then(|live| live.is_behind(sequence)),
            };
            judgement.report(feed, sequence, states.get(&sequence.oid), cx, &mut validation);
        }
        Ok(validation)
    }
}

/// The last `setval` of each sequence that is there.
fn latest_sets<'a>(relations: &Relations, load: &'a DatabaseLoad) -> HashMap<Oid, &'a SequenceSet> {
    let mut latest = HashMap::new();
    for set in &load.sequences {
        let mut named = relations.named(&set.sequence).filter(|r| r.kind == RelationKind::Sequence);
        // A name without a schema that may mean several sequences says nothing about either.
        if let (Some(sequence), None) = (named.next(), named.next()) {
            latest.insert(sequence.oid, set);
        }
    }
    latest
}

/// Compares each sequence with the archive's own `setval`.
fn check_sets(
    relations: &Relations,
    states: &HashMap<Oid, State>,
    sets: &HashMap<Oid, &SequenceSet>,
    cx: &ValidationContext<'_>,
    validation: &mut Validation,
) {
    for (oid, set) in sets {
        let (Some(sequence), Some(state)) = (relations.get(*oid), states.get(oid)) else {
            continue;
        };
        if (state.last_value, state.is_called) == (set.value, set.is_called) {
            continue;
        }
        let message = format!(
            "the archive sets the sequence to {}, it stands at {}",
            position(set.value, set.is_called),
            position(state.last_value, state.is_called),
        );
        let finding = Finding::critical(FindingCode::SequenceBehind, sequence.to_string(), message)
            .with_hint("look for its rejected setval in the report");
        // Refreshing a materialized view may have moved it on, which harms nobody.
        let next_as_set = state.next_after(set.value, set.is_called);
        let moved_on =
            if state.ascends() { state.next() >= next_as_set } else { state.next() <= next_as_set };
        if moved_on {
            let severity = crate::finding::Severity::Warning;
            validation.findings.push(Finding { severity, ..finding });
        } else {
            validation.report(finding, cx.is_untrailed() || cx.environment_failed());
        }
    }
}

/// `pg_dump` writes a `setval` for each sequence whose data it dumps: one without has lost its value,
/// or was excluded on purpose. One that is behind its column is reported for that.
fn check_unset(
    relations: &Relations,
    behind: &[Feed],
    sets: &HashMap<Oid, &SequenceSet>,
    cx: &ValidationContext<'_>,
    validation: &mut Validation,
) {
    let holds_data = !cx.load.tables.is_empty() || !cx.load.sequences.is_empty();
    if !holds_data || cx.is_untrailed() {
        return;
    }
    for declared in cx.load.declared.iter().filter(|declared| !declared.excused) {
        let Declaration::Sequence(name) = &declared.object else { continue };
        let mut named = relations.named(name).filter(|r| r.kind == RelationKind::Sequence);
        let (Some(sequence), None) = (named.next(), named.next()) else { continue };
        let reported = behind.iter().any(|feed| feed.sequence == sequence.oid);
        if !reported && !sets.contains_key(&sequence.oid) {
            let message =
                "the archive does not say where the sequence stood: its setval is missing";
            let finding =
                Finding::warning(FindingCode::SequenceBehind, sequence.to_string(), message);
            validation.doubt(finding.with_hint("compare with the source's sequence"));
        }
    }
}

/// What is known about a sequence that is behind.
#[derive(Debug)]
struct Judgement<'a> {
    set: Option<&'a SequenceSet>,
    declared: bool,
    /// Whether it is behind in the live database; `None` where that is not known.
    live: Option<bool>,
}

impl Judgement<'_> {
    fn report(
        &self,
        feed: &Feed,
        sequence: &Relation,
        state: Option<&State>,
        cx: &ValidationContext<'_>,
        validation: &mut Validation,
    ) {
        let Some(state) = state else { return };
        let (why, severity) = self.weigh(state, cx);
        let finding = Finding::critical(
            FindingCode::SequenceBehind,
            sequence.to_string(),
            format!(
                "the sequence would hand out {} next, but {} already holds {}: {why}",
                state.next(),
                feed.column,
                feed.extreme,
            ),
        )
        .with_hint(format!("after a restore, run setval for {sequence}"));
        match severity {
            Weight::Damage => validation.report(finding, cx.environment_failed()),
            Weight::Doubt => validation.doubt(finding),
            Weight::AsInSource => validation
                .findings
                .push(Finding { severity: crate::finding::Severity::Warning, ..finding }),
        }
    }

    fn weigh(&self, state: &State, cx: &ValidationContext<'_>) -> (&'static str, Weight) {
        let as_set =
            |set: &SequenceSet| (set.value, set.is_called) == (state.last_value, state.is_called);
        match (self.set, self.live) {
            (_, Some(true)) => ("it is behind in the live database too", Weight::AsInSource),
            (_, Some(false)) => ("in the live database it is not behind", Weight::Damage),
            (None, None) if self.declared && !cx.is_untrailed() => {
                ("the archive has no setval for it", Weight::Damage)
            }
            (Some(set), None) if !as_set(set) => {
                ("it is not where the archive's setval put it", Weight::Damage)
            }
            (Some(_), None) => (
                "the archive's own setval puts it there, as the source may have had it",
                Weight::Doubt,
            ),
            (None, None) => ("nothing in the archive sets it", Weight::Doubt),
        }
    }
}

/// How a sequence that is behind weighs.
#[derive(Debug)]
enum Weight {
    Damage,
    Doubt,
    AsInSource,
}

fn is_declared(load: &DatabaseLoad, sequence: &Relation) -> bool {
    load.declared.iter().any(|declared| {
        matches!(&declared.object, Declaration::Sequence(ObjectName { schema, name })
            if *name == sequence.name && schema.as_ref().is_none_or(|s| *s == sequence.schema))
    })
}

fn position(value: i64, is_called: bool) -> String {
    if is_called { value.to_string() } else { format!("{value} (not yet handed out)") }
}

/// The sequences of the live database.
#[derive(Debug)]
struct Live {
    relations: Relations,
    behind: Vec<Oid>,
}

impl Live {
    async fn read(
        database: &crate::postgres::Database,
        cx: &ValidationContext<'_>,
    ) -> Result<Self, ValidatorError> {
        let snapshot = Snapshot::open(database, cx.cancel).await?;
        let relations = Relations::read(&snapshot).await?;
        let states = state::read(&snapshot, &relations).await?;
        let behind = feed::behind(&snapshot, &relations, &states).await?;
        Ok(Self { relations, behind: behind.into_iter().map(|feed| feed.sequence).collect() })
    }

    fn is_behind(&self, sequence: &Relation) -> Option<bool> {
        let live = self
            .relations
            .iter()
            .find(|live| live.schema == sequence.schema && live.name == sequence.name)?;
        Some(self.behind.contains(&live.oid))
    }
}

#[cfg(test)]
mod tests;
