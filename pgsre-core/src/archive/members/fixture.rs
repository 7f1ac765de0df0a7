//! Small real archives of many members, whole and harmed.

use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;

use crate::archive::tar::Container;
use crate::archive::{
    ArchiveError, ArchiveItem, ArchiveReader, ArchiveSummary, DataReader, ReadOptions,
};
use crate::source::{BackupSourceExt, ObjectStoreSource};

macro_rules! archives {
    ($($name:literal),*) => {
        /// What `tests/dumps/members.sh` wrote.
        const ARCHIVES: &[(&str, &[u8])] = &[$((
            $name,
            include_bytes!(concat!("../../../../tests/dumps/members/", $name, ".tar.gz")),
        )),*];
    };
}

archives!(
    "tar_15",
    "tar_18",
    "tar_inserts_15",
    "directory_15",
    "directory_lz4_17",
    "directory_zstd_17",
    "directory_plain_18",
    "directory_data_15"
);

/// A tar of `pg_dump`, or a directory that was packed.
pub(in crate::archive) fn tar(name: &str) -> Vec<u8> {
    let (_, packed) = ARCHIVES.iter().find(|(known, _)| *known == name).unwrap();
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(*packed).read_to_end(&mut tar).unwrap();
    tar
}

/// The files of a tar, under `shop/`.
pub(in crate::archive) fn files(name: &str) -> Vec<(String, Bytes)> {
    let tar = tar(name);
    let mut container = Container::new(tar.as_slice());
    let mut files = Vec::new();
    while let Some(member) = container.next().unwrap() {
        let mut content = Vec::new();
        container.read_to_end(&mut content).unwrap();
        let name = member.name.rsplit('/').next().unwrap();
        files.push((format!("shop/{name}"), Bytes::from(content)));
    }
    files
}

/// What an archive holds, to be compared with another.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::archive) struct Contents {
    pub(in crate::archive) statements: Vec<Bytes>,
    /// Tables and their rows, by the names of the tables.
    pub(in crate::archive) tables: Vec<(String, Vec<u8>)>,
    pub(in crate::archive) large_objects: Vec<(u32, Vec<u8>)>,
}

/// Reads the only backup of these objects to its end.
pub(in crate::archive) async fn read(
    objects: &[(String, Bytes)],
    options: ReadOptions,
) -> Result<(Contents, ArchiveSummary), ArchiveError> {
    let source = ObjectStoreSource::memory();
    for (key, content) in objects {
        source.put(key, content.clone()).await.unwrap();
    }
    let backup = source.latest().await.unwrap();
    let mut reader = ArchiveReader::open_apart_from(Arc::new(source), &backup, options, 0).await?;
    let mut contents = Contents::default();
    let mut apart = Vec::new();
    let mut end = None;
    while let Some(item) = next(&mut reader, &mut apart, &mut contents).await? {
        match item {
            ArchiveItem::End(summary) => end = Some(summary),
            other => contents.add(other),
        }
    }
    contents.tables.sort();
    Ok((contents, end.unwrap()))
}

/// The next item; while the end waits for data that lies apart, that is read.
async fn next(
    reader: &mut ArchiveReader,
    apart: &mut Vec<(String, DataReader)>,
    contents: &mut Contents,
) -> Result<Option<ArchiveItem>, ArchiveError> {
    let item = reader.next();
    let mut item = std::pin::pin!(item);
    loop {
        let Some((name, mut data)) = apart.pop() else { break };
        let mut rows = Vec::new();
        while let Some(item) = data.next().await? {
            if let ArchiveItem::CopyData(data) = item {
                rows.extend_from_slice(&data);
            }
        }
        contents.tables.push((name, rows));
    }
    let item = item.as_mut().await?;
    if let Some(ArchiveItem::TableData(table)) = &item {
        apart.push((table.start.table.name.clone(), table.open().await?));
    }
    Ok(item)
}

impl Contents {
    fn add(&mut self, item: ArchiveItem) {
        match item {
            ArchiveItem::Statement(statement) => self.statements.push(statement.sql),
            ArchiveItem::CopyStart(start) => self.tables.push((start.table.name, Vec::new())),
            ArchiveItem::CopyData(data) => self.tables.last_mut().unwrap().1.extend(data),
            ArchiveItem::LargeObjectStart(start) => {
                self.large_objects.push((start.oid, Vec::new()));
            }
            ArchiveItem::LargeObjectData(data) => {
                self.large_objects.last_mut().unwrap().1.extend(data);
            }
            _ => {}
        }
    }
}
