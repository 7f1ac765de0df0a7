//! The entries (`ReadToc` in `pg_backup_archiver.c`, `_ReadExtraToc` of each format).

use std::collections::HashSet;
use std::io::Read;

use super::{ArchiveVersion, DataPlace, Entry, Header, Layout};
use crate::archive::{ArchiveError, ArchiveErrorKind, ReadOptions, Section};

/// What the entries may take in memory together: a schema of a million objects takes less.
const MAX_BYTES: usize = 1 << 30;

/// The longest number, description or file name.
const MAX_WORD: usize = 255;

pub(super) fn read_all(
    input: &mut dyn Read,
    header: &Header,
    options: &ReadOptions,
) -> Result<Vec<Entry>, ArchiveError> {
    let count = header.primitives.int(input).map_err(|error| within(error, "its length"))?;
    if count < 0 {
        return Err(ArchiveError::corrupt(format!("a table of contents with {count} entries")));
    }
    let longest = options.max_statement_bytes;
    let mut reader = EntryReader { input, header, longest, left: MAX_BYTES };
    // The count is believed only as far as entries come.
    let mut entries = Vec::new();
    let mut seen = HashSet::new();
    for place in 1..=count {
        let entry = reader.entry().map_err(|error| {
            within(error, &format!("entry {place} of {count}")).at_line(place as u64)
        })?;
        if !seen.insert(entry.dump_id) {
            let message = format!("two entries have the number {}", entry.dump_id);
            return Err(within(ArchiveError::corrupt(message), &format!("entry {place}")));
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn within(error: ArchiveError, place: &str) -> ArchiveError {
    error.within(&format!("in the table of contents, {place}"))
}

struct EntryReader<'a> {
    input: &'a mut dyn Read,
    header: &'a Header,
    /// The longest string that may be a statement.
    longest: usize,
    /// What may still be kept in memory.
    left: usize,
}

impl EntryReader<'_> {
    fn entry(&mut self) -> Result<Entry, ArchiveError> {
        self.keep(size_of::<Entry>())?;
        let version = self.header.version;
        let entry = Entry {
            dump_id: self.dump_id()?,
            had_dumper: self.flag()?,
            table_oid: self.number()?,
            oid: self.number()?,
            tag: self.required(self.longest)?,
            description: self.description()?,
            section: self.section()?,
            definition: self.text()?.unwrap_or_default(),
            drop_statement: self.text()?.unwrap_or_default(),
            copy_statement: self.text()?.unwrap_or_default(),
            namespace: self.text()?,
            tablespace: self.text()?,
            table_access_method: if version >= ArchiveVersion::V1_14 { self.text()? } else { None },
            relation_kind: if version >= ArchiveVersion::V1_16 { self.relation_kind()? } else { 0 },
            owner: self.owner()?,
            dependencies: self.dependencies()?,
            data: self.place()?,
        };
        match (entry.had_dumper, entry.data == DataPlace::None) {
            (true, true) => Err(ArchiveError::corrupt("an entry's data lies nowhere")),
            (false, false) => {
                Err(ArchiveError::corrupt("an entry without data has a place for it"))
            }
            _ => Ok(entry),
        }
    }

    fn dump_id(&mut self) -> Result<i32, ArchiveError> {
        match self.int()? {
            id @ 1.. => Ok(id),
            id => Err(ArchiveError::corrupt(format!("the entry's number is {id}"))),
        }
    }

    fn flag(&mut self) -> Result<bool, ArchiveError> {
        match self.int()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(ArchiveError::corrupt(format!("a flag has the value {other}"))),
        }
    }

    fn section(&mut self) -> Result<Option<Section>, ArchiveError> {
        match self.int()? {
            1 => Ok(None),
            2 => Ok(Some(Section::PreData)),
            3 => Ok(Some(Section::Data)),
            4 => Ok(Some(Section::PostData)),
            other => Err(ArchiveError::corrupt(format!("a section has the number {other}"))),
        }
    }

    fn description(&mut self) -> Result<String, ArchiveError> {
        let text = self.required(MAX_WORD)?;
        let printable = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
        match String::from_utf8(text) {
            Ok(text) if !text.is_empty() && text.as_bytes().iter().all(printable) => Ok(text),
            _ => Err(ArchiveError::corrupt("an entry's type is not a word of ASCII letters")),
        }
    }

    /// A letter of `pg_class.relkind`, or 0.
    fn relation_kind(&mut self) -> Result<u8, ArchiveError> {
        let kind = self.int()?;
        match u8::try_from(kind) {
            Ok(letter) if letter == 0 || letter.is_ascii_alphabetic() => Ok(letter),
            _ => Err(ArchiveError::corrupt(format!("a relation's kind has the number {kind}"))),
        }
    }

    /// The owner, and the mark that stands behind it.
    fn owner(&mut self) -> Result<Option<Vec<u8>>, ArchiveError> {
        let owner = self.text()?;
        self.without_oids()?;
        Ok(owner)
    }

    fn without_oids(&mut self) -> Result<(), ArchiveError> {
        match self.required(MAX_WORD)?.as_slice() {
            b"false" => Ok(()),
            b"true" => Err(ArchiveError::new(
                ArchiveErrorKind::Unsupported,
                "a table WITH OIDS, which no server since PostgreSQL 12 has",
            )
            .with_hint("ALTER TABLE … SET WITHOUT OIDS at the source, then dump again")),
            _ => Err(ArchiveError::corrupt("WITH OIDS is neither true nor false")),
        }
    }

    fn dependencies(&mut self) -> Result<Vec<i32>, ArchiveError> {
        let mut found = Vec::new();
        while let Some(text) = self.header.primitives.string(self.input, MAX_WORD)? {
            self.keep(size_of::<i32>())?;
            found.push(decimal(&text)?);
        }
        Ok(found)
    }

    fn place(&mut self) -> Result<DataPlace, ArchiveError> {
        match self.header.layout {
            Layout::Custom => self.header.primitives.offset(self.input),
            Layout::Tar => file(self.required(MAX_WORD)?),
        }
    }

    fn number(&mut self) -> Result<u32, ArchiveError> {
        decimal(&self.required(MAX_WORD)?)
    }

    fn int(&mut self) -> Result<i32, ArchiveError> {
        self.header.primitives.int(self.input)
    }

    fn required(&mut self, limit: usize) -> Result<Vec<u8>, ArchiveError> {
        let text = self.header.primitives.string(self.input, limit)?;
        let text =
            text.ok_or_else(|| ArchiveError::corrupt("a string that must be there is not"))?;
        self.keep(text.len())?;
        Ok(text)
    }

    fn text(&mut self) -> Result<Option<Vec<u8>>, ArchiveError> {
        let text = self.header.primitives.string(self.input, self.longest)?;
        self.keep(text.as_ref().map_or(0, Vec::len))?;
        Ok(text)
    }

    fn keep(&mut self, bytes: usize) -> Result<(), ArchiveError> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            ArchiveError::new(
                ArchiveErrorKind::Unsupported,
                format!("the table of contents takes more than {MAX_BYTES} bytes"),
            )
            .with_hint("it is held in memory: dump the schemas one by one")
        })?;
        Ok(())
    }
}

/// A number as `%u` and `%d` write it.
fn decimal<T: std::str::FromStr + ToString>(text: &[u8]) -> Result<T, ArchiveError> {
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse::<T>().ok().filter(|number| number.to_string() == text))
        .ok_or_else(|| {
            let text = String::from_utf8_lossy(&text[..text.len().min(20)]).into_owned();
            ArchiveError::corrupt(format!("{text:?} stands where a number must"))
        })
}

/// A file beside the table of contents: no path, nothing hidden.
fn file(name: Vec<u8>) -> Result<DataPlace, ArchiveError> {
    if name.is_empty() {
        return Ok(DataPlace::None);
    }
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    match String::from_utf8(name) {
        Ok(name) if name.as_bytes().iter().all(plain) && !name.starts_with('.') => {
            Ok(DataPlace::File(name))
        }
        _ => {
            Err(ArchiveError::corrupt("the name of an entry's file is not one that pg_dump gives"))
        }
    }
}
