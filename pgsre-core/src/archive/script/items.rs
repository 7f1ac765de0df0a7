//! From entries to items, one entry at a time (`restore_toc_entry`, `_printTocEntry`).

use std::collections::VecDeque;
use std::collections::vec_deque;

use bytes::Bytes;

use super::plan::Step;
use super::session::{self, Session};
use super::{Script, large_object, owner};
use crate::archive::toc::Entry;
use crate::archive::{ArchiveError, ArchiveItem, Connect, Section, Statement, StatementKind};

/// The items of some entries. Nothing comes after an error.
#[derive(Debug)]
pub(super) struct Items<'a> {
    script: &'a Script,
    steps: std::slice::Iter<'a, Step>,
    session: Session<'a>,
    section: Section,
    /// The settings of a new session come first.
    opens: bool,
    /// What was made of the last entry.
    ready: VecDeque<ArchiveItem>,
}

impl<'a> Items<'a> {
    pub(super) fn new(script: &'a Script, steps: &'a [Step]) -> Self {
        Self {
            script,
            steps: steps.iter(),
            session: Session::default(),
            section: Section::PreData,
            opens: false,
            ready: VecDeque::new(),
        }
    }

    /// The same, behind the settings of a new session.
    pub(super) fn opening(script: &'a Script, steps: &'a [Step]) -> Self {
        Self { opens: true, ..Self::new(script, steps) }
    }

    /// What comes next; `None` at the end.
    fn more(&mut self) -> Option<Result<VecDeque<ArchiveItem>, ArchiveError>> {
        if std::mem::take(&mut self.opens) {
            return Some(self.script.opening(1));
        }
        let step = *self.steps.next()?;
        Some(self.entry(step).map_err(|error| self.script.at(step.place, error)))
    }

    fn entry(&mut self, step: Step) -> Result<VecDeque<ArchiveItem>, ArchiveError> {
        let entry = &self.script.toc.entries[step.place];
        if step.section != self.section {
            // What runs in another section runs in another order, and maybe in another session.
            self.section = step.section;
            self.session = Session::default();
        }
        let mut items = VecDeque::new();
        let script = self.script;
        let mut add = |sql: &[u8]| script.statements(sql, step, &mut items);
        add(&self.session.select(entry, self.script.settings.by_schema()))?;
        for sql in self.script.definition(entry)? {
            add(&sql)?;
        }
        if entry.description != "BLOB METADATA" {
            add(&owner::statement(entry)?)?;
        }
        add(&session::access_method(entry))?;
        if matches!(entry.description.as_str(), "DATABASE" | "DATABASE PROPERTIES") {
            items.extend(self.connect(entry, step)?);
        }
        Ok(items)
    }

    /// To the database that was just made, or whose settings have just changed.
    fn connect(
        &mut self,
        entry: &Entry,
        step: Step,
    ) -> Result<impl Iterator<Item = ArchiveItem> + use<>, ArchiveError> {
        self.session = Session::default();
        let database = String::from_utf8_lossy(&entry.tag).into_owned();
        let connect = ArchiveItem::Connect(Connect { database, line: line(step.place) });
        let opening: vec_deque::IntoIter<_> = self.script.opening(line(step.place))?.into_iter();
        Ok(std::iter::once(connect).chain(opening))
    }
}

impl Iterator for Items<'_> {
    type Item = Result<ArchiveItem, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(Ok(item));
            }
            match self.more()? {
                Ok(items) => self.ready = items,
                Err(error) => {
                    self.steps = [].iter();
                    return Some(Err(error));
                }
            }
        }
    }
}

/// The place of an entry as people count it.
pub(super) fn line(place: usize) -> u64 {
    place as u64 + 1
}

impl Script {
    /// The text that makes the entry's object: one piece, or one for each statement about several
    /// large objects.
    fn definition(&self, entry: &Entry) -> Result<Vec<Vec<u8>>, ArchiveError> {
        match entry.description.as_str() {
            "BLOB METADATA" => Ok(vec![large_object::created(entry)?]),
            "ACL" if entry.tag.starts_with(b"LARGE OBJECTS") => self.privileges(entry),
            _ => Ok(vec![entry.definition.clone()]),
        }
    }

    /// From 17 on privileges are written for the first large object of an entry and stand for all.
    fn privileges(&self, entry: &Entry) -> Result<Vec<Vec<u8>>, ArchiveError> {
        let owned = entry.dependencies.first().and_then(|id| self.entry_of(*id));
        let owned =
            owned.filter(|entry| entry.description == "BLOB METADATA").ok_or_else(|| {
                ArchiveError::corrupt("privileges on large objects that the archive does not have")
            })?;
        let oids = large_object::listed(owned)?;
        let statements = self.definitions.split(&entry.definition)?;
        statements.iter().map(|(sql, _)| large_object::for_each(sql, &oids)).collect()
    }

    /// The settings of a new session, at this place of the table of contents.
    fn opening(&self, line: u64) -> Result<VecDeque<ArchiveItem>, ArchiveError> {
        let statements = self.definitions.split(&self.settings.opening())?;
        let item = |(sql, kind)| {
            let section = Section::PreData;
            let (entry, dependencies) = (None, None);
            ArchiveItem::Statement(Statement { sql, line, kind, entry, section, dependencies })
        };
        Ok(statements.into_iter().map(item).collect())
    }

    fn statements(
        &self,
        text: &[u8],
        step: Step,
        items: &mut VecDeque<ArchiveItem>,
    ) -> Result<(), ArchiveError> {
        for (sql, kind) in self.definitions.split(text)? {
            items.push_back(ArchiveItem::Statement(self.statement(sql, kind, step)?));
        }
        Ok(())
    }

    pub(super) fn statement(
        &self,
        sql: Bytes,
        kind: StatementKind,
        step: Step,
    ) -> Result<Statement, ArchiveError> {
        if let StatementKind::CopyIn(_) = kind {
            return Err(ArchiveError::corrupt("a definition holds COPY, whose data is nowhere"));
        }
        let entry = &self.toc.entries[step.place];
        Ok(Statement {
            sql,
            line: line(step.place),
            kind,
            entry: Some(entry.comment()),
            section: step.section,
            dependencies: Some(entry.needs()),
        })
    }

    /// The error at this place of the table of contents.
    pub(super) fn at(&self, place: usize, error: ArchiveError) -> ArchiveError {
        let entry = self.toc.entries[place].comment();
        let line = line(place);
        error
            .within(&format!(
                "in the table of contents, entry {line}: {} {}",
                entry.kind, entry.name
            ))
            .at_line(line)
    }
}
