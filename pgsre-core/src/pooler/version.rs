//! PgBouncer's version.

use std::fmt;
use std::str::FromStr;

/// A version of PgBouncer; the patch level is 0 where it was not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolerVersion {
    /// 1 since ever.
    pub major: u32,
    /// What brings new settings and columns.
    pub minor: u32,
    /// Mended defects.
    pub patch: u32,
}

impl PoolerVersion {
    /// The newest whose settings are known here.
    pub const NEWEST: Self = Self::new(1, 25);

    /// The first release of a minor version.
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor, patch: 0 }
    }

    /// Whether this is that minor version or a later one.
    #[must_use]
    pub fn is_since(self, major: u32, minor: u32) -> bool {
        self >= Self::new(major, minor)
    }

    /// The version in what `SHOW VERSION`, `pgbouncer --version` or the parameter `server_version`
    /// says: `PgBouncer 1.18.0`, `1.18.0/bouncer`.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let word = |word: &str| word.trim_end_matches("/bouncer").parse().ok();
        text.split_whitespace().find_map(word)
    }
}

/// `1.24`, `1.24.1`; what follows, as the `dev` of `1.26.0dev`, is passed over.
impl FromStr for PoolerVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let accepted =
            || format!("{text:?} is no version of PgBouncer; write it like 1.24 or 1.24.1");
        let mut parts = text.split('.');
        let major = parts.next().and_then(|part| part.parse().ok()).ok_or_else(accepted)?;
        let minor = parts.next().and_then(leading_number).ok_or_else(accepted)?;
        let patch = parts.next().map_or(Some(0), leading_number).ok_or_else(accepted)?;
        Ok(Self { major, minor, patch })
    }
}

fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

impl fmt::Display for PoolerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl serde::Serialize for PoolerVersion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_whatever_names_it() {
        let of = |minor, patch| Some(PoolerVersion { major: 1, minor, patch });
        assert_eq!(PoolerVersion::find("PgBouncer 1.18.0"), of(18, 0));
        assert_eq!(PoolerVersion::find("1.24.1/bouncer"), of(24, 1));
        assert_eq!(PoolerVersion::find("PgBouncer 1.26.0dev"), of(26, 0));
        assert_eq!(PoolerVersion::find("1.21"), of(21, 0));
        assert_eq!(PoolerVersion::find("PostgreSQL"), None);
        assert_eq!(PoolerVersion::find("1.99999999999"), None);
    }

    #[test]
    fn versions_compare_by_number_and_not_by_letter() {
        assert!(PoolerVersion::new(1, 9) < PoolerVersion::new(1, 18));
        assert!(PoolerVersion { patch: 1, ..PoolerVersion::new(1, 24) }.is_since(1, 24));
    }
}
