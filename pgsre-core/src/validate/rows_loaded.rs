//! Rows sent by the load against rows counted now.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use async_trait::async_trait;

use super::catalogue::{Oid, Relation, RelationKind, Relations};
use super::count::count_rows;
use super::{TablePattern, Validation, ValidationContext, Validator, ValidatorError};
use crate::archive::{Declaration, ObjectName};
use crate::finding::{Finding, FindingCode};
use crate::postgres::Snapshot;
use crate::restore::{DatabaseLoad, TableLoad};

/// Names quoted in a sentence about many tables.
const QUOTED_TABLES: usize = 10;

/// Every table holds exactly the rows that the archive had for it, and the archive had data for
/// every table.
#[derive(Clone, Debug, Default)]
pub struct RowsLoaded {
    expect_empty: Vec<TablePattern>,
}

impl RowsLoaded {
    /// Tables whose data the backup leaves out on purpose (`--exclude-table-data`).
    #[must_use]
    pub fn expect_empty<P: Into<TablePattern>>(
        mut self,
        tables: impl IntoIterator<Item = P>,
    ) -> Self {
        self.expect_empty.extend(tables.into_iter().map(Into::into));
        self
    }
}

#[async_trait]
impl Validator for RowsLoaded {
    fn name(&self) -> &str {
        "rows loaded"
    }

    async fn validate(&self, cx: &ValidationContext<'_>) -> Result<Validation, ValidatorError> {
        let snapshot = Snapshot::open(cx.restored, cx.cancel).await?;
        let relations = Relations::read(&snapshot).await?;
        drop(snapshot);
        let plan = Plan::new(&relations, cx.load);
        let counts = count_rows(cx.restored, cx.cancel, &plan.stored()).await?;

        let mut validation = Validation::sound(plan.groups.len() as u64);
        validation.nothing_to_examine =
            cx.load.tables.is_empty() && !relations.iter().any(Relation::is_own_table);
        for load in &plan.lost {
            validation.report(lost(load), cx.is_untrailed() || cx.environment_failed());
        }
        for group in &plan.groups {
            group.judge(&counts, cx, &mut validation);
        }
        validation.unproved.extend(self.without_data(&plan, &relations, cx));
        if cx.load.row_security {
            validation.unproved.push(
                "the dump was taken with row-level security in force, so rows that its user may \
                 not see are not in it; dump as a superuser, or without --enable-row-security"
                    .to_owned(),
            );
        }
        Ok(validation)
    }
}

impl RowsLoaded {
    /// A sentence about the tables that the archive had no data for.
    fn without_data(
        &self,
        plan: &Plan<'_>,
        relations: &Relations,
        cx: &ValidationContext<'_>,
    ) -> Option<String> {
        // Without the comments of pg_dump, only what the source holds can tell an empty table from
        // one that was left out.
        let traceless = cx.load.inserts && cx.is_untrailed();
        if traceless && cx.live.is_some() {
            return None;
        }
        let announced: HashSet<(Option<&str>, &str)> = cx
            .load
            .empty_tables
            .iter()
            .map(|table| (table.schema.as_deref(), table.name.as_str()))
            .collect();
        let is_announced = |table: &Relation| {
            let (schema, name) = (in_a_comment(&table.schema), in_a_comment(&table.name));
            announced.contains(&(Some(&*schema), &*name))
        };
        let bare: Vec<_> = relations
            .iter()
            .filter(|table| table.kind == RelationKind::Table && !table.of_extension)
            .filter(|table| !plan.covered.contains(&table.oid) && !is_announced(table))
            .filter(|table| {
                !self.expect_empty.iter().any(|empty| empty.matches(&table.schema, &table.name))
            })
            .map(ToString::to_string)
            .collect();
        if bare.is_empty() {
            return None;
        }
        let why = if traceless {
            "INSERT statements leave no trace of an empty table, so they may be empty in the \
             source or missing from the dump"
        } else {
            "left out with --exclude-table-data, --schema-only or --no-unlogged-table-data, or a \
             part of the dump is missing"
        };
        Some(format!(
            "the archive has no data for {} of the tables: {} ({why}); name those that may be \
             empty in expect_empty, or compare with the live source",
            bare.len(),
            enumerated(&bare),
        ))
    }
}

/// What is counted together, and what cannot be counted.
#[derive(Debug)]
struct Plan<'a> {
    groups: Vec<Group<'a>>,
    /// Loads whose table is not there.
    lost: Vec<&'a TableLoad>,
    /// Tables that the archive had data for, whether the server took it or not.
    covered: HashSet<Oid>,
}

/// Tables whose rows can only be judged together: one table, a partitioned table whose root was
/// loaded (rows then find other partitions than in the source), or every table that an unqualified
/// name may mean.
#[derive(Debug)]
struct Group<'a> {
    loads: Vec<&'a TableLoad>,
    tables: Vec<&'a Relation>,
    subject: String,
    /// Only part of the rows is in a dump: those that the extension marks as the user's.
    of_extension: bool,
    failed: bool,
}

impl<'a> Plan<'a> {
    fn new(relations: &'a Relations, load: &'a DatabaseLoad) -> Self {
        let qualified: HashSet<Oid> = load
            .tables
            .iter()
            .filter(|load| load.table.schema.is_some())
            .flat_map(|load| relations.named(&load.table))
            .map(|table| table.oid)
            .collect();
        let meant = |load: &'a TableLoad| {
            relations
                .named(&load.table)
                .filter(|table| load.table.schema.is_some() || !qualified.contains(&table.oid))
        };
        let loaded: HashSet<Oid> = load.tables.iter().flat_map(meant).map(|t| t.oid).collect();

        let mut together: BTreeMap<BTreeSet<Oid>, Vec<&TableLoad>> = BTreeMap::new();
        let mut lost = Vec::new();
        for table_load in &load.tables {
            let anchors: BTreeSet<Oid> =
                meant(table_load).map(|table| anchor(relations, table, &loaded)).collect();
            if !anchors.is_empty() {
                together.entry(anchors).or_default().push(table_load);
            } else if !table_load.failed && !is_of_the_system(&table_load.table) {
                lost.push(table_load);
            }
        }
        let groups: Vec<_> = together
            .into_iter()
            .map(|(anchors, loads)| Group::new(relations, &anchors, loads))
            .collect();
        let covered = groups.iter().flat_map(|group| &group.tables).map(|t| t.oid).collect();
        Self { groups, lost, covered }
    }

    /// Every table to count, each once.
    fn stored(&self) -> Vec<&'a Relation> {
        let mut seen = HashSet::new();
        let tables = self.groups.iter().filter(|group| !group.failed).flat_map(|g| &g.tables);
        tables.filter(|table| seen.insert(table.oid)).copied().collect()
    }
}

/// The topmost table above this one that was loaded itself, else the table.
fn anchor(relations: &Relations, table: &Relation, loaded: &HashSet<Oid>) -> Oid {
    relations
        .lineage(table)
        .filter(|above| loaded.contains(&above.oid))
        .last()
        .map_or(table.oid, |above| above.oid)
}

impl<'a> Group<'a> {
    fn new(relations: &'a Relations, anchors: &BTreeSet<Oid>, loads: Vec<&'a TableLoad>) -> Self {
        let named: Vec<_> = anchors.iter().filter_map(|oid| relations.get(*oid)).collect();
        let names: Vec<_> = named.iter().map(ToString::to_string).collect();
        Self {
            tables: named.iter().flat_map(|table| relations.storage(table)).collect(),
            subject: enumerated(&names),
            of_extension: named.iter().any(|table| table.of_extension),
            failed: loads.iter().any(|load| load.failed),
            loads,
        }
    }

    fn judge(
        &self,
        counts: &HashMap<Oid, u64>,
        cx: &ValidationContext<'_>,
        validation: &mut Validation,
    ) {
        if self.failed {
            return; // The load's own finding says why.
        }
        if self.tables.is_empty() {
            let subject = &self.subject;
            validation.unproved.push(format!(
                "the archive has rows for {subject}, which stores none itself: not counted"
            ));
            return;
        }
        let sent: u64 = self.loads.iter().map(|load| load.rows).sum();
        let there: u64 = self.tables.iter().filter_map(|table| counts.get(&table.oid)).sum();
        if there == sent || (self.of_extension && there > sent) {
            return;
        }
        let doubtful = cx.is_untrailed() || self.is_rewritten(cx.load, there < sent);
        validation.report(self.mismatch(sent, there), doubtful);
    }

    fn mismatch(&self, sent: u64, there: u64) -> Finding {
        let difference = if there < sent {
            format!("{} are missing", sent - there)
        } else {
            format!("{} are too many", there - sent)
        };
        Finding::critical(
            FindingCode::RowsMismatch,
            &self.subject,
            format!("the archive has {sent} rows, the restored table holds {there}: {difference}"),
        )
        .with_hint("look for triggers and rules on the table, then take a new backup")
    }

    /// Whether something that the archive made before the data may have changed its rows: a
    /// trigger or rule, or a key that `ON CONFLICT` gave way to. `pg_dump` makes them afterwards.
    fn is_rewritten(&self, load: &DatabaseLoad, fewer: bool) -> bool {
        let last = self.loads.iter().map(|load| load.line).max().unwrap_or(0);
        load.declared.iter().filter(|declared| declared.line < last).any(|declared| match &declared
            .object
        {
            Declaration::Trigger { .. } | Declaration::Rule { .. } => true,
            Declaration::Constraint { table, .. } | Declaration::Index { table, .. } => {
                fewer && load.inserts && self.loads.iter().any(|load| load.table == *table)
            }
            _ => false,
        })
    }
}

/// A name as the comments of a dump have it (`sanitize_line` in `dumputils.c`).
fn in_a_comment(name: &str) -> String {
    name.replace(['\n', '\r'], " ")
}

fn is_of_the_system(name: &ObjectName) -> bool {
    name.schema.as_deref().is_some_and(|schema| schema.starts_with("pg_"))
}

fn lost(load: &TableLoad) -> Finding {
    let name = &load.table.name;
    let subject = load.table.schema.as_ref().map_or(name.clone(), |s| format!("{s}.{name}"));
    let message = format!("{} rows were loaded, but the table is not there any more", load.rows);
    Finding::critical(FindingCode::RowsMismatch, subject, message)
        .with_hint("look for a later DROP or RENAME in the dump")
}

/// The first few names, and how many more.
fn enumerated(names: &[String]) -> String {
    let mut text = names.iter().take(QUOTED_TABLES).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > QUOTED_TABLES {
        text.push_str(&format!(" and {} more", names.len() - QUOTED_TABLES));
    }
    text
}

#[cfg(test)]
mod tests;
