//! Which tables' data is in.

use std::collections::HashMap;

use crate::archive::ObjectName;

/// The data of one database's tables, as far as it was handed out.
#[derive(Debug, Default)]
pub(super) struct Data {
    tables: HashMap<ObjectName, Table>,
    /// Pieces of data that are not in.
    open: usize,
    /// Those of them whose rows may go to several tables: partitions of the one that is named.
    open_anywhere: usize,
    /// Whether statements may come before the data that they need.
    pub(super) table_of_contents: bool,
    /// Whether data is handed out before it is read.
    pub(super) apart: bool,
    /// Whether everything was handed out.
    pub(super) complete: bool,
}

#[derive(Debug, Default)]
struct Table {
    /// Made by the archive, and holding rows of its own.
    ordinary: bool,
    open: usize,
    seen: bool,
    bytes: u64,
}

/// What a statement waits for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lack {
    Table(ObjectName),
    Everything,
}

impl Data {
    pub(super) fn made(&mut self, table: &ObjectName) {
        self.table(table).ordinary = true;
    }

    pub(super) fn announced(&mut self, table: &ObjectName) {
        let known = self.table(table);
        known.open += 1;
        known.seen = true;
        let anywhere = !known.ordinary;
        self.open += 1;
        self.open_anywhere += usize::from(anywhere);
    }

    pub(super) fn is_in(&mut self, table: &ObjectName, bytes: u64) {
        let known = self.table(table);
        known.open = known.open.saturating_sub(1);
        known.bytes += bytes;
        let anywhere = !known.ordinary;
        self.open = self.open.saturating_sub(1);
        self.open_anywhere = self.open_anywhere.saturating_sub(usize::from(anywhere));
    }

    pub(super) fn is_ordinary(&self, table: &ObjectName) -> bool {
        self.tables.get(table).is_some_and(|table| table.ordinary)
    }

    /// Bytes of a table's data.
    pub(super) fn bytes(&self, table: &ObjectName) -> u64 {
        self.tables.get(table).map_or(0, |table| table.bytes)
    }

    /// Whether more data may come in line, behind statements that wait for nothing else.
    pub(super) fn may_come_in_line(&self) -> bool {
        self.table_of_contents && !self.apart && !self.complete
    }

    /// What is missing of the data of these tables; of all tables for `None`.
    pub(super) fn lack(&self, tables: Option<&[ObjectName]>) -> Option<Lack> {
        let may_come = self.table_of_contents && !self.complete;
        let Some(tables) = tables else {
            return (self.open > 0 || may_come).then_some(Lack::Everything);
        };
        if self.open_anywhere > 0 {
            return Some(Lack::Everything);
        }
        let lacks = |table: &&ObjectName| match self.tables.get(*table) {
            Some(known) if known.seen => known.open > 0,
            _ => may_come,
        };
        tables.iter().find(lacks).cloned().map(Lack::Table)
    }

    fn table(&mut self, name: &ObjectName) -> &mut Table {
        self.tables.entry(name.clone()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> ObjectName {
        ObjectName { schema: Some("s".to_owned()), name: name.to_owned() }
    }

    #[test]
    fn a_tables_data_is_in_when_all_its_pieces_are() {
        let (mut data, t) = (Data::default(), name("t"));
        data.made(&t);
        data.announced(&t);
        data.announced(&t);
        data.is_in(&t, 1);
        assert_eq!(data.lack(Some(std::slice::from_ref(&t))), Some(Lack::Table(t.clone())));
        assert_eq!(data.lack(Some(&[name("u")])), None);
        data.is_in(&t, 1);
        assert_eq!((data.lack(Some(&[t])), data.lack(None)), (None, None));
    }

    #[test]
    fn rows_that_go_through_a_partitioned_table_may_go_anywhere() {
        let mut data = Data::default();
        data.announced(&name("root"));
        assert_eq!(data.lack(Some(&[name("leaf")])), Some(Lack::Everything));
        data.is_in(&name("root"), 1);
        assert_eq!(data.lack(Some(&[name("leaf")])), None);
    }

    #[test]
    fn with_a_table_of_contents_data_may_still_come_until_all_is_handed_out() {
        let mut data = Data { table_of_contents: true, ..Data::default() };
        assert_eq!(data.lack(Some(&[name("t")])), Some(Lack::Table(name("t"))));
        data.complete = true;
        assert_eq!(data.lack(Some(&[name("t")])), None);
    }
}
