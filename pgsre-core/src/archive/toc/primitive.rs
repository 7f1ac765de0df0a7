//! Integers, strings and offsets (`ReadInt`, `ReadStr`, `ReadOffset` in `pg_backup_archiver.c`).

use std::io::{ErrorKind, Read};

use super::DataPlace;
use crate::archive::ArchiveError;

/// How integers and offsets are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::archive) struct Primitives {
    /// Bytes of an integer without its sign byte, 1 to 8.
    pub(in crate::archive) int_size: u8,
    /// Bytes of an offset without its flag byte, 1 to 8.
    pub(in crate::archive) offset_size: u8,
}

impl Primitives {
    /// A sign byte, then the magnitude from its least byte on. `pg_dump` knows 32 bits.
    pub(in crate::archive) fn int(self, input: &mut dyn Read) -> Result<i32, ArchiveError> {
        let sign = byte(input)?;
        let magnitude = magnitude(input, self.int_size)?;
        let value = i64::try_from(magnitude).ok().and_then(|magnitude| match sign {
            0 => i32::try_from(magnitude).ok(),
            1 if magnitude > 0 => i32::try_from(-magnitude).ok(),
            _ => None,
        });
        value.ok_or_else(|| ArchiveError::corrupt("an integer is not one that pg_dump writes"))
    }

    /// A length, then the bytes; length −1 stands for no string at all. The declared length is
    /// believed only as far as bytes come: at most `limit` of them.
    pub(in crate::archive) fn string(
        self,
        input: &mut dyn Read,
        limit: usize,
    ) -> Result<Option<Vec<u8>>, ArchiveError> {
        let length = match self.int(input)? {
            -1 => return Ok(None),
            length => usize::try_from(length)
                .map_err(|_| ArchiveError::corrupt(format!("a string of {length} bytes")))?,
        };
        if length > limit {
            return Err(too_long(length, limit));
        }
        let mut text = Vec::new();
        let taken =
            input.take(length as u64).read_to_end(&mut text).map_err(ArchiveError::from_io)?;
        if taken < length {
            return Err(ends());
        }
        if memchr::memchr(0, &text).is_some() {
            return Err(ArchiveError::corrupt("a NUL byte inside a string"));
        }
        Ok(Some(text))
    }

    /// A flag, then the offset: where an entry's data begins in a file of the custom format.
    pub(in crate::archive) fn offset(
        self,
        input: &mut dyn Read,
    ) -> Result<DataPlace, ArchiveError> {
        let flag = byte(input)?;
        let offset = magnitude(input, self.offset_size)?;
        match (flag, offset) {
            (1, 0) => Ok(DataPlace::Unknown),
            (2, offset) => Ok(DataPlace::Offset(offset)),
            (3, 0) => Ok(DataPlace::None),
            _ => {
                Err(ArchiveError::corrupt(format!("an offset has the flag {flag} before {offset}")))
            }
        }
    }
}

/// The next byte.
pub(in crate::archive) fn byte(input: &mut dyn Read) -> Result<u8, ArchiveError> {
    let mut byte = [0];
    fill(input, &mut byte)?;
    Ok(byte[0])
}

/// Fills the buffer, or says that the archive ends.
pub(in crate::archive) fn fill(
    input: &mut dyn Read,
    buffer: &mut [u8],
) -> Result<(), ArchiveError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => return Err(ends()),
            Ok(more) => filled += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(ArchiveError::from_io(error)),
        }
    }
    Ok(())
}

fn magnitude(input: &mut dyn Read, size: u8) -> Result<u64, ArchiveError> {
    let mut bytes = [0; 8];
    let size = usize::from(size).min(bytes.len());
    fill(input, &mut bytes[..size])?;
    Ok(u64::from_le_bytes(bytes))
}

fn ends() -> ArchiveError {
    ArchiveError::truncated("the archive ends")
}

fn too_long(length: usize, limit: usize) -> ArchiveError {
    ArchiveError::new(
        crate::archive::ArchiveErrorKind::Unsupported,
        format!("a string of {length} bytes, where at most {limit} are read"),
    )
    .with_hint("statements are held in memory: raise the limit, if the archive is sound")
}
