#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::archive::reader::collect;
use crate::archive::script::Inserts;
use crate::archive::{ArchiveErrorKind, Dependencies, EntryComment, StatementKind};

fn table_name() -> ObjectName {
    ObjectName { schema: Some("public".to_owned()), name: "orders".to_owned() }
}

/// COPY data as a format's reader hands it over: what came of it before the end or the error.
fn copied(data: &[u8]) -> (Vec<u8>, Result<CopyEnd, ArchiveError>) {
    let mut rows = Vec::new();
    let mut end = None;
    let (items, outcome) = collect(|outbox| {
        end = Some(copy(&mut &*data, &table_name(), outbox)?);
        Ok(())
    });
    for item in items {
        match item {
            ArchiveItem::CopyData(piece) => rows.extend_from_slice(&piece),
            other => panic!("{other:?}"),
        }
    }
    (rows, outcome.map(|()| end.unwrap()))
}

#[test]
fn copy_data_ends_in_its_mark_and_two_line_ends() {
    let (rows, end) = copied(b"1\ta\n2\tb\n\\.\n\n\n");
    assert_eq!(rows, b"1\ta\n2\tb\n");
    assert_eq!(end.unwrap(), CopyEnd { rows: 2, bytes: 8 });
    let (rows, end) = copied(b"\\.\n\n\n");
    assert_eq!((rows.as_slice(), end.unwrap()), (&b""[..], CopyEnd { rows: 0, bytes: 0 }));
}

#[test]
fn copy_data_cut_anywhere_is_truncated() {
    let whole = b"1\ta\n2\tb\n\\.\n\n\n";
    for length in 0..whole.len() {
        let error = copied(&whole[..length]).1.unwrap_err();
        assert_eq!(error.kind(), ArchiveErrorKind::Truncated, "{length}");
        assert!(error.to_string().contains("public.orders"), "{error}");
    }
}

#[test]
fn bytes_behind_the_mark_of_copy_data_are_corrupt() {
    for data in [
        &b"1\n\\.\n\n\n\n"[..],
        b"1\n\\.\n1\n",
        b"1\n\\.\n\nSELECT 1;\n",
        b"1\n\\.\n\n\n1\n\\.\n\n\n",
    ] {
        assert_eq!(copied(data).1.unwrap_err().kind(), ArchiveErrorKind::Corrupt);
    }
}

fn entry() -> DataEntry {
    let how = Inserts {
        table: table_name(),
        search_path: None,
        standard_conforming_strings: true,
        client_encoding: "UTF8".to_owned(),
    };
    DataEntry {
        dump_id: 7,
        line: 3,
        place: crate::archive::toc::DataPlace::Unknown,
        entry: EntryComment {
            name: "orders".to_owned(),
            kind: "TABLE DATA".to_owned(),
            schema: Some("public".to_owned()),
            owner: None,
        },
        dependencies: Dependencies { id: 7, needs: [].into() },
        kind: DataKind::Insert(how),
    }
}

/// The rows of each statement, as a `pg_dump` of this version would have written them.
fn inserted(data: &[u8], dumped_by: &str) -> Result<Vec<u64>, ArchiveError> {
    let DataKind::Insert(how) = entry().kind else { panic!("no INSERT") };
    let (items, outcome) = collect(|outbox| {
        let silent = root::may_be_silent(Some(dumped_by));
        let parser = InsertParser::new(&how, silent, 1 << 20);
        inserts(&mut &*data, parser, &entry(), outbox)
    });
    outcome?;
    let rows = items.into_iter().map(|item| match item {
        ArchiveItem::Statement(Statement { kind: StatementKind::Insert { rows, .. }, .. }) => {
            rows.unwrap_or(1)
        }
        ArchiveItem::EmptyData(_) => 0,
        other => panic!("{other:?}"),
    });
    Ok(rows.collect())
}

const INSERTS: &[u8] = b"INSERT INTO public.orders VALUES (1, 'a;b');\n\
    INSERT INTO public.orders VALUES\n\t(2, 'c'),\n\t(3, '\\') ON CONFLICT DO NOTHING;\n\
    INSERT INTO public.orders DEFAULT VALUES;\n\n\n";

#[test]
fn inserts_end_in_two_blank_lines() {
    assert_eq!(inserted(INSERTS, "18.4").unwrap(), [1, 2, 1]);
    assert_eq!(inserted(b"\n\n", "18.4").unwrap(), [0]);
}

#[test]
fn inserts_cut_anywhere_are_truncated() {
    for length in 0..INSERTS.len() {
        let error = inserted(&INSERTS[..length], "18.4").unwrap_err();
        assert_eq!(error.kind(), ArchiveErrorKind::Truncated, "{length}: {error}");
        assert!(error.to_string().contains("public.orders"), "{error}");
    }
}

#[test]
fn anything_but_inserts_into_the_table_is_refused() {
    for (data, kind) in [
        (&b"INSERT INTO public.other VALUES (1);\n\n\n"[..], ArchiveErrorKind::Corrupt),
        (b"CREATE TABLE public.orders (x integer);\n\n\n", ArchiveErrorKind::Corrupt),
        (b"DELETE FROM public.orders;\n\n\n", ArchiveErrorKind::ForbiddenCommand),
        (b"-- a comment\n\n\n", ArchiveErrorKind::Corrupt),
        (b"\\! ls\n\n\n", ArchiveErrorKind::Corrupt),
        (b"INSERT INTO public.orders VALUES (1);\n\n\n\n", ArchiveErrorKind::Corrupt),
        (b"\n\n\n", ArchiveErrorKind::Corrupt),
        (b"ALTER SYSTEM SET work_mem = 1;\n\n\n", ArchiveErrorKind::ForbiddenCommand),
    ] {
        let error = inserted(data, "18.4").unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[test]
fn an_old_dump_may_name_a_partition_root_but_only_one() {
    let root = b"INSERT INTO public.root VALUES (1);\nINSERT INTO public.root VALUES (2);\n\n\n";
    assert_eq!(inserted(root, "14.7").unwrap(), [1, 1]);
    assert_eq!(inserted(root, "14.8").unwrap_err().kind(), ArchiveErrorKind::Corrupt);
    let two = b"INSERT INTO public.root VALUES (1);\nINSERT INTO public.x VALUES (2);\n\n\n";
    assert_eq!(inserted(two, "14.7").unwrap_err().kind(), ArchiveErrorKind::Corrupt);
}

#[test]
fn a_large_object_may_be_empty() {
    for data in [&b""[..], b"abc"] {
        let (items, outcome) = collect(|outbox| large_object(&mut &*data, 5, 3, outbox));
        outcome.unwrap();
        let start = LargeObjectStart { oid: 5, line: 3 };
        assert!(matches!(&items[0], ArchiveItem::LargeObjectStart(found) if *found == start));
        let bytes = data.len() as u64;
        let end = LargeObjectEnd { bytes };
        assert!(matches!(items.last(), Some(ArchiveItem::LargeObjectEnd(found)) if *found == end));
    }
}

/// Each codec, with `data` packed for it.
fn packed(data: &[u8]) -> Vec<(Codec, Vec<u8>)> {
    use std::io::Write;
    let level = flate2::Compression::default();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), level);
    zlib.write_all(data).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), level);
    gzip.write_all(data).unwrap();
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    lz4.write_all(data).unwrap();
    vec![
        (Codec::None, data.to_vec()),
        (Codec::Zlib, zlib.finish().unwrap()),
        (Codec::Gzip, gzip.finish().unwrap()),
        (Codec::Lz4, lz4.finish().unwrap()),
        (Codec::Zstd, zstd::encode_all(data, 3).unwrap()),
    ]
}

fn unpacked(codec: Codec, mut packed: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    let mut data = Vec::new();
    codec.unpack(&mut packed)?.read_to_end(&mut data).map_err(ArchiveError::from_io)?;
    Ok(data)
}

#[test]
fn every_codec_demands_its_end_and_nothing_behind_it() {
    let data = b"some rows\n".repeat(300);
    for (codec, packed) in packed(&data) {
        assert_eq!(unpacked(codec, &packed).unwrap(), data, "{codec:?}");
        for length in 0..packed.len() {
            let cut = unpacked(codec, &packed[..length]);
            assert!(codec == Codec::None || cut.is_err(), "{codec:?} cut at {length}");
        }
        let behind = unpacked(codec, &[&packed, &b"x"[..]].concat());
        assert!(codec == Codec::None || behind.is_err(), "{codec:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn copy_data_in_any_codec_comes_out_as_it_went_in(
        rows in proptest::collection::vec("[a-z\\\\.\t]{0,40}", 0..200),
    ) {
        let rows: String =
            rows.iter().filter(|row| *row != "\\.").map(|row| format!("{row}\n")).collect();
        let data = format!("{rows}\\.\n\n\n");
        for (codec, packed) in packed(data.as_bytes()) {
            let data = unpacked(codec, &packed).unwrap();
            let (found, end) = copied(&data);
            prop_assert_eq!(&found, rows.as_bytes());
            prop_assert_eq!(end.unwrap().bytes, rows.len() as u64);
        }
    }

    #[test]
    fn no_bytes_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        prefix in proptest::sample::select(vec![0, 10, 50]),
    ) {
        for codec in [Codec::None, Codec::Zlib, Codec::Gzip, Codec::Lz4, Codec::Zstd] {
            let head = packed(b"some rows").into_iter().find(|(of, _)| *of == codec).unwrap().1;
            let harmed = [&head[..head.len().min(prefix)], &bytes].concat();
            drop(unpacked(codec, &harmed));
        }
        drop(copied(&bytes));
        drop(inserted(&bytes, "18.4"));
    }
}
