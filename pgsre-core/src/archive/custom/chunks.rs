//! The pieces of one entry's data or one large object's: a length and so many bytes, until a length
//! of 0 (`_CustomWriteFunc`).

use std::io::{self, BufRead, Read};

use crate::archive::ArchiveError;
use crate::archive::toc::Primitives;

/// The pieces as one stream, which ends behind the length of 0. A declared length is not believed:
/// nothing is allocated for it.
#[derive(Debug)]
pub(super) struct Chunks<'a, R> {
    input: &'a mut R,
    primitives: Primitives,
    /// Bytes left of the present piece.
    left: usize,
    ended: bool,
}

impl<'a, R: BufRead> Chunks<'a, R> {
    pub(super) fn new(input: &'a mut R, primitives: Primitives) -> Self {
        Self { input, primitives, left: 0, ended: false }
    }

    /// Steps to the next byte of data; `false` at the end.
    fn advance(&mut self) -> io::Result<bool> {
        if self.left > 0 {
            return Ok(true);
        }
        if self.ended {
            return Ok(false);
        }
        let length = self.length().map_err(ArchiveError::into_io)?;
        self.left = usize::try_from(length).map_err(|_| {
            ArchiveError::corrupt(format!("a piece of data has a length of {length}")).into_io()
        })?;
        self.ended = length == 0;
        Ok(!self.ended)
    }

    fn length(&mut self) -> Result<i32, ArchiveError> {
        let size = 1 + usize::from(self.primitives.int_size);
        let available = self.input.fill_buf().map_err(ArchiveError::from_io)?;
        // `pg_dump -Z0` makes a piece of each row.
        let Some(mut whole) = available.get(..size) else {
            return self.primitives.int(&mut self.input);
        };
        let length = self.primitives.int(&mut whole)?;
        self.input.consume(size);
        Ok(length)
    }
}

impl<R: BufRead> Read for Chunks<'_, R> {
    /// Fills the buffer from as many pieces as that takes.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let available = match self.fill_buf() {
                // What came before a fault is looked at first: the fault comes again.
                Err(_) if filled > 0 => break,
                available => available?,
            };
            let amount = available.len().min(buffer.len() - filled);
            if amount == 0 {
                break;
            }
            buffer[filled..filled + amount].copy_from_slice(&available[..amount]);
            self.consume(amount);
            filled += amount;
        }
        Ok(filled)
    }
}

impl<R: BufRead> BufRead for Chunks<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if !self.advance()? {
            return Ok(&[]);
        }
        let available = self.input.fill_buf()?;
        if available.is_empty() {
            return Err(
                ArchiveError::truncated("the archive ends inside a piece of data").into_io()
            );
        }
        Ok(&available[..available.len().min(self.left)])
    }

    fn consume(&mut self, amount: usize) {
        self.left -= amount.min(self.left);
        self.input.consume(amount);
    }
}
