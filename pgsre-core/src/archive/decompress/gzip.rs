//! gzip of one or several members, as gzip, pigz and `cat` make them (RFC 1952).

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::{bytes_behind, fault};

const CODEC: &str = "gzip";
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Members in a row; each with its CRC-32 and length checked by `flate2`.
pub(in crate::archive) struct GzipReader<R> {
    state: State<R>,
}

enum State<R> {
    Between(R),
    Member(Box<GzDecoder<R>>),
    Ended,
}

impl<R: BufRead> GzipReader<R> {
    pub(in crate::archive) fn new(input: R) -> Self {
        Self { state: State::Between(input) }
    }

    /// Opens the next member; `None` at the end of the input.
    fn next_member(mut input: R) -> io::Result<Option<GzDecoder<R>>> {
        let available = input.fill_buf()?;
        match available {
            [] => return Ok(None),
            [first, ..] if *first != MAGIC[0] => return Err(bytes_behind(CODEC)),
            [_, second, ..] if *second != MAGIC[1] => return Err(bytes_behind(CODEC)),
            _ => {}
        }
        Ok(Some(GzDecoder::new(input)))
    }
}

impl<R: BufRead> Read for GzipReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Ok(0),
                State::Between(input) => match Self::next_member(input)? {
                    Some(member) => self.state = State::Member(Box::new(member)),
                    None => return Ok(0),
                },
                State::Member(mut member) => match member.read(buffer) {
                    Ok(0) if buffer.is_empty() => {
                        self.state = State::Member(member);
                        return Ok(0);
                    }
                    Ok(0) => self.state = State::Between(member.into_inner()),
                    Ok(amount) => {
                        self.state = State::Member(member);
                        return Ok(amount);
                    }
                    Err(error) => return Err(fault(CODEC, error)),
                },
            }
        }
    }
}
