//! The large objects of an archive: announced by its table of contents, listed, and there.

use std::collections::BTreeMap;
use std::io::BufRead;

use super::large_object_file;
use crate::archive::ArchiveError;
use crate::archive::script::{DataEntry, DataKind};

/// The longest line of a list: `4294967295 blob_4294967295.dat`.
const MAX_LINE: u64 = 64;

/// Each large object of an archive, by its OID.
#[derive(Debug)]
pub(in crate::archive) struct LargeObjects {
    /// What the table of contents announces, in ascending order.
    known: Vec<Known>,
    /// What only the lists and the data say, where it announces none.
    unannounced: BTreeMap<u32, Known>,
    /// The first entry that announces none.
    silent: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    oid: u32,
    /// The place of its entry among those with data.
    entry: u32,
    is_listed: bool,
    is_found: bool,
}

impl Known {
    fn new(oid: u32, entry: u32) -> Self {
        Self { oid, entry, is_listed: false, is_found: false }
    }
}

impl LargeObjects {
    pub(in crate::archive) fn of(data: &[DataEntry]) -> Result<Self, ArchiveError> {
        let mut known = Vec::new();
        let mut silent = None;
        for (at, entry) in (0_u32..).zip(data) {
            match &entry.kind {
                DataKind::LargeObjects { oids: Some(oids) } => {
                    known.extend(oids.iter().map(|&oid| Known::new(oid, at)));
                }
                DataKind::LargeObjects { oids: None } => silent = silent.or(Some(at)),
                DataKind::Copy(_) | DataKind::Insert(_) => {}
            }
        }
        known.sort_by_key(|known| known.oid);
        match known.windows(2).find(|pair| pair[0].oid == pair[1].oid) {
            Some(pair) => Err(ArchiveError::corrupt(format!(
                "the table of contents announces large object {} twice",
                pair[0].oid
            ))),
            None => Ok(Self { known, unannounced: BTreeMap::new(), silent }),
        }
    }

    /// How many are known by now.
    pub(in crate::archive) fn count(&self) -> usize {
        self.known.len() + self.unannounced.len()
    }

    /// The OIDs of an entry, in ascending order; of one that announces none those that are known by
    /// now.
    pub(in crate::archive) fn of_entry(&self, entry: &DataEntry) -> Vec<u32> {
        match &entry.kind {
            DataKind::LargeObjects { oids: Some(oids) } => oids.clone(),
            DataKind::LargeObjects { oids: None } => self.unannounced.keys().copied().collect(),
            DataKind::Copy(_) | DataKind::Insert(_) => Vec::new(),
        }
    }

    /// Says that its file was found; gives back the place of its entry.
    pub(in crate::archive) fn find(&mut self, oid: u32, file: &str) -> Result<usize, ArchiveError> {
        let known = self.known(oid, self.silent).ok_or_else(|| super::unknown(file))?;
        if std::mem::replace(&mut known.is_found, true) {
            return Err(ArchiveError::corrupt(format!(
                "large object {oid} comes twice, in {file}"
            )));
        }
        Ok(known.entry as usize)
    }

    /// Reads the list `name`, that of `entry`: lines of an OID and the name of its file.
    pub(in crate::archive) fn read_list(
        &mut self,
        input: &mut dyn BufRead,
        name: &str,
        entry: usize,
    ) -> Result<(), ArchiveError> {
        let entry = u32::try_from(entry).unwrap_or(u32::MAX);
        let mut line = Vec::new();
        let mut number = 0_u64;
        loop {
            line.clear();
            let mut limited = std::io::Read::take(&mut *input, MAX_LINE);
            let amount = limited.read_until(b'\n', &mut line);
            number += 1;
            match amount.map_err(|error| ArchiveError::from_io(error).within(name))? {
                0 => return Ok(()),
                _ if line.ends_with(b"\n") => {}
                _ if line.len() as u64 == MAX_LINE => return Err(no_line(name, number)),
                _ => {
                    let message = format!("{name} ends inside of its line {number}");
                    return Err(ArchiveError::truncated(message));
                }
            }
            let oid = parse_line(&line).ok_or_else(|| no_line(name, number))?;
            self.list(oid, name, entry)?;
        }
    }

    fn list(&mut self, oid: u32, name: &str, entry: u32) -> Result<(), ArchiveError> {
        let silent = self.silent;
        let known =
            self.known(oid, silent).filter(|known| known.entry == entry || silent.is_some());
        let known = known.ok_or_else(|| {
            let message = format!(
                "{name} lists large object {oid}, which the table of contents does not announce"
            );
            ArchiveError::corrupt(message)
        })?;
        if std::mem::replace(&mut known.is_listed, true) {
            return Err(ArchiveError::corrupt(format!("{name} lists large object {oid} twice")));
        }
        Ok(())
    }

    /// Demands that every one was listed. A list that was emptied is short, and `pg_restore` makes
    /// empty large objects of those that it lacks.
    pub(in crate::archive) fn demand_listed(&self) -> Result<(), ArchiveError> {
        let mut missing = self.all().filter(|known| !known.is_listed).map(|known| known.oid);
        match missing.next() {
            None => Ok(()),
            Some(oid) => Err(ArchiveError::truncated(format!(
                "{} of the {} large objects are not in the list of large objects: the first is \
                 {oid}",
                1 + missing.count(),
                self.count()
            ))),
        }
    }

    /// The names of the files that were not found.
    pub(in crate::archive) fn not_found(&self) -> impl Iterator<Item = String> {
        self.all().filter(|known| !known.is_found).map(|known| large_object_file(known.oid))
    }

    fn all(&self) -> impl Iterator<Item = &Known> {
        self.known.iter().chain(self.unannounced.values())
    }

    /// What is known of an OID; `silent` is the entry of one that was never heard of.
    fn known(&mut self, oid: u32, silent: Option<u32>) -> Option<&mut Known> {
        match self.known.binary_search_by_key(&oid, |known| known.oid) {
            Ok(at) => self.known.get_mut(at),
            Err(_) => {
                let entry = silent?;
                Some(self.unannounced.entry(oid).or_insert_with(|| Known::new(oid, entry)))
            }
        }
    }
}

fn parse_line(line: &[u8]) -> Option<u32> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (oid, file) = line.split_once(' ')?;
    let oid = oid.parse().ok()?;
    (file == large_object_file(oid)).then_some(oid)
}

fn no_line(name: &str, number: u64) -> ArchiveError {
    ArchiveError::corrupt(format!("line {number} of {name} names no large object and its file"))
}
