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
    /// A fault that came behind bytes that were handed out first.
    fault: Option<io::Error>,
}

impl<'a, R: BufRead> Chunks<'a, R> {
    pub(super) fn new(input: &'a mut R, primitives: Primitives) -> Self {
        Self { input, primitives, left: 0, ended: false, fault: None }
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
                // What came before a fault is looked at first. The input does not say it again.
                Err(error) if filled > 0 => {
                    self.fault = Some(error);
                    break;
                }
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
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes, then a fault that is said once.
    struct Failing<'a>(&'a [u8], Option<io::Error>);

    impl Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let amount = self.fill_buf()?.read(buffer)?;
            self.consume(amount);
            Ok(amount)
        }
    }

    impl BufRead for Failing<'_> {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            match self.1.take_if(|_| self.0.is_empty()) {
                Some(fault) => Err(fault),
                None => Ok(self.0),
            }
        }

        fn consume(&mut self, amount: usize) {
            self.0 = &self.0[amount..];
        }
    }

    const PRIMITIVES: Primitives = Primitives { int_size: 4, offset_size: 8 };

    fn read(input: &[u8], fault: Option<io::Error>) -> (Vec<u8>, String) {
        let mut input = Failing(input, fault);
        let mut pieces = Chunks::new(&mut input, PRIMITIVES);
        let mut found = vec![0; 16];
        let (amount, failed) = crate::archive::data::fill(&mut pieces, &mut found);
        found.truncate(amount);
        (found, failed.map_or_else(String::new, |error| error.to_string()))
    }

    #[test]
    fn a_fault_of_the_source_behind_some_bytes_is_told_as_it_is() {
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        let expected = (b"row".to_vec(), reset.to_string());
        assert_eq!(read(b"\0\x08\0\0\0row", Some(reset)), expected);
    }

    #[test]
    fn a_negative_length_behind_a_piece_is_a_fault_and_not_passed_over() {
        let (found, fault) = read(b"\0\x03\0\0\0row\x01\x05\0\0\0\0\0\0\0\0", None);
        assert_eq!(found, b"row");
        assert_eq!(fault, "a piece of data has a length of -5");
    }

    #[test]
    fn pieces_up_to_their_end_are_one_stream() {
        let whole = b"\0\x02\0\0\0ro\0\x01\0\0\0w\0\0\0\0\0";
        assert_eq!(read(whole, None), (b"row".to_vec(), String::new()));
    }
}
