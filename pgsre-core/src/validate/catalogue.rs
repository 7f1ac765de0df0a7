//! What a database's catalogue says, fetched in a few queries and compared in memory.

use std::collections::HashMap;
use std::fmt;

use super::ValidatorError;
use crate::archive::ObjectName;
use crate::postgres::Snapshot;
use crate::postgres::quote_identifier;

mod objects;

pub(super) use objects::{ObjectKey, ObjectKind, Objects};

/// Relations that hold or show rows, outside of the system's schemas and temporary ones.
const RELATIONS: &str = "\
    SELECT c.oid::int8, n.nspname::text, c.relname::text, c.relkind::text, \
           c.relispopulated, \
           (SELECT i.inhparent::int8 FROM pg_inherits i \
             WHERE c.relispartition AND i.inhrelid = c.oid LIMIT 1), \
           EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass \
             AND d.objid = c.oid AND d.deptype = 'e') \
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND c.relpersistence <> 't' \
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
     ORDER BY n.nspname, c.relname";

/// An object's identifier within one database.
pub(super) type Oid = i64;

/// One relation.
#[derive(Debug)]
pub(super) struct Relation {
    pub(super) oid: Oid,
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) kind: RelationKind,
    /// False for a materialised view that was never filled.
    pub(super) populated: bool,
    /// The partitioned table that this one is a partition of.
    pub(super) partition_of: Option<Oid>,
    /// Whether an extension made it: a dump holds it only as far as the extension asks for.
    pub(super) of_extension: bool,
}

impl Relation {
    /// The name as SQL has it.
    pub(super) fn quoted(&self) -> String {
        format!("{}.{}", quote_identifier(&self.schema), quote_identifier(&self.name))
    }

    /// Whether rows are stored in it, or in its partitions.
    pub(super) fn is_table(&self) -> bool {
        matches!(self.kind, RelationKind::Table | RelationKind::Partitioned)
    }

    /// Whether the user sees it as a table of its own.
    pub(super) fn is_own_table(&self) -> bool {
        self.is_table() && self.partition_of.is_none() && !self.of_extension
    }
}

/// As people read it: `public.orders`.
impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

/// `pg_class.relkind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RelationKind {
    Table,
    Partitioned,
    Foreign,
    View,
    MaterializedView,
    Sequence,
}

impl RelationKind {
    fn from_relkind(relkind: &str) -> Self {
        match relkind {
            "p" => Self::Partitioned,
            "f" => Self::Foreign,
            "v" => Self::View,
            "m" => Self::MaterializedView,
            "S" => Self::Sequence,
            _ => Self::Table,
        }
    }
}

/// Every relation of a database.
#[derive(Debug, Default)]
pub(super) struct Relations {
    all: Vec<Relation>,
    by_oid: HashMap<Oid, usize>,
    by_name: HashMap<String, Vec<usize>>,
    partitions: HashMap<Oid, Vec<usize>>,
}

impl Relations {
    /// Reads them in one query.
    pub(super) async fn read(snapshot: &Snapshot<'_>) -> Result<Self, ValidatorError> {
        let rows = snapshot.rows("read the catalogue's relations", RELATIONS, &[]).await?;
        let mut relations = Self::default();
        for row in rows {
            relations.add(Relation {
                oid: row.get(0),
                schema: row.get(1),
                name: row.get(2),
                kind: RelationKind::from_relkind(row.get(3)),
                populated: row.get(4),
                partition_of: row.get(5),
                of_extension: row.get(6),
            });
        }
        Ok(relations)
    }

    fn add(&mut self, relation: Relation) {
        let at = self.all.len();
        self.by_oid.insert(relation.oid, at);
        self.by_name.entry(relation.name.clone()).or_default().push(at);
        if let Some(parent) = relation.partition_of {
            self.partitions.entry(parent).or_default().push(at);
        }
        self.all.push(relation);
    }

    /// All of them, ordered by schema and name.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Relation> {
        self.all.iter()
    }

    /// The relation of this identifier.
    pub(super) fn get(&self, oid: Oid) -> Option<&Relation> {
        self.by_oid.get(&oid).map(|at| &self.all[*at])
    }

    /// The relations of this name, in every schema.
    pub(super) fn iter_named(&self, name: &str) -> impl Iterator<Item = &Relation> {
        let found = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        found.iter().map(|at| &self.all[*at])
    }

    /// The relations that a name may mean: without a schema those of every schema.
    pub(super) fn named<'a>(&'a self, name: &'a ObjectName) -> impl Iterator<Item = &'a Relation> {
        self.iter_named(&name.name)
            .filter(|relation| name.schema.as_ref().is_none_or(|schema| *schema == relation.schema))
    }

    /// The relation and the partitioned tables above it, the nearest first.
    pub(super) fn lineage<'a>(
        &'a self,
        relation: &'a Relation,
    ) -> impl Iterator<Item = &'a Relation> {
        std::iter::successors(Some(relation), |table| self.get(table.partition_of?))
    }

    /// The ordinary tables that store a table's rows: itself, or its partitions down to the last.
    /// Foreign partitions are left out: a dump has none of their rows.
    pub(super) fn storage<'a>(&'a self, table: &'a Relation) -> Vec<&'a Relation> {
        let mut stored = Vec::new();
        let mut open = vec![table];
        while let Some(table) = open.pop() {
            match table.kind {
                RelationKind::Table => stored.push(table),
                RelationKind::Partitioned => {
                    let partitions = self.partitions.get(&table.oid);
                    open.extend(partitions.into_iter().flatten().map(|at| &self.all[*at]));
                }
                _ => {}
            }
        }
        stored
    }
}
