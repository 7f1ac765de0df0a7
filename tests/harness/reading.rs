//! Reading a backup to its end and nothing else. The fuzz targets share this file, so it needs nothing but
//! the core.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use pgsre_core::archive::{
    ArchiveError, ArchiveItem, ArchiveReader, ArchiveSummary, ReadOptions, TableData,
};
use pgsre_core::backup::Backup;
use pgsre_core::source::{BackupSourceExt, ObjectStoreSource};

/// The objects of one backup and of what lies beside it, by their keys: `shop.dump`, or
/// `shop/toc.dat` and its like.
pub type Objects = BTreeMap<String, Vec<u8>>;

/// Reads the newest backup below a directory strictly to its end, nothing else: in line, or each
/// table's data apart where the format allows it.
///
/// # Errors
/// What is wrong with the archive.
///
/// # Panics
/// Where the directory holds no backup, and where the reader itself is at fault.
pub async fn read(root: &Path, data_apart: bool) -> Result<ArchiveSummary, ArchiveError> {
    let source = ObjectStoreSource::parse(&root.to_string_lossy()).expect("a source");
    read_newest(source, data_apart).await
}

/// The same of objects that lie in memory.
///
/// # Errors
/// As [`read`].
///
/// # Panics
/// As [`read`].
pub async fn read_objects(
    objects: &Objects,
    data_apart: bool,
) -> Result<ArchiveSummary, ArchiveError> {
    let source = ObjectStoreSource::memory();
    for (key, content) in objects {
        source.put(key, content.clone().into()).await.expect("an object in memory");
    }
    read_newest(source, data_apart).await
}

/// Reads the objects in line and with each table's data apart: the two must say the same of them.
///
/// # Errors
/// What is wrong with the archive, as it is read in line.
///
/// # Panics
/// As [`read`], and where the two differ in what they say.
pub async fn read_both_ways(objects: &Objects) -> Result<ArchiveSummary, ArchiveError> {
    let in_line = read_objects(objects, false).await;
    let apart = read_objects(objects, true).await;
    match (&in_line, &apart) {
        (Ok(one), Ok(other)) => assert_eq!(
            (one.copies, one.copy_rows, one.large_objects, one.statements),
            (other.copies, other.copy_rows, other.large_objects, other.statements),
            "in line and apart"
        ),
        (Err(_), Err(_)) => {}
        (one, other) => panic!("in line: {one:?}\napart: {other:?}"),
    }
    in_line
}

async fn read_newest(
    source: ObjectStoreSource,
    data_apart: bool,
) -> Result<ArchiveSummary, ArchiveError> {
    let backup = source.latest().await.expect("a backup");
    let read = read_backup(source, &backup, data_apart).await;
    if let Err(error) = &read {
        // What the reader says where its thread ended without a word.
        assert!(!error.to_string().contains("broke off"), "{}: {error}", backup.key);
    }
    read
}

async fn read_backup(
    source: ObjectStoreSource,
    backup: &Backup,
    data_apart: bool,
) -> Result<ArchiveSummary, ArchiveError> {
    let options = ReadOptions { data_apart, ..ReadOptions::default() };
    let mut reader = ArchiveReader::open(Arc::new(source), backup, options).await?;
    loop {
        match reader.next().await? {
            Some(ArchiveItem::TableData(data)) => read_data(&data).await?,
            Some(ArchiveItem::End(summary)) => return Ok(summary),
            Some(_) => {}
            None => panic!("the archive of {} ends without an end", backup.key),
        }
    }
}

async fn read_data(data: &TableData) -> Result<(), ArchiveError> {
    let mut reader = data.open().await?;
    let mut whole = false;
    while let Some(item) = reader.next().await? {
        whole = matches!(item, ArchiveItem::CopyEnd(_));
    }
    assert!(whole, "the data of {} ends without an end", data.start.table.name);
    Ok(())
}
