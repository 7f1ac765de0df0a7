//! COPY data: bytes up to a line that is exactly `\.`, at memory speed.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

static MARK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\n\\."));

/// Follows COPY data through chunks cut anywhere.
#[derive(Debug, Default)]
pub(in crate::archive) struct CopyScan {
    at: At,
    /// The COPY line ended in CR LF, so the end mark may.
    crlf: bool,
    rows: u64,
    bytes: u64,
}

/// How much of an end mark lies right before the next byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    LineStart,
    Backslash,
    Dot,
    DotCr,
    /// In the middle of a row.
    Row,
}

/// What a chunk held.
#[derive(Debug)]
pub(in crate::archive) struct Piece {
    /// Bytes kept back from the chunk before, which turned out to be data.
    pub(in crate::archive) carried: &'static [u8],
    /// Data in this chunk.
    pub(in crate::archive) data: Range<usize>,
    /// Where to go on in this chunk.
    pub(in crate::archive) next: usize,
    /// The end mark was seen.
    pub(in crate::archive) ended: bool,
}

impl CopyScan {
    pub(in crate::archive) fn new(crlf: bool) -> Self {
        Self { crlf, ..Self::default() }
    }

    /// Complete lines of data so far.
    pub(in crate::archive) fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes of data so far.
    pub(in crate::archive) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the input may end here: behind an end mark that lacks only its line end.
    pub(super) fn may_end(&self) -> bool {
        matches!(self.at, At::Dot | At::DotCr)
    }

    /// Looks at `chunk[from..to]`.
    pub(in crate::archive) fn scan(&mut self, chunk: &[u8], from: usize, to: usize) -> Piece {
        let bytes = &chunk[from..to];
        let carried = self.at.bytes();
        let (data, next, ended) = self.find_end(bytes);
        // What was kept back is data once there is data behind it.
        let carried = if data > 0 { carried } else { &[] };
        self.rows += memchr::memchr_iter(b'\n', &bytes[..data]).count() as u64;
        self.bytes += (carried.len() + data) as u64;
        Piece { carried, data: from..from + data, next: from + next, ended }
    }

    /// How many of `bytes` are data, where to go on, and whether the end mark was seen.
    fn find_end(&mut self, bytes: &[u8]) -> (usize, usize, bool) {
        // Where in `bytes` the possible end mark begins; in an earlier chunk counts as 0.
        let mut mark = 0;
        let mut at = 0;
        loop {
            if self.at == At::Row {
                let Some(found) = MARK.find(&bytes[at..]) else {
                    return (self.hold_back(bytes), bytes.len(), false);
                };
                mark = at + found + 1;
                at = mark + 2;
                self.at = At::Dot;
            }
            let Some(&byte) = bytes.get(at) else {
                return (mark, bytes.len(), false);
            };
            match (self.at, byte) {
                (At::LineStart, b'\\') => {
                    mark = at;
                    self.at = At::Backslash;
                }
                (At::Backslash, b'.') => self.at = At::Dot,
                (At::Dot, b'\r') if self.crlf => self.at = At::DotCr,
                (At::Dot | At::DotCr, b'\n') => return (mark, at + 1, true),
                _ => {
                    self.at = At::Row;
                    continue;
                }
            }
            at += 1;
        }
    }

    /// The data's end in a chunk without an end mark: one may begin in its last bytes.
    fn hold_back(&mut self, bytes: &[u8]) -> usize {
        if bytes.ends_with(b"\n\\") {
            self.at = At::Backslash;
            return bytes.len() - 1;
        }
        if bytes.ends_with(b"\n") {
            self.at = At::LineStart;
        }
        bytes.len()
    }
}

impl At {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::LineStart | Self::Row => b"",
            Self::Backslash => b"\\",
            Self::Dot => b"\\.",
            Self::DotCr => b"\\.\r",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the scan makes of `text` in chunks of `size`: data, rows, and what is behind the mark.
    fn scanned(text: &[u8], size: usize, crlf: bool) -> (Vec<u8>, u64, Option<usize>) {
        let mut scan = CopyScan::new(crlf);
        let mut data = Vec::new();
        for (index, chunk) in text.chunks(size).enumerate() {
            let piece = scan.scan(chunk, 0, chunk.len());
            data.extend_from_slice(piece.carried);
            data.extend_from_slice(&chunk[piece.data]);
            if piece.ended {
                assert_eq!(scan.bytes(), data.len() as u64);
                return (data, scan.rows(), Some(index * size + piece.next));
            }
        }
        data.extend_from_slice(scan.at.bytes());
        (data, scan.rows(), None)
    }

    #[test]
    fn only_a_line_that_is_exactly_the_mark_ends_the_data() {
        let text = b"1\t\\.\n\\.x\n\\\\.\n\\N\n\n\\..\n\\.\nSELECT";
        for size in 1..=text.len() {
            let (data, rows, behind) = scanned(text, size, false);
            assert_eq!(data, b"1\t\\.\n\\.x\n\\\\.\n\\N\n\n\\..\n");
            assert_eq!((rows, behind), (6, Some(text.len() - 6)), "chunks of {size}");
        }
    }

    #[test]
    fn a_mark_may_end_in_cr_lf_only_where_the_copy_line_did() {
        let text = b"1\r\n\\.\r\n";
        for size in 1..=text.len() {
            assert_eq!(scanned(text, size, true), (b"1\r\n".to_vec(), 1, Some(text.len())));
            assert_eq!(scanned(text, size, false).2, None);
        }
    }

    #[test]
    fn an_empty_table_ends_at_once() {
        assert_eq!(scanned(b"\\.\n", 1, false), (Vec::new(), 0, Some(3)));
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_data(
            text in proptest::collection::vec(
                proptest::sample::select(b"\\.\n\rN\t".to_vec()), 0..60),
            size in 1_usize..20,
            crlf: bool,
        ) {
            let whole = scanned(&text, text.len().max(1), crlf);
            let cut = scanned(&text, size, crlf);
            prop_assert_eq!(whole, cut);
        }
    }
}
