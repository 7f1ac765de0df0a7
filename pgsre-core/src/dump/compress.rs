//! How `pg_dump` compresses.

use std::fmt;
use std::str::FromStr;

use super::{DumpError, DumpErrorKind, DumpFormat};
use crate::backup::Compression;
use crate::postgres::ServerVersion;

/// The first `pg_dump` with methods other than gzip.
const METHODS_SINCE: u32 = 16;

/// A method and a level: `none`, `gzip`, `gzip:9`, `zstd:3`, `lz4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compress {
    /// The method.
    pub method: Compression,
    /// The level, in the method's own scale; its default where `None`.
    pub level: Option<u8>,
}

impl Compress {
    /// The argument for a `pg_dump` of this version, where one is needed.
    ///
    /// # Errors
    /// Where that version does not know the method.
    pub(super) fn argument(
        compress: Option<Self>,
        format: DumpFormat,
        version: ServerVersion,
    ) -> Result<Option<String>, DumpError> {
        let Some(Self { method, level }) = compress else {
            // SQL text alone is not compressed by itself.
            return Ok((format == DumpFormat::Plain).then(|| "--compress=6".to_owned()));
        };
        if version.major() >= METHODS_SINCE {
            let level = level.map_or_else(String::new, |level| format!(":{level}"));
            return Ok(Some(format!("--compress={method}{level}")));
        }
        match method {
            Compression::None => Ok(Some("--compress=0".to_owned())),
            Compression::Gzip => Ok(Some(format!("--compress={}", level.unwrap_or(6)))),
            Compression::Zstd | Compression::Lz4 => Err(DumpError::new(
                DumpErrorKind::Unsupported,
                format!("pg_dump {version} cannot compress with {method}: {METHODS_SINCE} can"),
            )),
        }
    }
}

impl FromStr for Compress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (method, level) = text.split_once(':').map_or((text, None), |(m, l)| (m, Some(l)));
        let (method, levels) = match method {
            "none" => (Compression::None, 0..=0),
            "gzip" => (Compression::Gzip, 1..=9),
            "lz4" => (Compression::Lz4, 1..=12),
            "zstd" => (Compression::Zstd, 1..=22),
            _ => return Err(format!("{text:?} is none of none, gzip, lz4 and zstd")),
        };
        let read = |level: &str| {
            level.parse().ok().filter(|level| levels.contains(level)).ok_or_else(|| {
                format!("the level of {method} is from {} to {}", levels.start(), levels.end())
            })
        };
        Ok(Self { method, level: level.map(read).transpose()? })
    }
}

impl fmt::Display for Compress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Some(level) => write!(f, "{}:{level}", self.method),
            None => write!(f, "{}", self.method),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn argument(text: &str, version: u32) -> Option<String> {
        let compress = Some(text.parse().unwrap());
        let version = ServerVersion::from_num(version);
        Compress::argument(compress, DumpFormat::Custom, version).unwrap_or(None)
    }

    #[test]
    fn each_pg_dump_is_told_in_its_own_words() {
        assert_eq!(argument("gzip:9", 150_018).as_deref(), Some("--compress=9"));
        assert_eq!(argument("none", 150_018).as_deref(), Some("--compress=0"));
        assert_eq!(argument("gzip:9", 180_001).as_deref(), Some("--compress=gzip:9"));
        assert_eq!(argument("zstd", 170_001).as_deref(), Some("--compress=zstd"));
        assert_eq!(argument("zstd", 150_018), None);
    }

    #[test]
    fn a_level_outside_of_the_methods_scale_is_refused() {
        for text in ["gzip:0", "gzip:10", "lz4:13", "zstd:23", "none:1", "gzip:", "brotli"] {
            assert!(text.parse::<Compress>().is_err(), "{text}");
        }
        assert_eq!("zstd:22".parse::<Compress>().unwrap().to_string(), "zstd:22");
    }
}
