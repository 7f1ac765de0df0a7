//! An archive and a plain dump of one database say the same: whoever loads them sees one flow.

use std::collections::HashMap;
use std::sync::Arc;

use pgsre_core::archive::{
    ArchiveItem, ArchiveReader, LargeObjectCall, ReadOptions, Section, StatementKind,
};
use pgsre_core::source::{BackupSourceExt, ObjectStoreSource};
use pgsre_tests::harness::archive::{Objects, Way, dump, lay};
use pgsre_tests::harness::server::Server;

/// Options of a plain dump, and of an archive that says the same. An archive always creates its
/// database, and what concerns text only is for `pg_restore` to say.
const WAYS: &[(&[&str], &[&str])] = &[
    (&["--create"], &[]),
    (&["--create", "--clean", "--if-exists"], &["--clean", "--if-exists", "--no-owner"]),
    (&["--create", "--inserts"], &["--inserts"]),
    (&["--create", "--section=pre-data"], &["--section=pre-data"]),
    (&["--create", "--section=data"], &["--section=data"]),
    (&["--create", "--section=post-data"], &["--section=post-data"]),
    (&["--create", "--schema-only"], &["--schema-only"]),
    (&["--create", "--schema=public"], &["--schema=public"]),
    (&["--create", "--no-privileges", "--no-comments"], &["--no-privileges", "--no-comments"]),
    (&["--create", "--encoding=UTF8"], &["--encoding=UTF8"]),
];

#[tokio::test]
async fn archives_of_every_kind_of_object_say_what_plain_dumps_say() {
    let server = Server::start(15).await;
    server.create_from("every kind", "", "every_kind.sql");
    server.sql("every kind", b"comment on database \"every kind\" is 'all of it'");
    server.sql("every kind", b"alter database \"every kind\" set work_mem = '8MB'");
    for major in [15, 16, 17] {
        assert_same(&server, "every kind", major).await;
    }
    let server = Server::start(18).await;
    server.create_from("every kind", "", "every_kind.sql");
    assert_same(&server, "every kind", 18).await;
}

#[tokio::test]
async fn archives_in_another_encoding_say_what_plain_dumps_say() {
    let server = Server::start(15).await;
    server.create_from("latin", "template template0 encoding 'LATIN1' locale 'C'", "latin1.sql");
    server.create_from("shop", "", "shop.sql");
    assert_same(&server, "latin", 15).await;
    assert_same(&server, "shop", 17).await;
}

async fn assert_same(server: &Server, database: &str, major: u32) {
    for (plain, archive) in WAYS {
        let way = |format, arguments| Way::new(major, format, "").with(arguments);
        let theirs = said(dump(server, database, way("p", plain))).await;
        let ours = said(dump(server, database, way("c", archive))).await;
        assert!(theirs.len() > 20, "{database}, {}", way("p", plain));
        for (place, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            assert_eq!(ours, theirs, "{database}, {}, statement {place}", way("c", archive));
        }
        assert_eq!(ours.len(), theirs.len(), "{database}, {}", way("c", archive));
    }
}

/// What a backup tells a server to do, in the order of `pg_restore`.
async fn said(backup: Objects) -> Vec<String> {
    let root = lay(&backup);
    let source = ObjectStoreSource::parse(&root.path().to_string_lossy()).expect("a source");
    let backup = source.latest().await.expect("a backup");
    let options = ReadOptions::default();
    let mut reader =
        ArchiveReader::open(Arc::new(source), &backup, options).await.expect("a backup");
    let archive = reader.preamble().format != pgsre_core::backup::BackupFormat::Plain;
    let mut found = Vec::new();
    while let Some(item) = reader.next().await.expect("a sound backup") {
        if let Some(words) = words(&item) {
            found.push((if archive { place(&item) } else { (0, 0) }, words));
        }
    }
    found.sort_by_key(|(place, _)| *place);
    without_repeats(found.into_iter().map(|(_, words)| words))
}

/// Statements of the post-data section come before the data in an archive, and makers of large
/// objects before all data; in the table of contents both stand elsewhere.
fn place(item: &ArchiveItem) -> (u8, u64) {
    match item {
        ArchiveItem::Statement(statement) => match statement.section {
            Section::PreData => (0, 0),
            Section::Data => (1, statement.line),
            Section::PostData => (2, 0),
        },
        ArchiveItem::CopyStart(start) => (1, start.line),
        _ => (0, 0),
    }
}

/// An item, whatever quotes its names have. The data of large objects is in statements only in a
/// plain dump, and an archive has no use for its `DROP` statements.
fn words(item: &ArchiveItem) -> Option<String> {
    let sql = match item {
        ArchiveItem::Statement(statement) => match statement.kind {
            StatementKind::Begin
            | StatementKind::Commit
            | StatementKind::Drop
            | StatementKind::Database { verb: "DROP DATABASE", .. }
            | StatementKind::LargeObject(
                LargeObjectCall::Open(_)
                | LargeObjectCall::Write
                | LargeObjectCall::Close
                | LargeObjectCall::Unlink(_),
            ) => None,
            _ => Some(&statement.sql),
        },
        ArchiveItem::CopyStart(start) => Some(&start.sql),
        ArchiveItem::Connect(connect) => return Some(format!("connect {}", connect.database)),
        _ => None,
    }?;
    let text = String::from_utf8_lossy(sql).replace('"', "");
    // Any relation is given to its owner by ALTER TABLE too, as up to pg_dump 15.
    let relation = ["ALTER VIEW ", "ALTER MATERIALIZED VIEW ", "ALTER SEQUENCE "]
        .iter()
        .find_map(|kind| text.strip_prefix(kind))
        .filter(|rest| rest.contains(" OWNER TO "));
    Some(relation.map_or(text.clone(), |rest| format!("ALTER TABLE {rest}")))
}

/// Without settings that are in force already: each section of an archive makes its own.
fn without_repeats(said: impl Iterator<Item = String>) -> Vec<String> {
    let mut in_force: HashMap<String, String> = HashMap::new();
    said.filter(|words| {
        if words.starts_with("connect ") {
            in_force.clear();
        }
        match words.split_once(" = ") {
            Some((name, value)) if name.starts_with("SET default_") => {
                in_force.insert(name.to_owned(), value.to_owned()).as_deref() != Some(value)
            }
            _ => true,
        }
    })
    .collect()
}
