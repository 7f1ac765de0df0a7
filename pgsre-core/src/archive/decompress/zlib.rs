//! A zlib stream (RFC 1950), as the custom format has its data.

use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};

use super::{bytes_behind, fault};

const CODEC: &str = "zlib";

/// One stream, whole and with nothing behind it; its Adler-32 is checked by the library.
pub(in crate::archive) struct ZlibReader<R> {
    input: R,
    inflate: Decompress,
    ended: bool,
}

impl<R: BufRead> ZlibReader<R> {
    pub(in crate::archive) fn new(input: R) -> Self {
        Self { input, inflate: Decompress::new(true), ended: false }
    }

    fn end(&mut self) -> io::Result<usize> {
        self.ended = true;
        if self.input.fill_buf()?.is_empty() { Ok(0) } else { Err(bytes_behind(CODEC)) }
    }
}

impl<R: BufRead> Read for ZlibReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !buffer.is_empty() {
            let available = self.input.fill_buf()?;
            let at_end = available.is_empty();
            let before = (self.inflate.total_in(), self.inflate.total_out());
            let outcome = self.inflate.decompress(available, buffer, FlushDecompress::None);
            let consumed = self.inflate.total_in() - before.0;
            let written = self.inflate.total_out() - before.1;
            let status = outcome.map_err(|error| fault(CODEC, error.into()))?;
            // Never more than `available` has, nor than `buffer` holds.
            self.input.consume(usize::try_from(consumed).unwrap_or(0));
            let written = usize::try_from(written).unwrap_or(0);
            if status == Status::StreamEnd {
                return self.end().map(|_| written);
            }
            if written > 0 {
                return Ok(written);
            }
            if at_end {
                return Err(fault(CODEC, io::ErrorKind::UnexpectedEof.into()));
            }
            if consumed == 0 {
                let stuck = io::Error::new(io::ErrorKind::InvalidData, "no progress");
                return Err(fault(CODEC, stuck));
            }
        }
        Ok(0)
    }
}
