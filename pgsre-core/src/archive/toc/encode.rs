//! Writes a table of contents as `pg_dump` does (`WriteHead`, `WriteToc`), for tests.

#![expect(clippy::unwrap_used, reason = "tests")]

use super::{ArchiveVersion, DataPlace, Entry, Header, Layout, Primitives, Toc};
use crate::archive::Section;
use crate::backup::Compression;

impl Toc {
    /// The archive up to its data.
    pub(in crate::archive) fn encoded(&self) -> Vec<u8> {
        let mut writer = Writer { bytes: Vec::new(), header: &self.header };
        writer.head();
        writer.int(self.entries.len() as i64);
        for entry in &self.entries {
            writer.entry(entry);
        }
        writer.bytes
    }
}

struct Writer<'a> {
    bytes: Vec<u8>,
    header: &'a Header,
}

impl Writer<'_> {
    fn head(&mut self) {
        let Header { version, layout, primitives, compression, created, .. } = self.header;
        let Primitives { int_size, offset_size } = *primitives;
        let layout = if *layout == Layout::Custom { 1 } else { 3 };
        self.bytes.extend(b"PGDMP");
        self.bytes.extend([version.major, version.minor, version.revision]);
        self.bytes.extend([int_size, offset_size, layout]);
        match (*version >= ArchiveVersion::V1_15, compression) {
            (true, Compression::None) => self.bytes.push(0),
            (true, Compression::Gzip) => self.bytes.push(1),
            (true, Compression::Lz4) => self.bytes.push(2),
            (true, Compression::Zstd) => self.bytes.push(3),
            (false, Compression::None) => self.int(0),
            (false, _) => self.int(-1),
        }
        let part = |from: usize, to: usize| created[from..to].parse::<i64>().unwrap();
        for value in [part(17, 19), part(14, 16), part(11, 13), part(8, 10), part(5, 7) - 1] {
            self.int(value);
        }
        self.int(part(0, 4) - 1900);
        self.int(0);
        for text in [&self.header.database, &self.header.server_version, &self.header.dumped_by] {
            self.string(text.as_deref().map(str::as_bytes));
        }
    }

    fn entry(&mut self, entry: &Entry) {
        let version = self.header.version;
        self.int(entry.dump_id.into());
        self.int(entry.had_dumper.into());
        self.word(entry.table_oid);
        self.word(entry.oid);
        self.string(Some(&entry.tag));
        self.string(Some(entry.description.as_bytes()));
        self.int(match entry.section {
            None => 1,
            Some(Section::PreData) => 2,
            Some(Section::Data) => 3,
            Some(Section::PostData) => 4,
        });
        for text in [&entry.definition, &entry.drop_statement, &entry.copy_statement] {
            self.string((!text.is_empty()).then_some(text));
        }
        self.string(entry.namespace.as_deref());
        self.string(entry.tablespace.as_deref());
        if version >= ArchiveVersion::V1_14 {
            self.string(entry.table_access_method.as_deref());
        }
        if version >= ArchiveVersion::V1_16 {
            self.int(entry.relation_kind.into());
        }
        self.string(entry.owner.as_deref());
        self.word("false");
        for dependency in &entry.dependencies {
            self.word(dependency);
        }
        self.string(None);
        match &entry.data {
            DataPlace::File(name) => self.word(name),
            DataPlace::None if self.header.layout == Layout::Tar => self.word(""),
            DataPlace::None => self.offset(3, 0),
            DataPlace::Unknown => self.offset(1, 0),
            DataPlace::Offset(offset) => self.offset(2, *offset),
        }
    }

    fn int(&mut self, value: i64) {
        self.bytes.push(u8::from(value < 0));
        self.magnitude(value.unsigned_abs(), self.header.primitives.int_size);
    }

    fn word(&mut self, value: impl ToString) {
        self.string(Some(value.to_string().as_bytes()));
    }

    fn string(&mut self, text: Option<&[u8]>) {
        self.int(text.map_or(-1, |text| text.len() as i64));
        self.bytes.extend(text.unwrap_or_default());
    }

    fn offset(&mut self, flag: u8, offset: u64) {
        self.bytes.push(flag);
        self.magnitude(offset, self.header.primitives.offset_size);
    }

    fn magnitude(&mut self, value: u64, size: u8) {
        self.bytes.extend(&value.to_le_bytes()[..usize::from(size)]);
    }
}
