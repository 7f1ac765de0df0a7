//! Cutting COPY data between rows.

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;

/// What is sent at a time: enough to be worth a turn, little enough to share.
const CHUNK: usize = 256 << 10;
/// A row is passed on in pieces from here on.
const LONG_ROW: usize = 1 << 20;

/// Some rows of a table.
#[derive(Debug)]
pub(in crate::restore::loader) struct Chunk {
    pub(super) pieces: Vec<Bytes>,
    pub(super) bytes: usize,
    /// Rows that end in it.
    pub(super) rows: u64,
    /// The first of them, counted from 1 in the table's data.
    pub(super) first_row: u64,
    /// Whether it ends where a row does; else the next one must go the same way.
    pub(super) ends_row: bool,
    /// What it takes of the budget.
    pub(super) share: Option<OwnedSemaphorePermit>,
}

/// Cuts data into chunks. Nothing is copied.
///
/// In COPY's text format a newline always ends a row, because one inside a value is written `\n`;
/// no encoding that a client can have uses the byte inside of a character. Data that holds a
/// backslash before a newline is not `pg_dump`'s; the server joins such lines, so nothing is cut
/// there.
#[derive(Debug)]
pub(in crate::restore::loader) struct Chunker {
    held: Vec<Bytes>,
    bytes: usize,
    /// The last end of a row: a piece, and the bytes of it up to there.
    last_end: Option<(usize, usize)>,
    /// The byte before the next piece.
    before: u8,
    /// Whether a backslash's byte may be the end of a character, as in SJIS: then backslashes
    /// cannot be counted from behind.
    ambiguous: bool,
}

impl Chunker {
    pub(in crate::restore::loader) fn new(ambiguous: bool) -> Self {
        Self { held: Vec::new(), bytes: 0, last_end: None, before: 0, ambiguous }
    }

    /// Takes a piece; answers with a chunk where there is enough for one.
    pub(in crate::restore::loader) fn add(&mut self, piece: Bytes) -> Option<Chunk> {
        if let Some(end) = self.last_row_end(&piece) {
            self.last_end = Some((self.held.len(), end));
        }
        self.before = piece.last().copied().unwrap_or(self.before);
        self.bytes += piece.len();
        self.held.push(piece);
        match self.last_end {
            Some(end) if self.bytes >= CHUNK => Some(self.cut(end)),
            None if self.bytes >= LONG_ROW => self.rest(false),
            _ => None,
        }
    }

    /// What is left at the end of the data.
    pub(in crate::restore::loader) fn finish(&mut self) -> Option<Chunk> {
        self.rest(true)
    }

    fn cut(&mut self, (piece, bytes): (usize, usize)) -> Chunk {
        let mut rest = self.held.split_off(piece);
        let mut pieces = std::mem::take(&mut self.held);
        if let Some(last) = rest.first_mut() {
            pieces.push(last.split_to(bytes));
        }
        rest.retain(|piece| !piece.is_empty());
        self.held = rest;
        self.last_end = None;
        let taken = pieces.iter().map(Bytes::len).sum();
        self.bytes -= taken;
        chunk(pieces, taken, true)
    }

    fn rest(&mut self, ends_row: bool) -> Option<Chunk> {
        let pieces = std::mem::take(&mut self.held);
        let bytes = std::mem::take(&mut self.bytes);
        self.last_end = None;
        (bytes > 0).then(|| chunk(pieces, bytes, ends_row))
    }

    /// The bytes up to the last end of a row in a piece.
    fn last_row_end(&self, piece: &Bytes) -> Option<usize> {
        memchr::memrchr_iter(b'\n', piece).find(|at| self.ends_row(piece, *at)).map(|at| at + 1)
    }

    fn ends_row(&self, piece: &[u8], at: usize) -> bool {
        let backslashes = piece[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        match backslashes {
            0 if at == 0 => self.before != b'\\',
            0 => true,
            _ if self.ambiguous || backslashes == at => false,
            more => more % 2 == 0,
        }
    }
}

fn chunk(pieces: Vec<Bytes>, bytes: usize, ends_row: bool) -> Chunk {
    let rows = pieces.iter().map(|piece| memchr::memchr_iter(b'\n', piece).count() as u64).sum();
    Chunk { pieces, bytes, rows, first_row: 0, ends_row, share: None }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn joined(chunk: &Chunk) -> Vec<u8> {
        chunk.pieces.concat()
    }

    fn all(chunker: &mut Chunker, pieces: impl IntoIterator<Item = Bytes>) -> Vec<Chunk> {
        let mut chunks: Vec<_> = pieces.into_iter().filter_map(|p| chunker.add(p)).collect();
        chunks.extend(chunker.finish());
        chunks
    }

    #[test]
    fn a_chunk_ends_with_a_row() {
        let row = [b'x'; 99];
        let mut data: Vec<u8> = Vec::new();
        while data.len() < 3 * CHUNK {
            data.extend_from_slice(&row);
            data.push(b'\n');
        }
        let pieces: Vec<_> = data.chunks(65_536).map(Bytes::copy_from_slice).collect();
        let chunks = all(&mut Chunker::new(false), pieces);
        assert!(chunks.len() >= 3);
        assert!(chunks.iter().all(|chunk| chunk.ends_row && joined(chunk).ends_with(b"\n")));
        let rows: u64 = chunks.iter().map(|chunk| chunk.rows).sum();
        assert_eq!(rows as usize, data.len() / 100);
    }

    #[test]
    fn a_long_row_is_passed_on_in_pieces() {
        let mut chunker = Chunker::new(false);
        let piece = Bytes::from(vec![b'x'; LONG_ROW]);
        let first = chunker.add(piece.clone()).unwrap();
        assert!(!first.ends_row);
        assert!(chunker.add(piece).is_some_and(|chunk| !chunk.ends_row));
        let end = Bytes::from([vec![b'x'; CHUNK], vec![b'\n']].concat());
        assert!(chunker.add(end).unwrap().ends_row);
    }

    #[test]
    fn nothing_is_cut_behind_a_backslash() {
        let chunker = Chunker::new(false);
        let end = |data: &'static [u8]| chunker.last_row_end(&Bytes::from_static(data));
        assert_eq!(end(b"a\nb\\\n"), Some(2));
        assert_eq!(end(b"a\nb\\\\\n"), Some(6));
        assert_eq!(end(b"\\\\\n"), None);
        let chunker = Chunker::new(true);
        assert_eq!(chunker.last_row_end(&Bytes::from_static(b"a\n\x95\\\\\n")), Some(2));
    }

    proptest! {
        #[test]
        fn the_chunks_are_the_data(pieces in prop::collection::vec("[a\n\\\\]{0,40}", 0..60)) {
            let blow_up = |piece: &String| Bytes::from(piece.repeat(2_000));
            let pieces: Vec<_> = pieces.iter().map(blow_up).collect();
            let data = pieces.concat();
            let chunks = all(&mut Chunker::new(false), pieces);
            let rows: u64 = chunks.iter().map(|chunk| chunk.rows).sum();
            prop_assert_eq!(rows as usize, memchr::memchr_iter(b'\n', &data).count());
            prop_assert_eq!(chunks.iter().map(joined).collect::<Vec<_>>().concat(), data);
        }
    }
}
