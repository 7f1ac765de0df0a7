use jiff::Timestamp;

use super::*;

fn part(key: &&str) -> BackupPart {
    BackupPart { key: (*key).to_owned(), size: 1, modified: Timestamp::UNIX_EPOCH, etag: None }
}

fn keys(keys: &[&str]) -> Vec<(String, BackupFormat, usize)> {
    let mut found: Vec<_> = backups(keys.iter().map(part).collect(), "root")
        .into_iter()
        .map(|backup| (backup.key, backup.format, backup.parts.len()))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn sidecars_hidden_files_and_unfinished_uploads_are_no_backups() {
    let listed =
        ["a.sql.gz", "a.sql.gz.sha256", "a.pgsre.json", ".a.sql", ".x/b.sql", "c.sql.part"];
    assert_eq!(keys(&listed), [("a.sql.gz".to_owned(), BackupFormat::Plain, 1)]);
}

#[test]
fn a_directory_with_a_table_of_contents_is_one_backup() {
    let listed = ["d/shop/0001.dat.gz", "d/shop/toc.dat", "d/shop/blobs/1", "d/other.tar"];
    assert_eq!(
        keys(&listed),
        [
            ("d/other.tar".to_owned(), BackupFormat::Tar, 1),
            ("d/shop".to_owned(), BackupFormat::Directory, 3)
        ]
    );
}

#[test]
fn a_source_that_is_itself_a_directory_dump_is_one_backup() {
    assert_eq!(keys(&["0001.dat", "toc.dat"]), [("root".to_owned(), BackupFormat::Directory, 2)]);
}

#[test]
fn a_name_that_says_nothing_is_of_unknown_format() {
    assert_eq!(format_of("x/latest"), BackupFormat::Unknown);
    assert_eq!(format_of("x/shop.dump"), BackupFormat::Unknown);
    assert_eq!(format_of("x/shop.SQL.zst"), BackupFormat::Plain);
    assert_eq!(format_of("x/shop.pgdump"), BackupFormat::Custom);
}

fn checksum_of(listed: &[&str], key: &str) -> Option<String> {
    let found = backups(listed.iter().map(part).collect(), "root");
    let backup = found.into_iter().find(|backup| backup.key == key)?;
    backup.checksum.map(|part| part.key)
}

#[test]
fn a_checksum_belongs_to_the_backup_whose_name_it_bears() {
    let listed = ["d/a.dump", "d/a.dump.sha256", "d/b.dump", "d/b.dump.SHA256SUM", "d/c.dump"];
    assert_eq!(checksum_of(&listed, "d/a.dump").as_deref(), Some("d/a.dump.sha256"));
    assert_eq!(checksum_of(&listed, "d/b.dump").as_deref(), Some("d/b.dump.SHA256SUM"));
    assert_eq!(checksum_of(&listed, "d/c.dump"), None);
    assert_eq!(keys(&listed).len(), 3);
}

#[test]
fn a_list_of_checksums_is_of_every_backup_beside_it_that_has_none_of_its_own() {
    let listed = ["d/a.dump", "d/a.dump.sha256", "d/b.dump", "d/SHA256SUMS", "e/c.dump"];
    assert_eq!(checksum_of(&listed, "d/a.dump").as_deref(), Some("d/a.dump.sha256"));
    assert_eq!(checksum_of(&listed, "d/b.dump").as_deref(), Some("d/SHA256SUMS"));
    assert_eq!(checksum_of(&listed, "e/c.dump"), None);
    assert_eq!(keys(&listed).len(), 3);
}

#[test]
fn a_directory_dump_takes_the_list_inside_of_it_before_one_beside_it() {
    let inside = ["d/shop/toc.dat", "d/shop/1.dat", "d/shop/sha256sums.txt", "d/SHA256SUMS"];
    assert_eq!(checksum_of(&inside, "d/shop").as_deref(), Some("d/shop/sha256sums.txt"));
    let beside = ["d/shop/toc.dat", "d/shop/1.dat", "d/SHA256SUMS"];
    assert_eq!(checksum_of(&beside, "d/shop").as_deref(), Some("d/SHA256SUMS"));
    let own = ["d/shop/toc.dat", "d/shop/1.dat", "d/shop.sha256"];
    assert_eq!(checksum_of(&own, "d/shop").as_deref(), Some("d/shop.sha256"));
    assert_eq!(checksum_of(&["toc.dat", "SHA256SUMS"], "root").as_deref(), Some("SHA256SUMS"));
}

#[test]
fn data_files_without_their_table_of_contents_are_one_backup_beside_others() {
    let listed = ["d/3456.dat.gz", "d/3457.dat", "d/blobs_12.toc", "d/blob_99.dat", "d/b.sql"];
    let found = [
        ("d".to_owned(), BackupFormat::Directory, 4),
        ("d/b.sql".to_owned(), BackupFormat::Plain, 1),
    ];
    assert_eq!(keys(&listed), found);
}

#[test]
fn a_dump_that_is_named_after_its_day_is_no_data_file() {
    let listed = ["20261122.dat", "20261123.dat.gz"];
    assert!(keys(&listed).iter().all(|(_, format, _)| *format == BackupFormat::Unknown));
}

#[test]
fn a_dump_inside_of_another_is_one_of_its_own() {
    let listed =
        ["d/toc.dat", "d/1.dat", "d/x/toc.dat.gz", "d/x/2.dat", "d/x/y/3.dat", "d/z/4.dat"];
    assert_eq!(
        keys(&listed),
        [
            ("d".to_owned(), BackupFormat::Directory, 3),
            ("d/x".to_owned(), BackupFormat::Directory, 3)
        ]
    );
}

#[test]
fn an_upload_that_is_not_finished_is_a_part_of_the_dump_that_it_lies_in() {
    let listed = ["d/toc.dat", "d/1.dat.gz.part", "d/README.md", "d/.2.dat.gz.x", "e.dump.part"];
    assert_eq!(keys(&listed), [("d".to_owned(), BackupFormat::Directory, 2)]);
}

fn manifest_of(listed: &[&str], key: &str) -> Option<String> {
    let found = backups(listed.iter().map(part).collect(), "root");
    let backup = found.into_iter().find(|backup| backup.key == key)?;
    backup.manifest.map(|part| part.key)
}

#[test]
fn a_manifest_belongs_to_the_backup_whose_whole_name_it_bears() {
    let listed =
        ["d/a.dump", "d/a.dump.pgsre.json", "d/b/toc.dat", "d/b.pgsre.json", "e/a.dump", "c.sql"];
    assert_eq!(manifest_of(&listed, "d/a.dump").as_deref(), Some("d/a.dump.pgsre.json"));
    assert_eq!(manifest_of(&listed, "d/b").as_deref(), Some("d/b.pgsre.json"));
    assert_eq!(manifest_of(&listed, "e/a.dump"), None);
    assert_eq!(manifest_of(&listed, "c.sql"), None);
}

#[test]
fn the_manifest_of_a_dump_that_is_the_source_lies_beside_the_source() {
    let listed = ["toc.dat", "1.dat", "../root.pgsre.json"];
    assert_eq!(manifest_of(&listed, "root").as_deref(), Some("../root.pgsre.json"));
    assert_eq!(manifest_of(&["toc.dat", "root.pgsre.json"], "root"), None);
}

fn listed(listed: &[&str]) -> Vec<String> {
    keys(listed).into_iter().map(|(key, ..)| key).collect()
}

#[test]
fn globals_beside_their_backup_are_no_backup_and_alone_they_are_one() {
    assert_eq!(listed(&["d/a.dump", "d/a.dump.globals.sql"]), ["d/a.dump"]);
    assert_eq!(listed(&["d/b/toc.dat", "d/b.globals.sql"]), ["d/b"]);
    assert_eq!(listed(&["d/a.dump.globals.sql", "a.dump"]), ["a.dump", "d/a.dump.globals.sql"]);
}

#[test]
fn a_backup_that_is_marked_as_unfinished_is_not_listed_before_its_manifest_is_there() {
    let parts = ["a.dump", "a.dump.globals.sql", "b/1.dat", "b.globals.sql", "c.dump"];
    let marks = ["a.dump.pgsre.unfinished", "b.pgsre.unfinished"];
    assert_eq!(listed(&[parts.as_slice(), &marks].concat()), ["c.dump"]);
    assert_eq!(listed(&["a.dump.globals.sql", marks[0]]), Vec::<String>::new());
    let manifests = ["a.dump.pgsre.json", "b.pgsre.json"];
    let whole = listed(&[parts.as_slice(), &marks, &manifests].concat());
    assert_eq!(whole, ["a.dump", "b", "c.dump"]);
    assert_eq!(listed(&parts), ["a.dump", "b", "c.dump"]);
}
