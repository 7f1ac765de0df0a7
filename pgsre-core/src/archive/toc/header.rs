//! The header (`ReadHead` in `pg_backup_archiver.c`).

use std::io::Read;

use super::primitive::{byte, fill};
use super::{ArchiveVersion, Header, Layout, Primitives};
use crate::archive::{ArchiveError, ArchiveErrorKind};
use crate::backup::Compression;

/// What every archive begins with.
const MAGIC: &[u8; 5] = b"PGDMP";

/// The longest name or version: `pg_dump` writes a few dozen bytes.
const MAX_TEXT: usize = 64 << 10;

impl Header {
    pub(in crate::archive) fn read(input: &mut dyn Read) -> Result<Self, ArchiveError> {
        Self::read_parts(input).map_err(|error| error.within("in the archive's header"))
    }

    fn read_parts(input: &mut dyn Read) -> Result<Self, ArchiveError> {
        let mut magic = [0; 5];
        fill(input, &mut magic)?;
        if magic != *MAGIC {
            return Err(ArchiveError::corrupt("it does not begin with PGDMP"));
        }
        let version = ArchiveVersion::read(input)?;
        let primitives = Primitives { int_size: size(input)?, offset_size: size(input)? };
        let layout = Layout::read(input)?;
        let compression = compression(input, version, primitives)?;
        let created = created(input, primitives)?;
        let mut text = || -> Result<Option<String>, ArchiveError> {
            let text = primitives.string(input, MAX_TEXT)?;
            Ok(text.map(|text| String::from_utf8_lossy(&text).into_owned()))
        };
        let (database, server_version, dumped_by) = (text()?, text()?, text()?);
        Ok(Self {
            version,
            layout,
            primitives,
            compression,
            created,
            database,
            server_version,
            dumped_by,
        })
    }

    /// The major version of the `pg_dump` that wrote it: 15 for `15.18 (Debian …)`.
    pub(in crate::archive) fn dumper_major(&self) -> Option<u32> {
        let digits = self.dumped_by.as_deref()?.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    }
}

impl ArchiveVersion {
    pub(in crate::archive) const V1_13: Self = Self { major: 1, minor: 13, revision: 0 };
    pub(in crate::archive) const V1_14: Self = Self { major: 1, minor: 14, revision: 0 };
    pub(in crate::archive) const V1_15: Self = Self { major: 1, minor: 15, revision: 0 };
    pub(in crate::archive) const V1_16: Self = Self { major: 1, minor: 16, revision: 0 };

    fn read(input: &mut dyn Read) -> Result<Self, ArchiveError> {
        let (major, minor, revision) = (byte(input)?, byte(input)?, byte(input)?);
        if major == 1 && (12..=16).contains(&minor) && revision == 0 {
            return Ok(Self { major, minor, revision });
        }
        Err(ArchiveError::new(
            ArchiveErrorKind::Unsupported,
            format!("its format's version is {major}.{minor}-{revision}; 1.12 to 1.16 are read"),
        )
        .with_hint("pg_dump 9.0 to 18 write these: dump again with one of them"))
    }
}

impl Layout {
    fn read(input: &mut dyn Read) -> Result<Self, ArchiveError> {
        match byte(input)? {
            1 => Ok(Self::Custom),
            3 => Ok(Self::Tar),
            other => {
                Err(ArchiveError::corrupt(format!("its layout has the unknown number {other}")))
            }
        }
    }
}

fn size(input: &mut dyn Read) -> Result<u8, ArchiveError> {
    match byte(input)? {
        size @ 1..=8 => Ok(size),
        other => Err(ArchiveError::corrupt(format!("its integers have {other} bytes"))),
    }
}

/// From 1.15 the algorithm; before that gzip's level.
fn compression(
    input: &mut dyn Read,
    version: ArchiveVersion,
    primitives: Primitives,
) -> Result<Compression, ArchiveError> {
    if version >= ArchiveVersion::V1_15 {
        return algorithm(byte(input)?);
    }
    match primitives.int(input)? {
        0 => Ok(Compression::None),
        -1 | 1..=9 => Ok(Compression::Gzip),
        other => Err(ArchiveError::corrupt(format!("its compression has the level {other}"))),
    }
}

fn algorithm(number: u8) -> Result<Compression, ArchiveError> {
    match number {
        0 => Ok(Compression::None),
        1 => Ok(Compression::Gzip),
        2 => Ok(Compression::Lz4),
        3 => Ok(Compression::Zstd),
        other => Err(ArchiveError::corrupt(format!("its compression has the number {other}"))),
    }
}

/// `struct tm`, in the local time of the machine that took the dump.
fn created(input: &mut dyn Read, primitives: Primitives) -> Result<String, ArchiveError> {
    let mut part = |first: i32, last: i32| match primitives.int(input)? {
        value if (first..=last).contains(&value) => Ok(value),
        value => Err(ArchiveError::corrupt(format!("its date has a part that is {value}"))),
    };
    let (second, minute, hour) = (part(0, 60)?, part(0, 59)?, part(0, 23)?);
    let (day, month, year) = (part(1, 31)?, part(0, 11)? + 1, part(0, 8099)? + 1900);
    part(-1, 1)?;
    Ok(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"))
}
