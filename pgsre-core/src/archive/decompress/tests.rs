#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Write;

use proptest::prelude::*;

use super::*;

const DUMP: &[u8] = include_bytes!("../../../../tests/dumps/plain.sql");

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zstd(data: &[u8]) -> Vec<u8> {
    let mut encoder = ::zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// Frames of several blocks, since a cut between two of them is the hard one to see.
fn lz4(data: &[u8], checksums: bool) -> Vec<u8> {
    let info = lz4_flex::frame::FrameInfo::new()
        .block_size(lz4_flex::frame::BlockSize::Max64KB)
        .block_checksums(checksums)
        .content_checksum(checksums);
    let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
    for piece in data.chunks(1000) {
        encoder.write_all(piece).unwrap();
        encoder.flush().unwrap();
    }
    encoder.finish().unwrap()
}

fn unpacked(packed: &[u8]) -> Result<(Vec<u8>, Compression), ArchiveError> {
    let Unpacked { mut reader, compression, .. } = unpack(Box::new(Cursor::new(packed.to_vec())))?;
    let mut text = Vec::new();
    reader.read_to_end(&mut text).map_err(ArchiveError::from_io)?;
    Ok((text, compression))
}

fn packings() -> [(&'static str, Vec<u8>, Compression); 4] {
    [
        ("gzip", gzip(DUMP), Compression::Gzip),
        ("zstd", zstd(DUMP), Compression::Zstd),
        ("lz4", lz4(DUMP, true), Compression::Lz4),
        ("lz4 without checksums", lz4(DUMP, false), Compression::Lz4),
    ]
}

#[test]
fn every_compression_is_taken_off() {
    for (name, packed, compression) in packings() {
        assert_eq!(unpacked(&packed).unwrap(), (DUMP.to_vec(), compression), "{name}");
    }
}

#[test]
fn several_streams_in_a_row_are_one_text() {
    for (name, packed, _) in packings() {
        let twice = [packed.clone(), packed].concat();
        assert_eq!(unpacked(&twice).unwrap().0, [DUMP, DUMP].concat(), "{name}");
    }
}

#[test]
fn a_stream_cut_at_any_byte_is_truncated() {
    for (name, packed, _) in packings() {
        for end in 4..packed.len() {
            let kind = unpacked(&packed[..end]).unwrap_err().kind();
            assert_eq!(kind, ArchiveErrorKind::Truncated, "{name}: {end} of {}", packed.len());
        }
    }
}

#[test]
fn a_second_stream_cut_at_any_byte_is_refused() {
    for (name, packed, _) in packings() {
        for end in 1..packed.len() {
            let text = [&packed[..], &packed[..end]].concat();
            assert!(unpacked(&text).is_err(), "{name}: {end} of {}", packed.len());
        }
    }
}

#[test]
fn bytes_behind_the_end_are_corrupt_be_they_zero() {
    for (name, packed, _) in packings() {
        for behind in [&b"\0\0\0\0\0\0\0\0"[..], b"SELECT 1;", b"\n\n\n\n\n"] {
            let error = unpacked(&[&packed[..], behind].concat()).unwrap_err();
            assert_eq!(error.kind(), ArchiveErrorKind::Corrupt, "{name}: {error}");
            assert!(error.to_string().contains("behind the end"), "{name}: {error}");
        }
    }
}

#[test]
fn a_compressed_nothing_is_empty() {
    for packed in [gzip(b""), zstd(b""), lz4(b"", true), Vec::new()] {
        assert_eq!(unpacked(&packed).unwrap_err().kind(), ArchiveErrorKind::Empty);
    }
    assert_eq!(gzip(b"").len(), 20);
}

#[test]
fn two_compressions_are_taken_off_and_three_are_not() {
    let (text, compression) = unpacked(&gzip(&zstd(DUMP))).unwrap();
    assert_eq!((text.as_slice(), compression), (DUMP, Compression::Gzip));
    let error = unpacked(&gzip(&gzip(&gzip(DUMP)))).unwrap_err();
    assert_eq!(error.kind(), ArchiveErrorKind::Unsupported);
}

#[test]
fn a_window_of_more_than_128_mib_is_unsupported() {
    let mut encoder = ::zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(28).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(DUMP).unwrap();
    encoder.flush().unwrap();
    let error = unpacked(&encoder.finish().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ArchiveErrorKind::Unsupported, "{error}");
}

#[test]
fn skippable_frames_are_skipped() {
    let frame = b"\x50\x2a\x4d\x18\x03\0\0\0abc";
    let packed = [&lz4(DUMP, true)[..], frame, &lz4(DUMP, true)].concat();
    assert_eq!(unpacked(&packed).unwrap().0.len(), 2 * DUMP.len());
    let packed = [frame, &zstd(DUMP)[..], frame].concat();
    assert_eq!(unpacked(&packed).unwrap().0, DUMP);
}

#[test]
fn a_fault_of_the_source_is_no_fault_of_the_archive() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(ArchiveError::from_io(io::Error::other("broken off")).into_io())
        }
    }
    for (name, packed, _) in packings() {
        let half = packed.len() / 2;
        let input = Cursor::new(packed[..half].to_vec()).chain(BufReader::new(Failing));
        let outcome = unpack(Box::new(input)).and_then(|mut unpacked| {
            let mut text = Vec::new();
            unpacked.reader.read_to_end(&mut text).map_err(ArchiveError::from_io)
        });
        assert_eq!(outcome.unwrap_err().kind(), ArchiveErrorKind::Source, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_flipped_bit_in_a_stream_with_checksums_never_goes_unseen(
        which in 0_usize..3,
        at in any::<proptest::sample::Index>(),
        bit in 0_u32..8,
    ) {
        let (name, mut packed, _) = packings()[which].clone();
        // The gzip header's time, flags for speed and operating system say nothing.
        let at = at.index(packed.len());
        prop_assume!(!(name == "gzip" && (4..10).contains(&at)));
        packed[at] ^= 1 << bit;
        if let Ok((text, _)) = unpacked(&packed) {
            // Without its magic it passes as text, in which there is no dump.
            prop_assert!(text == DUMP || text == packed, "{name}: bit {bit} of byte {at}");
        }
    }

    #[test]
    fn arbitrary_bytes_behind_a_magic_never_panic(
        magic in 0_usize..3, bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let magic: &[u8] =
            [&b"\x1f\x8b\x08\0"[..], b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18\x60\x40\x82"][magic];
        drop(unpacked(&[magic, &bytes].concat()));
    }
}
