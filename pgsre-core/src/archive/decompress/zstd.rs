//! Zstandard frames in a row (RFC 8878), skippable ones among them.

use std::io::{self, BufRead, Read};

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::{ArchiveError, ArchiveErrorKind, bytes_behind, fault};

const CODEC: &str = "zstd";
/// The largest window: 128 MiB, what `zstd -d` accepts without `--long`.
const WINDOW_LOG_MAX: u32 = 27;

/// Frames in a row; checksums are checked by the library where a frame has one.
pub(in crate::archive) struct ZstdReader<R> {
    input: R,
    decoder: Decoder<'static>,
    /// Bytes of a frame that has not ended were consumed.
    in_frame: bool,
    /// At least one frame has ended.
    any_frame: bool,
    ended: bool,
}

impl<R: BufRead> ZstdReader<R> {
    pub(in crate::archive) fn new(input: R) -> Result<Self, ArchiveError> {
        let mut decoder = Decoder::new().map_err(no_memory)?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX)).map_err(no_memory)?;
        Ok(Self { input, decoder, in_frame: false, any_frame: false, ended: false })
    }

    fn translate(&self, error: io::Error) -> io::Error {
        let text = error.to_string();
        if text.contains("requires too much memory") || text.contains("Dictionary mismatch") {
            return unsupported(error).into_io();
        }
        if self.any_frame && !self.in_frame && text.contains("Unknown frame descriptor") {
            return bytes_behind(CODEC);
        }
        fault(CODEC, io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

impl<R: BufRead> Read for ZstdReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.ended && !buffer.is_empty() {
            let available = self.input.fill_buf()?;
            let at_end = available.is_empty();
            if at_end && !self.in_frame {
                self.ended = true;
                break;
            }
            let mut source = InBuffer::around(available);
            let mut target = OutBuffer::around(&mut *buffer);
            let outcome = self.decoder.run(&mut source, &mut target);
            let (consumed, written) = (source.pos(), target.pos());
            let hint = outcome.map_err(|error| self.translate(error))?;
            self.input.consume(consumed);
            if consumed > 0 || written > 0 {
                self.in_frame = hint != 0;
                self.any_frame |= hint == 0;
            }
            if written > 0 {
                return Ok(written);
            }
            if at_end && self.in_frame {
                return Err(fault(CODEC, io::ErrorKind::UnexpectedEof.into()));
            }
        }
        Ok(0)
    }
}

fn no_memory(error: io::Error) -> ArchiveError {
    ArchiveError::new(ArchiveErrorKind::Unsupported, "the zstd decoder could not be set up")
        .with_cause(error)
}

fn unsupported(error: io::Error) -> ArchiveError {
    ArchiveError::new(
        ArchiveErrorKind::Unsupported,
        "the zstd stream needs a dictionary or a window of more than 128 MiB",
    )
    .with_hint("compress without a dictionary and with --long=27 at most")
    .with_cause(error)
}
