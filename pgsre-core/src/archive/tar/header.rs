//! The header of a member: one block, with a checksum of its own.

use crate::archive::ArchiveError;

pub(super) const BLOCK: usize = 512;

/// How a header says what it is: POSIX, GNU, and `pg_dump` before 9.3 (`isValidTarHeader`).
const MAGICS: [&[u8]; 3] = [b"ustar\x0000", b"ustar  \0", b"ustar00\0"];

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) kind: Kind,
    pub(super) is_of_pg_dump: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    /// GNU: the data is the name of the next member.
    LongName,
    /// pax: the data is about the next member.
    Extended,
    /// pax: the data is about all members that follow, and of no interest.
    Global,
    /// What cannot be in a dump.
    Other(&'static str),
}

impl Header {
    pub(super) fn parse(block: &[u8; BLOCK]) -> Result<Self, ArchiveError> {
        let magic = &block[257..265];
        let said = number(&block[148..156]);
        if said != Some(checksum(block)) || !MAGICS.contains(&magic) {
            return Err(ArchiveError::corrupt("a header of the tar is damaged"));
        }
        let size = number(&block[124..136]);
        let size = size.ok_or_else(|| ArchiveError::corrupt("a size in the tar is no number"))?;
        let kind = kind(block[156]);
        // Others may say how large the thing is that they stand for, and have no data themselves.
        let size = if kind == Kind::Directory { 0 } else { size };
        Ok(Self { name: name(block)?, size, kind, is_of_pg_dump: is_of_pg_dump(block) })
    }
}

/// `tarCreateHeader` as `pg_dump` calls it: an owner that is no user's of a machine.
fn is_of_pg_dump(block: &[u8; BLOCK]) -> bool {
    number(&block[108..116]) == Some(0o4000) && field(&block[265..297]) == b"postgres"
}

fn name(block: &[u8; BLOCK]) -> Result<String, ArchiveError> {
    let name = field(&block[..100]);
    let is_posix = block[257..265] == *MAGICS[0];
    let prefix = if is_posix { field(&block[345..500]) } else { b"" };
    let full = if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() };
    let full = String::from_utf8(full);
    full.map_err(|_| ArchiveError::corrupt("the name of a member of the tar is no text"))
}

fn kind(flag: u8) -> Kind {
    match flag {
        b'0' | 0 => Kind::File,
        b'5' => Kind::Directory,
        b'L' => Kind::LongName,
        b'x' => Kind::Extended,
        b'g' => Kind::Global,
        b'1' => Kind::Other("a hard link"),
        b'2' => Kind::Other("a symbolic link"),
        b'S' => Kind::Other("a sparse file"),
        _ => Kind::Other("something that is no file"),
    }
}

/// Up to the first NUL.
fn field(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// The sum of the block's bytes, its own field read as blanks.
fn checksum(block: &[u8; BLOCK]) -> u64 {
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    sum(&block[..148]) + 8 * u64::from(b' ') + sum(&block[156..])
}

/// Octal digits, or from 8 GiB on the bits behind a first byte of 0x80 (`print_tar_number`).
fn number(bytes: &[u8]) -> Option<u64> {
    if let Some((0x80, rest)) = bytes.split_first() {
        let value = rest.iter().try_fold(0_u64, |value, byte| {
            value.checked_mul(256).map(|value| value + u64::from(*byte))
        })?;
        return Some(value);
    }
    let end = bytes.iter().rposition(|byte| !matches!(byte, 0 | b' '))?;
    let digits = bytes[..=end].trim_ascii_start();
    digits.iter().try_fold(0_u64, |value, digit| match digit {
        b'0'..=b'7' => value.checked_mul(8).map(|value| value + u64::from(digit - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_and_beyond_8_gib_binary() {
        assert_eq!(number(b"00000001113\0"), Some(0o1113));
        assert_eq!(number(b"  1113 \0\0\0\0\0"), Some(0o1113));
        assert_eq!(number(b"77777777777\0"), Some((8 << 30) - 1));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\x02\0\0\0\x01"), Some((8 << 30) + 1));
        for damaged in [&b"0000000111x\0"[..], b"\0\0\0\0", b"    ", b"8", b"\xff\xff\xff\xff"] {
            assert_eq!(number(damaged), None);
        }
        assert_eq!(number(b"\x80\x01\0\0\0\0\0\0\0\0\0\0"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_block_makes_it_panic(block: [u8; 32], at in 0_usize..480) {
            let mut whole = [b'7'; BLOCK];
            whole[at..at + 32].copy_from_slice(&block);
            drop(Header::parse(&whole));
        }
    }
}
