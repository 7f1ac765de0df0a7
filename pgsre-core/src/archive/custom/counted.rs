//! Where in the file the reading stands.

use std::io::{self, BufRead, ErrorKind, Read};

use crate::archive::ArchiveError;

/// An input that counts what is consumed.
#[derive(Debug)]
pub(super) struct Counted<R> {
    inner: R,
    position: u64,
}

impl<R: BufRead> Counted<R> {
    pub(super) fn new(inner: R) -> Self {
        Self::at(inner, 0)
    }

    /// An input whose first byte is that of the file at `position`.
    pub(super) fn at(inner: R, position: u64) -> Self {
        Self { inner, position }
    }

    /// The place of the next byte in the file.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Whether no byte is left.
    pub(super) fn is_at_end(&mut self) -> Result<bool, ArchiveError> {
        self.peek().map(|byte| byte.is_none())
    }

    /// The next byte, which stays; `None` at the end.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, ArchiveError> {
        loop {
            match self.inner.fill_buf() {
                Ok(available) => return Ok(available.first().copied()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(ArchiveError::from_io(error)),
            }
        }
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let amount = self.inner.read(buffer)?;
        self.position += amount as u64;
        Ok(amount)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.position += amount as u64;
        self.inner.consume(amount);
    }
}
