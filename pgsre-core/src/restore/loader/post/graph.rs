//! Which statement waits for which, and who locks what.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Behind;
use super::data::{Data, Lack};
use crate::archive::{Dependencies, ObjectName, Subject};

/// Where a statement stands among the others.
#[derive(Debug)]
pub(super) struct Place {
    way: Way,
    names: Vec<ObjectName>,
    /// The tables whose data it needs; all of them for `None`.
    data: Option<Vec<ObjectName>>,
    /// Its dump ID and those that it needs, where there is a table of contents.
    dependencies: Option<Dependencies>,
}

/// How a statement goes with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Builds an index: beside anything but what writes to its table or changes it.
    Index,
    /// Builds an index and a constraint.
    Key,
    /// Behind all that is about its two tables and is no foreign key.
    ForeignKey,
    /// In order, behind all that is about the same tables and indexes.
    InOrder,
    /// In order, behind everything before it; what comes after it waits for it.
    Barrier,
}

/// Statements that are not done.
#[derive(Debug, Default)]
pub(super) struct Graph {
    next: usize,
    nodes: BTreeMap<usize, Node>,
    /// Those that could run as far as the others go; first where most is to be done.
    ready: BTreeSet<(Reverse<u64>, usize)>,
    /// Those that wait for data only, by table.
    parked: HashMap<ObjectName, Vec<usize>>,
    parked_for_all: Vec<usize>,
    by_name: HashMap<ObjectName, Vec<usize>>,
    by_dump_id: HashMap<i32, usize>,
    /// What was handed out as an index.
    indexes: HashSet<ObjectName>,
    last_in_order: Option<usize>,
    last_barrier: Option<usize>,
    since_barrier: Vec<usize>,
    locks: HashMap<ObjectName, Lock>,
}

#[derive(Debug)]
struct Node {
    /// `None` while it runs.
    behind: Option<Behind>,
    place: Place,
    /// How many it waits for.
    waits_for: usize,
    /// Who waits for it.
    awaited_by: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lock {
    /// So many build an index.
    Shared(usize),
    Exclusive,
}

impl Place {
    fn in_order(&self) -> bool {
        matches!(self.way, Way::InOrder | Way::Barrier)
    }
}

impl Graph {
    /// Where a statement stands behind those that were taken before.
    pub(super) fn place(
        &self,
        subject: Subject,
        dependencies: Option<&Dependencies>,
        data: &Data,
    ) -> Place {
        let names: Vec<_> = subject.names().cloned().collect();
        let (way, data) = match subject {
            // That of a partitioned table may lock its partitions, which may still be filled.
            Subject::Index { table, .. } => {
                (Way::Index, data.is_ordinary(&table).then(|| vec![table]))
            }
            Subject::Key { table, .. } => (Way::Key, data.is_ordinary(&table).then(|| vec![table])),
            // That of a partitioned table is checked in its partitions.
            Subject::ForeignKey { table, references }
                if data.is_ordinary(&table) && data.is_ordinary(&references) =>
            {
                (Way::ForeignKey, Some(vec![table, references]))
            }
            Subject::Of(names) => (Way::InOrder, self.tables_among(names, data)),
            Subject::ForeignKey { .. } | Subject::Unknown => (Way::Barrier, None),
        };
        Place { way, names, data, dependencies: dependencies.cloned() }
    }

    /// The tables among tables and indexes; `None` where one of them is something else, as a
    /// partitioned table, whose triggers are its partitions' too.
    fn tables_among(&self, names: Vec<ObjectName>, data: &Data) -> Option<Vec<ObjectName>> {
        let names = names.into_iter().filter(|name| !self.indexes.contains(name));
        let names: Vec<_> = names.collect();
        names.iter().all(|name| data.is_ordinary(name)).then_some(names)
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Takes a statement behind all that were taken before.
    pub(super) fn add(&mut self, behind: Behind, place: Place, data: &Data) {
        let id = self.next;
        self.next += 1;
        let before = self.before(&place);
        for other in &before {
            if let Some(node) = self.nodes.get_mut(other) {
                node.awaited_by.push(id);
            }
        }
        self.enter(id, &place);
        let (waits_for, awaited_by) = (before.len(), Vec::new());
        self.nodes.insert(id, Node { behind: Some(behind), place, waits_for, awaited_by });
        if waits_for == 0 {
            self.free(id, data);
        }
    }

    /// Whether something could run.
    pub(super) fn has_ready(&self) -> bool {
        self.ready.iter().any(|(_, id)| self.may_lock(*id))
    }

    /// Takes out the largest that can run beside what runs.
    pub(super) fn begin(&mut self) -> Option<(usize, Behind)> {
        let found = *self.ready.iter().find(|(_, id)| self.may_lock(*id))?;
        self.ready.remove(&found);
        let (_, id) = found;
        self.lock(id);
        let behind = self.nodes.get_mut(&id)?.behind.take()?;
        Some((id, behind))
    }

    /// A statement is done, whatever came of it.
    pub(super) fn done(&mut self, id: usize, data: &Data) {
        let Some(node) = self.nodes.remove(&id) else { return };
        self.unlock(&node.place);
        for name in &node.place.names {
            if let Some(ids) = self.by_name.get_mut(name) {
                ids.retain(|other| *other != id);
            }
        }
        for other in node.awaited_by {
            let Some(waiting) = self.nodes.get_mut(&other) else { continue };
            waiting.waits_for -= 1;
            if waiting.waits_for == 0 {
                self.free(other, data);
            }
        }
    }

    /// More data is in: of one table, or everything was handed out.
    pub(super) fn wake(&mut self, table: Option<&ObjectName>, data: &Data) {
        let mut woken = std::mem::take(&mut self.parked_for_all);
        match table {
            Some(table) => woken.extend(self.parked.remove(table).unwrap_or_default()),
            None => woken.extend(std::mem::take(&mut self.parked).into_values().flatten()),
        }
        for id in woken {
            self.free(id, data);
        }
    }

    /// Takes out the first of those that do not run.
    pub(super) fn pop_first(&mut self) -> Option<(usize, Behind)> {
        let waits = |(id, node): (&usize, &mut Node)| node.behind.take().map(|b| (*id, b));
        let found = self.nodes.iter_mut().find_map(waits)?;
        self.ready.retain(|(_, id)| *id != found.0);
        Some(found)
    }

    /// Those that must be done before.
    fn before(&self, place: &Place) -> BTreeSet<usize> {
        let mut before = BTreeSet::new();
        let needs = place.dependencies.as_ref().map(|known| known.needs.as_ref());
        before.extend(needs.unwrap_or_default().iter().filter_map(|id| self.by_dump_id.get(id)));
        if place.in_order() {
            before.extend(self.last_in_order);
        }
        // A table of contents says better what something needs.
        if place.dependencies.is_none() || place.in_order() {
            before.extend(self.last_barrier);
        }
        if place.way == Way::Barrier {
            before.extend(&self.since_barrier);
        }
        let same = place.names.iter().filter_map(|name| self.by_name.get(name)).flatten();
        before.extend(same.filter(|id| self.is_behind(place.way, **id)));
        before.retain(|id| self.nodes.contains_key(id));
        before
    }

    /// Whether something of this way waits for another that is about the same table or index.
    fn is_behind(&self, way: Way, other: usize) -> bool {
        let Some(other) = self.nodes.get(&other) else { return false };
        match way {
            Way::Index | Way::Key => other.place.in_order(),
            Way::ForeignKey => other.place.way != Way::ForeignKey,
            Way::InOrder | Way::Barrier => true,
        }
    }

    fn enter(&mut self, id: usize, place: &Place) {
        for name in &place.names {
            self.by_name.entry(name.clone()).or_default().push(id);
        }
        if matches!(place.way, Way::Index | Way::Key) {
            self.indexes.extend(place.names.first().cloned());
        }
        if let Some(known) = &place.dependencies {
            self.by_dump_id.insert(known.id, id);
        }
        if place.in_order() {
            self.last_in_order = Some(id);
        }
        if place.way == Way::Barrier {
            self.last_barrier = Some(id);
            self.since_barrier.clear();
        } else {
            self.since_barrier.push(id);
        }
    }

    /// A statement waits for no other any more: only for data, perhaps.
    fn free(&mut self, id: usize, data: &Data) {
        let Some(node) = self.nodes.get(&id) else { return };
        match data.lack(node.place.data.as_deref()) {
            Some(Lack::Table(table)) => self.parked.entry(table).or_default().push(id),
            Some(Lack::Everything) => self.parked_for_all.push(id),
            None => {
                self.ready.insert((Reverse(self.to_be_done(node, data)), id));
            }
        }
    }

    /// How much is still to be done with the tables of a statement: what stands at the head of the
    /// longest queue is begun first, for much of a queue goes one after the other.
    fn to_be_done(&self, node: &Node, data: &Data) -> u64 {
        let waiting = |table| self.by_name.get(table).map_or(0, |ids| ids.len() as u64);
        let tables = node.place.data.iter().flatten();
        tables.map(|table| data.bytes(table).saturating_mul(waiting(table))).sum()
    }

    fn may_lock(&self, id: usize) -> bool {
        let Some(node) = self.nodes.get(&id) else { return false };
        locks(&node.place).all(|(name, wanted)| match (self.locks.get(name), wanted) {
            (None, _) | (Some(Lock::Shared(_)), Lock::Shared(_)) => true,
            (Some(_), _) => false,
        })
    }

    fn lock(&mut self, id: usize) {
        let Some(node) = self.nodes.get(&id) else { return };
        for (name, wanted) in locks(&node.place) {
            let held = self.locks.entry(name.clone()).or_insert(match wanted {
                Lock::Shared(_) => Lock::Shared(0),
                Lock::Exclusive => Lock::Exclusive,
            });
            if let Lock::Shared(count) = held {
                *count += 1;
            }
        }
    }

    fn unlock(&mut self, place: &Place) {
        for (name, _) in locks(place) {
            match self.locks.get_mut(name) {
                Some(Lock::Shared(count)) if *count > 1 => *count -= 1,
                _ => {
                    self.locks.remove(name);
                }
            }
        }
    }
}

/// What a statement locks. `CREATE INDEX` takes a share lock, a foreign key a share row exclusive
/// lock on both its tables, and the rest stronger ones
/// (<https://www.postgresql.org/docs/18/explicit-locking.html>).
fn locks(place: &Place) -> impl Iterator<Item = (&ObjectName, Lock)> {
    let mode = match place.way {
        Way::Index => Lock::Shared(1),
        _ => Lock::Exclusive,
    };
    let mut names: Vec<_> = place.names.iter().collect();
    names.sort();
    // A table may refer to itself.
    names.dedup();
    names.into_iter().map(move |name| (name, mode))
}
