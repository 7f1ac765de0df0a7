//! What is known of the schema before a statement runs: the statements before it, replayed.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::parse;
use super::statement::{Body, Constraint, ConstraintKind, RuleKind};
use super::types::DataType;
use indexes::Indexes;
pub(super) use replay::is_default;
pub use size::Size;
pub(super) use table::{Index, Table};

mod indexes;
mod live;
mod name;
mod replay;
mod size;
mod table;
mod unfold;

/// The schema as the statements so far left it.
///
/// A table that a file creates counts as new until the file ends: nobody else uses it and it is
/// empty. From the next file on it is a table with rows. What no statement created is unknown, and
/// the facts then say the worst.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    tables: BTreeMap<String, Table>,
    indexes: Indexes,
    /// Views and materialized views, with the words of their queries.
    views: BTreeMap<String, BTreeSet<String>>,
    domains: BTreeMap<String, Domain>,
    /// Several may share a name.
    functions: BTreeMap<String, Vec<Function>>,
    attached: Vec<Attached>,
    /// The table of extended statistics.
    statistics: BTreeMap<String, String>,
    publications: BTreeMap<String, BTreeSet<String>>,
    /// Rows of tables, where a manifest says them.
    counted: BTreeMap<String, u64>,
    new: BTreeSet<String>,
    /// Of a table those whose foreign keys may refer to it: none that does is missing.
    referring: BTreeMap<String, BTreeSet<String>>,
    /// Whether files came before this one: what they did not create is not there.
    has_past: bool,
    /// Whether the session's time zone is UTC, where this was said.
    utc: Option<bool>,
    /// The same of a session that says nothing.
    session_utc: Option<bool>,
}

#[derive(Clone, Debug, Default)]
struct Function {
    /// How many.
    arguments: usize,
    volatile: bool,
    body: Body,
}

/// A domain.
#[derive(Clone, Debug, Default)]
struct Domain {
    base: String,
    checks: BTreeSet<String>,
    not_null: bool,
}

/// A trigger, policy or rule.
#[derive(Clone, Debug)]
struct Attached {
    kind: RuleKind,
    table: String,
    name: String,
    /// Which changes of rows fire it.
    events: Vec<String>,
    /// UPDATE OF.
    columns: Vec<String>,
    each_row: bool,
    /// Whether it is enabled.
    fires: bool,
    /// The function that a trigger calls.
    function: Option<String>,
}

/// A foreign key and the table that it stands on.
#[derive(Clone, Copy, Debug)]
pub(super) struct ForeignKey<'a> {
    pub(super) table: &'a str,
    pub(super) constraint: &'a Constraint,
    pub(super) columns: &'a [String],
    pub(super) parent: &'a str,
    /// The columns that it refers to; empty for the primary key.
    pub(super) to: &'a [String],
}

impl Attached {
    fn is(&self, kind: RuleKind, table: &str, name: &str) -> bool {
        self.kind == kind && self.table == table && self.name == name
    }
}

impl Schema {
    /// A schema that says nothing but how many rows tables have, named as SQL has it: files say the rest.
    /// That is what a backup's manifest knows.
    pub fn of_rows(rows: impl IntoIterator<Item = (String, u64)>) -> Self {
        let counted = rows.into_iter().map(|(name, rows)| (parse::name(&name), rows)).collect();
        Self { counted, ..Self::default() }
    }

    /// What was created so far is used by others and has rows from now on.
    pub fn settle(&mut self) {
        self.has_past |= !self.new.is_empty();
        self.new.clear();
        self.utc = self.session_utc;
    }

    /// The tables that this text names, with what stands on them: of a schema of thousands a file is about a
    /// few.
    pub(super) fn mentioned_in(&self, text: &str) -> Self {
        let text = text.to_lowercase();
        let words: HashSet<&str> =
            text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).collect();
        let named = |name: &str| {
            let bare = name.rsplit('.').next().unwrap_or(name);
            // A quoted name may be of several words.
            words.contains(bare)
                || !bare.chars().all(|c| c.is_lowercase() || c == '_' || c.is_numeric())
        };
        let tables = self.tables.iter().filter(|(name, _)| named(name));
        let tables: BTreeMap<String, Table> =
            tables.map(|(name, table)| (name.clone(), table.clone())).collect();
        let indexes = self.indexes.only_of(tables.keys());
        let mut mentioned = Self {
            tables,
            indexes,
            views: self.views.clone(),
            statistics: BTreeMap::new(),
            publications: BTreeMap::new(),
            domains: self.domains.clone(),
            functions: self.functions.clone(),
            attached: self.attached.clone(),
            counted: self.counted.clone(),
            new: self.new.clone(),
            referring: BTreeMap::new(),
            has_past: self.has_past,
            utc: self.utc,
            session_utc: self.session_utc,
        };
        mentioned.note_references();
        mentioned
    }

    pub(super) fn is_new(&self, table: &str) -> bool {
        self.new.contains(table)
    }

    pub(super) fn utc(&self) -> Option<bool> {
        self.utc
    }

    pub(super) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(name)
    }

    /// Whether a table, view or index is known not to be there.
    pub(super) fn is_missing(&self, name: &str) -> bool {
        let known = self.tables.contains_key(name)
            || self.views.contains_key(name)
            || self.indexes.contains(name)
            || self.new.contains(name);
        self.has_past && !known
    }

    /// The tables and materialized views of a schema; all where there is none.
    pub(super) fn tables_of(&self, schema: Option<&str>) -> Vec<String> {
        let within = |name: &&String| schema.is_none_or(|schema| lies_in(name, schema));
        self.tables.keys().filter(within).cloned().collect()
    }

    pub(super) fn views_of(&self, schema: &str) -> Vec<String> {
        self.views.keys().filter(|name| lies_in(name, schema)).cloned().collect()
    }

    pub(super) fn has_view(&self, name: &str) -> bool {
        self.views.contains_key(name)
    }

    pub(super) fn index(&self, name: &str) -> Option<&Index> {
        self.indexes.get(name)
    }

    pub(super) fn table_of_index(&self, index: &str) -> Option<&str> {
        self.indexes.get(index).map(|index| index.table.as_str())
    }

    pub(super) fn indexes_of(&self, table: &str) -> impl Iterator<Item = (&String, &Index)> {
        self.indexes.of(table)
    }

    /// The name that PostgreSQL would give to a constraint that comes without one.
    pub(super) fn name_of_constraint(&self, table: &str, constraint: &Constraint) -> String {
        let mut named = constraint.clone();
        let unknown = Table::default();
        name::constraint_name(table, self.table(table).unwrap_or(&unknown), &mut named);
        named.name
    }

    /// The name that PostgreSQL would give to an index that comes without one.
    pub(super) fn name_of_index(&self, table: &str, columns: &[String]) -> String {
        name::index_name(table, columns, &self.indexes)
    }

    /// The name that PostgreSQL would give to the sequence of a serial or identity column.
    pub(super) fn name_of_sequence(&self, table: &str, column: &str) -> String {
        name::sequence_name(table, column)
    }

    /// The table and everything below it: partitions, tables that inherit from it.
    pub(super) fn family(&self, table: &str) -> Vec<String> {
        let mut family = vec![table.to_owned()];
        let mut next = 0;
        while let Some(one) = family.get(next) {
            let children = self.tables.get(one).map(|known| &known.children);
            let children: Vec<String> = children.into_iter().flatten().cloned().collect();
            let unseen = children.into_iter().filter(|child| !family.contains(child));
            family.extend(unseen.collect::<Vec<_>>());
            next += 1;
        }
        family
    }

    /// The partitioned table that this is a partition of.
    pub(super) fn partitioned_parent(&self, table: &str) -> Option<&str> {
        let mut parents = self.tables.iter().filter(|(_, known)| known.partitioned);
        parents.find(|(_, known)| known.children.contains(table)).map(|(name, _)| name.as_str())
    }

    /// Whether a type is a domain with constraints, its own or those of the domain below it.
    pub(super) fn is_constrained_domain(&self, name: &str) -> bool {
        self.domain_chain(name).iter().any(|one| one.not_null || !one.checks.is_empty())
    }

    /// Whether a type is a domain without NULL.
    pub(super) fn refuses_null(&self, name: &str) -> bool {
        self.domain_chain(name).iter().any(|one| one.not_null)
    }

    fn domain_chain(&self, name: &str) -> Vec<&Domain> {
        let mut chain: Vec<&Domain> = Vec::new();
        let mut name = name;
        // A domain is made of one that was there before; a history that says otherwise is cut short.
        while let Some(domain) = self.domains.get(name).filter(|_| chain.len() < 32) {
            chain.push(domain);
            name = &domain.base;
        }
        chain
    }

    /// The type that a type stands for: the base of a domain, whose length a cast does not see.
    pub(super) fn base_type(&self, name: &str) -> DataType {
        match self.domain_chain(name).last() {
            Some(domain) => DataType::parse(&domain.base).without_modifiers(),
            None => DataType::parse(name),
        }
    }

    /// The type at the end of a domain, with its length.
    pub(super) fn domain_base(&self, name: &str) -> DataType {
        DataType::parse(self.domain_chain(name).last().map_or(name, |domain| &domain.base))
    }

    pub(super) fn is_volatile(&self, function: &str) -> Option<bool> {
        let known = self.functions.get(function)?;
        Some(known.iter().any(|one| one.volatile))
    }

    /// Tables with a column of this type, or of a domain over it.
    pub(super) fn tables_with_type(&self, name: &str) -> Vec<String> {
        let is_it = |data_type: &str| {
            let mut seen = data_type;
            (0..32).any(|_| {
                let found = seen == name;
                seen = self.domains.get(seen).map_or("", |domain| domain.base.as_str());
                found
            })
        };
        let uses = |table: &Table| table.columns.values().any(|column| is_it(&column.data_type));
        self.tables.iter().filter(|(_, table)| uses(table)).map(|(name, _)| name.clone()).collect()
    }

    /// Views that read a table, or this column of it, and the views that read those.
    pub(super) fn views_over(&self, table: &str, column: Option<&str>) -> Vec<String> {
        let bare = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
        let first = bare(table);
        let reads = |words: &&BTreeSet<String>| {
            let of = |column: &str| words.contains(&format!("{first}.{column}"));
            let all = || words.contains("*") || of("*");
            words.contains(&first)
                && column.is_none_or(|column| words.contains(column) || of(column) || all())
        };
        let direct = self.views.iter().filter(|(name, words)| *name != table && reads(words));
        let mut found: Vec<String> = direct.map(|(name, _)| name.clone()).collect();
        let mut next = 0;
        while let Some(view) = found.get(next).map(|view| bare(view)) {
            let over = self.views.iter().filter(|(_, words)| words.contains(&view));
            let unseen = over.map(|(name, _)| name).filter(|name| !found.contains(name));
            let unseen: Vec<String> = unseen.filter(|name| bare(name) != view).cloned().collect();
            found.extend(unseen);
            next += 1;
        }
        found
    }

    /// The foreign keys that stand on a table.
    pub(super) fn foreign_keys_of(&self, table: &str) -> impl Iterator<Item = ForeignKey<'_>> {
        self.tables.get_key_value(table).into_iter().flat_map(|(table, known)| {
            known.constraints.iter().filter_map(move |constraint| match &constraint.kind {
                ConstraintKind::Foreign { columns, parent, to } => {
                    Some(ForeignKey { table, constraint, columns, parent, to })
                }
                _ => None,
            })
        })
    }

    /// The foreign keys that refer to a table.
    pub(super) fn foreign_keys_to(&self, parent: &str) -> impl Iterator<Item = ForeignKey<'_>> {
        let found = move |key: &ForeignKey<'_>| key.parent == parent;
        let tables = self.referring.get(parent);
        debug_assert!(
            self.tables.keys().flat_map(|table| self.foreign_keys_of(table)).all(|key| {
                !found(&key) || tables.is_some_and(|tables| tables.contains(key.table))
            }),
            "a foreign key to {parent} is lost"
        );
        let keys = tables.into_iter().flatten().flat_map(|table| self.foreign_keys_of(table));
        keys.filter(found)
    }

    fn note_references(&mut self) {
        let tables: Vec<String> = self.tables.keys().cloned().collect();
        tables.iter().for_each(|table| self.note_references_of(table));
    }

    /// Has to follow whatever gives a table foreign keys.
    fn note_references_of(&mut self, table: &str) {
        let keys = self.tables.get(table).into_iter().flat_map(|known| &known.constraints);
        for constraint in keys {
            if let ConstraintKind::Foreign { parent, .. } = &constraint.kind {
                self.referring.entry(parent.clone()).or_default().insert(table.to_owned());
            }
        }
    }

    /// The columns that a foreign key refers to.
    pub(super) fn referred<'a>(&'a self, key: &ForeignKey<'a>) -> &'a [String] {
        if !key.to.is_empty() {
            return key.to;
        }
        self.primary_key(key.parent)
    }

    /// The columns of a table's primary key; none where it is not known.
    pub(super) fn primary_key(&self, table: &str) -> &[String] {
        let known = self.tables.get(table).map(|known| known.constraints.as_slice());
        let mut keys = known.unwrap_or_default().iter().filter_map(|one| match &one.kind {
            ConstraintKind::Primary { columns, .. } => Some(columns.as_slice()),
            _ => None,
        });
        keys.next().unwrap_or_default()
    }

    /// Tables with a trigger that calls this function.
    pub(super) fn tables_calling(&self, function: &str) -> Vec<String> {
        let calls = |one: &&Attached| one.function.as_deref() == Some(function);
        self.attached.iter().filter(calls).map(|one| one.table.clone()).collect()
    }

    /// Whether a table is known to have no trigger, policy or rule of this name.
    pub(super) fn lacks(&self, kind: RuleKind, table: &str, name: &str) -> bool {
        self.has_past && !self.attached.iter().any(|one| one.is(kind, table, name))
    }

    pub(super) fn table_of_statistics(&self, name: &str) -> Option<&String> {
        self.statistics.get(name)
    }

    pub(super) fn published(&self, publication: &str) -> Vec<String> {
        self.publications.get(publication).into_iter().flatten().cloned().collect()
    }
}

fn lies_in(name: &str, schema: &str) -> bool {
    match name.split_once('.') {
        Some((own, _)) => own == schema,
        None => schema == "public",
    }
}
