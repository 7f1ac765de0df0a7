//! The tables and indexes of a database at one time, and what became of them since.

use std::collections::{BTreeMap, BTreeSet};

use super::session::{Row, Session};
use super::{Mode, Truth};

/// Objects by their OID.
#[derive(Clone, Debug, Default)]
pub struct Catalogue(BTreeMap<String, Object>);

/// A table, one of its kin, or an index.
#[derive(Clone, Debug)]
pub struct Object {
    /// Qualified unless it lies in `public`.
    pub name: String,
    /// `relkind`.
    pub kind: String,
    /// An index's table.
    table: Option<String>,
    filenode: String,
    is_empty: bool,
    /// Sequential scans in this transaction.
    scans: u64,
}

const OBJECTS: &str = "\
select c.oid, case n.nspname when 'public' then c.relname else n.nspname || '.' || c.relname end,
       c.relkind, i.indrelid, coalesce(pg_relation_filenode(c.oid), 0),
       case when c.relkind in ('r', 'm') then pg_relation_size(c.oid) else 0 end,
       coalesce(pg_stat_get_xact_numscans(c.oid), 0)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_index i on i.indexrelid = c.oid
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and c.relkind in ('r', 'p', 'm', 'v', 'f', 'i', 'I')";

impl Catalogue {
    /// Reads it.
    pub async fn read(session: &Session) -> Self {
        Self(session.rows(OBJECTS).await.into_iter().map(object).collect())
    }

    /// Only what the other one has too.
    #[must_use]
    pub fn known_to(mut self, other: &Self) -> Self {
        self.0.retain(|oid, _| other.0.contains_key(oid));
        self
    }

    /// The tables, partitioned tables and materialized views.
    pub fn tables(&self) -> impl Iterator<Item = &Object> {
        self.0.values().filter(|object| ["r", "p", "m"].contains(&object.kind.as_str()))
    }

    /// An object's name.
    pub fn name(&self, oid: &str) -> Option<&str> {
        self.0.get(oid).map(|object| object.name.as_str())
    }

    /// The name of a table with rows of its own.
    pub fn table(&self, oid: &str) -> Option<&str> {
        self.0.get(oid).filter(|object| object.kind == "r").map(|object| object.name.as_str())
    }

    /// The table of a bare name, as messages have it.
    pub fn table_named(&self, bare: &str) -> Option<&str> {
        let is_it = |object: &&Object| {
            object.name.rsplit('.').next() == Some(bare) && !object.kind.eq_ignore_ascii_case("i")
        };
        self.0.values().find(is_it).map(|object| object.name.as_str())
    }

    /// Tables with another file that is not empty.
    pub fn rewritten(&self, later: &Self) -> BTreeSet<String> {
        self.with_another_file(later, false)
    }

    /// Tables with another file that is empty.
    pub fn emptied(&self, later: &Self) -> BTreeSet<String> {
        self.with_another_file(later, true)
    }

    fn with_another_file(&self, later: &Self, empty: bool) -> BTreeSet<String> {
        let pairs = self.0.iter().filter_map(|(oid, object)| Some((object, later.0.get(oid)?)));
        pairs
            .filter(|(_, later)| ["r", "m"].contains(&later.kind.as_str()))
            .filter(|(object, later)| object.filenode != later.filenode && later.is_empty == empty)
            .map(|(object, _)| object.name.clone())
            .collect()
    }

    /// Tables that were read from the first row to the last since.
    pub fn scanned(&self, later: &Self) -> BTreeSet<String> {
        let pairs = self.0.iter().filter_map(|(oid, object)| Some((object, later.0.get(oid)?)));
        let read = pairs.filter(|(object, later)| object.kind == "r" && later.scans > object.scans);
        read.map(|(object, _)| object.name.clone()).collect()
    }

    /// Takes over locks, as OID and mode.
    pub fn add_locks(&self, locks: &[(String, String)], truth: &mut Truth) {
        let known = locks.iter().filter_map(|(oid, mode)| Some((self.0.get(oid)?, mode)));
        for (object, mode) in known {
            if let Some(mode) = Mode::parse(mode) {
                let strongest = truth.locks.entry(object.name.clone()).or_insert(mode);
                *strongest = mode.max(*strongest);
            }
        }
        truth.implied = self.implied(&truth.locks);
    }

    /// The indexes' names.
    pub fn indexes(&self) -> impl Iterator<Item = &str> {
        let indexes = self.0.values().filter(|object| object.table.is_some());
        indexes.map(|object| object.name.as_str())
    }

    /// Indexes whose lock is not stronger than their table's.
    fn implied(&self, locks: &BTreeMap<String, Mode>) -> BTreeSet<String> {
        let indexes = self.0.values().filter_map(|index| {
            let table = self.0.get(index.table.as_ref()?)?;
            (locks.get(&index.name)? <= locks.get(&table.name)?).then(|| index.name.clone())
        });
        indexes.collect()
    }
}

fn object(row: Row) -> (String, Object) {
    let mut columns = row.into_iter();
    let mut next = || columns.next().flatten();
    let mut text = || next().unwrap_or_default();
    let (oid, name, kind) = (text(), text(), text());
    let table = next();
    let mut text = || next().unwrap_or_default();
    let (filenode, size, scans) = (text(), text(), text());
    let scans = scans.parse().unwrap_or_default();
    (oid, Object { name, kind, table, filenode, is_empty: size == "0", scans })
}
