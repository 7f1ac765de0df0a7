#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::archive::ArchiveErrorKind;

/// What `tests/dumps/scripts/make.sh` wrote, with what `pg_restore --list` says of each.
const ARCHIVES: &[(&[u8], &str)] = &[
    (
        include_bytes!("../../../../tests/dumps/scripts/whole_15.dump"),
        include_str!("../../../../tests/dumps/scripts/whole_15.list"),
    ),
    (
        include_bytes!("../../../../tests/dumps/scripts/inserts_15.dump"),
        include_str!("../../../../tests/dumps/scripts/inserts_15.list"),
    ),
    (
        include_bytes!("../../../../tests/dumps/scripts/whole_16.dump"),
        include_str!("../../../../tests/dumps/scripts/whole_16.list"),
    ),
    (
        include_bytes!("../../../../tests/dumps/scripts/whole_17.dump"),
        include_str!("../../../../tests/dumps/scripts/whole_17.list"),
    ),
    (
        include_bytes!("../../../../tests/dumps/scripts/whole_18.dump"),
        include_str!("../../../../tests/dumps/scripts/whole_18.list"),
    ),
    (
        include_bytes!("../../../../tests/dumps/scripts/data_18.dump"),
        include_str!("../../../../tests/dumps/scripts/data_18.list"),
    ),
];

fn read(mut archive: &[u8]) -> Result<Toc, ArchiveError> {
    Toc::read(&mut archive, &ReadOptions::default())
}

fn read_kind(archive: &[u8]) -> ArchiveErrorKind {
    match read(archive) {
        Ok(toc) => panic!("was read: {toc:?}"),
        Err(error) => error.kind(),
    }
}

fn real() -> Toc {
    read(ARCHIVES[0].0).unwrap()
}

/// The bytes of an archive up to its data.
fn table_of_contents(archive: &[u8]) -> &[u8] {
    let mut rest = archive;
    Toc::read(&mut rest, &ReadOptions::default()).unwrap();
    &archive[..archive.len() - rest.len()]
}

/// As `PrintTOCSummary` writes an entry.
fn listed(entry: &Entry) -> String {
    let text = |text: Option<&[u8]>, none: &str| match text {
        None | Some([]) => none.to_owned(),
        Some(text) => String::from_utf8_lossy(text).replace(['\n', '\r'], " "),
    };
    format!(
        "{}; {} {} {} {} {} {}",
        entry.dump_id,
        entry.table_oid,
        entry.oid,
        entry.description,
        text(entry.namespace.as_deref(), "-"),
        text(Some(&entry.tag), ""),
        text(entry.owner.as_deref(), ""),
    )
}

#[test]
fn entries_are_those_that_pg_restore_lists() {
    let special = ["ENCODING", "STDSTRINGS", "SEARCHPATH"];
    for (archive, list) in ARCHIVES {
        let entries = read(archive).unwrap().entries;
        let ours: Vec<String> = entries
            .iter()
            .filter(|entry| !special.contains(&entry.description.as_str()))
            .map(listed)
            .collect();
        assert_eq!(ours, list.lines().collect::<Vec<_>>());
    }
}

#[test]
fn a_header_says_who_dumped_what() {
    let versions = ARCHIVES.iter().map(|(archive, _)| {
        let header = read(archive).unwrap().header;
        assert_eq!(header.layout, Layout::Custom);
        assert_eq!(header.compression, Compression::Gzip);
        assert_eq!(header.primitives, Primitives { int_size: 4, offset_size: 8 });
        assert_eq!(header.database.as_deref(), Some("archive_shop"));
        assert!(header.created.starts_with("20"), "{}", header.created);
        (header.version.minor, header.dumper_major().unwrap())
    });
    let expected = [(14, 15), (14, 15), (15, 16), (16, 17), (16, 18), (16, 18)];
    assert_eq!(versions.collect::<Vec<_>>(), expected);
}

#[test]
fn a_table_of_contents_cut_anywhere_is_truncated() {
    for (archive, _) in [ARCHIVES[0], ARCHIVES[5]] {
        let whole = table_of_contents(archive);
        assert!(read(whole).is_ok());
        for length in 0..whole.len() {
            assert_eq!(read_kind(&whole[..length]), ArchiveErrorKind::Truncated, "at {length}");
        }
    }
}

/// The real entries as another version of `pg_dump` would have written them.
#[test]
fn the_same_entries_are_read_in_every_version_and_size() {
    for minor in 12..=16 {
        for (int_size, offset_size, layout) in
            [(4, 8, Layout::Custom), (8, 4, Layout::Custom), (5, 5, Layout::Tar)]
        {
            let mut toc = real();
            toc.header.version.minor = minor;
            toc.header.primitives = Primitives { int_size, offset_size };
            toc.header.layout = layout;
            for entry in &mut toc.entries {
                if minor < 14 {
                    entry.table_access_method = None;
                }
                if layout == Layout::Tar && entry.had_dumper {
                    entry.data = DataPlace::File(format!("{}.dat", entry.dump_id));
                }
            }
            assert_eq!(read(&toc.encoded()).unwrap(), toc, "1.{minor}");
        }
    }
}

#[test]
fn other_versions_are_named_and_not_read() {
    for (major, minor, revision) in [(1, 11, 0), (1, 17, 0), (2, 0, 0), (1, 14, 1), (0, 14, 0)] {
        let mut toc = real();
        toc.header.version = ArchiveVersion { major, minor, revision };
        let error = read(&toc.encoded()).unwrap_err();
        assert_eq!(error.kind(), ArchiveErrorKind::Unsupported);
        assert!(error.to_string().contains(&format!("{major}.{minor}-{revision}")), "{error}");
    }
}

/// A change to an entry, and what must then be said.
type Harm = (fn(&mut Entry), &'static str);

#[test]
fn what_pg_dump_never_writes_is_corrupt() {
    let harms: &[Harm] = &[
        (|entry| entry.dump_id = 0, "the entry's number is 0"),
        (|entry| entry.dump_id = -5, "the entry's number is -5"),
        (|entry| entry.had_dumper ^= true, "data"),
        (|entry| entry.description.clear(), "type"),
        (|entry| entry.description = "TÄBLE".to_owned(), "type"),
        (|entry| entry.description = "A".repeat(256), "at most 255"),
        (|entry| entry.tag = b"a\0b".to_vec(), "NUL"),
        (|entry| entry.data = DataPlace::Offset(u64::MAX), "place"),
    ];
    for (harm, said) in harms {
        let mut toc = real();
        harm(&mut toc.entries[7]);
        let error = read(&toc.encoded()).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!(error.line(), Some(8), "{error}");
    }
}

#[test]
fn two_entries_of_one_number_are_corrupt() {
    let mut toc = real();
    toc.entries[9].dump_id = toc.entries[3].dump_id;
    assert_eq!(read_kind(&toc.encoded()), ArchiveErrorKind::Corrupt);
}

/// Where the header's parts lie in the real archives.
#[test]
fn a_header_that_pg_dump_never_writes_is_refused() {
    let harmed = |at: usize, byte: u8| {
        let mut archive = ARCHIVES[4].0.to_vec();
        archive[at] = byte;
        archive
    };
    for (at, byte) in
        [(0, b'p'), (8, 0), (8, 9), (9, 0), (9, 9), (10, 2), (11, 4), (12, 2), (13, 61)]
    {
        assert_eq!(read_kind(&harmed(at, byte)), ArchiveErrorKind::Corrupt, "{byte} at {at}");
    }
}

#[test]
fn a_table_with_oids_is_unsupported() {
    let encoded = real().encoded();
    let at = memchr::memmem::find(&encoded, b"\x05\0\0\0false").unwrap();
    let mut with_oids = encoded[..at].to_vec();
    with_oids.extend(b"\x04\0\0\0true");
    with_oids.extend(&encoded[at + 9..]);
    assert_eq!(read_kind(&with_oids), ArchiveErrorKind::Unsupported);
}

#[test]
fn a_length_is_believed_only_as_far_as_bytes_come() {
    let mut toc = real();
    toc.entries.clear();
    let mut head = toc.encoded();
    head.truncate(head.len() - 5);
    let int =
        |value: i32| [&[u8::from(value < 0)][..], &value.unsigned_abs().to_le_bytes()].concat();
    // So many entries, none of which is there.
    assert_eq!(read_kind(&[&head[..], &int(i32::MAX)].concat()), ArchiveErrorKind::Truncated);
    assert_eq!(read_kind(&[&head[..], &int(-1)].concat()), ArchiveErrorKind::Corrupt);
    // An entry whose name is declared to be longer than all that is there, and than any statement.
    let entry = |length: i32| {
        [&head[..], &int(1), &int(1), &int(0), &int(1), b"0", &int(1), b"0", &int(length), b"name"]
            .concat()
    };
    assert_eq!(read_kind(&entry(1 << 20)), ArchiveErrorKind::Truncated);
    assert_eq!(read_kind(&entry(i32::MAX)), ArchiveErrorKind::Unsupported);
    assert_eq!(read_kind(&entry(-2)), ArchiveErrorKind::Corrupt);
    assert_eq!(read_kind(&entry(-1)), ArchiveErrorKind::Corrupt);
}

#[test]
fn a_file_beside_the_table_of_contents_has_no_path() {
    for (name, sound) in [
        ("3456.dat", true),
        ("blobs_12.toc", true),
        ("../3456.dat", false),
        (".dat", false),
        ("a/b", false),
    ] {
        let mut toc = real();
        toc.header.layout = Layout::Tar;
        toc.entries.retain(|entry| !entry.had_dumper);
        toc.entries[0].had_dumper = true;
        toc.entries[0].data = DataPlace::File(name.to_owned());
        assert_eq!(read(&toc.encoded()).is_ok(), sound, "{name}");
    }
}

prop_compose! {
    fn text()(text in vec(1_u8.., 0..20)) -> Vec<u8> {
        text
    }
}

prop_compose! {
    fn entry(version: ArchiveVersion, layout: Layout)(
        had_dumper in any::<bool>(),
        (table_oid, oid) in any::<(u32, u32)>(),
        tag in text(),
        description in "[A-Z][A-Z ]{0,30}",
        section in prop_oneof![
            Just(None), Just(Some(Section::PreData)), Just(Some(Section::Data)), Just(Some(Section::PostData)),
        ],
        (definition, drop_statement, copy_statement) in (text(), text(), text()),
        (namespace, tablespace) in (option::of(text()), option::of(text())),
        (method, relation_kind, owner) in (option::of(text()), b'a'..=b'z', option::of(text())),
        dependencies in vec(any::<i32>(), 0..5),
        (offset, file) in (any::<u32>(), "[a-z0-9][a-z0-9._]{0,9}"),
    ) -> Entry {
        let data = match (had_dumper, layout) {
            (false, _) => DataPlace::None,
            (true, Layout::Custom) if offset % 2 == 0 => DataPlace::Unknown,
            (true, Layout::Custom) => DataPlace::Offset(offset.into()),
            (true, Layout::Tar) => DataPlace::File(file),
        };
        Entry {
            dump_id: 1, had_dumper, table_oid, oid, tag, description, section, definition,
            drop_statement, copy_statement, namespace, tablespace,
            table_access_method: method.filter(|_| version >= ArchiveVersion::V1_14),
            relation_kind: if version >= ArchiveVersion::V1_16 { relation_kind } else { 0 },
            owner, dependencies, data,
        }
    }
}

fn toc() -> impl Strategy<Value = Toc> {
    let layout = prop_oneof![Just(Layout::Custom), Just(Layout::Tar)];
    let sizes = (4_u8..=8, 4_u8..=8);
    let header = real().header;
    (12_u8..=16, layout, sizes).prop_flat_map(move |(minor, layout, (int_size, offset_size))| {
        let version = ArchiveVersion { major: 1, minor, revision: 0 };
        let primitives = Primitives { int_size, offset_size };
        let header = Header { version, layout, primitives, ..header.clone() };
        vec(entry(version, layout), 0..6).prop_map(move |mut entries| {
            for (place, entry) in (1..).zip(&mut entries) {
                entry.dump_id = place;
            }
            let header = header.clone();
            Toc { header, entries }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(toc in toc()) {
        prop_assert_eq!(read(&toc.encoded()).unwrap(), toc);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..400)) {
        drop(read(&bytes));
        // Behind a sound beginning more of it is reached.
        let mut archive = ARCHIVES[0].0[..11].to_vec();
        archive.extend(bytes);
        drop(read(&archive));
    }
}
