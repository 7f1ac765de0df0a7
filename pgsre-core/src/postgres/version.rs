//! The version of a server.

use std::fmt;

/// A server's version, as in `server_version_num`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerVersion(u32);

impl ServerVersion {
    /// The version of `server_version_num`: 150018 is 15.18, 90624 is 9.6.24.
    #[must_use]
    pub const fn from_num(num: u32) -> Self {
        Self(num)
    }

    /// The first version found in a text such as `postgres (PostgreSQL) 15.18 (Debian …)`; that of
    /// a pre-release (`18beta1`, `19devel`) counts as its `.0`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.split_ascii_whitespace()
            .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
            .find_map(Self::parse_word)
    }

    fn parse_word(word: &str) -> Option<Self> {
        let end = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
        let mut numbers = word[..end].split('.').map(|part| part.parse::<u32>().ok());
        let major = numbers.next()??;
        let mut next = || numbers.next().flatten().unwrap_or(0);
        let num = match major {
            10..=999 => major * 10_000 + next().min(9_999),
            1..=9 => major * 10_000 + next().min(99) * 100 + next().min(99),
            _ => return None,
        };
        Some(Self(num))
    }

    /// `server_version_num`.
    #[must_use]
    pub const fn num(self) -> u32 {
        self.0
    }

    /// The major version: 15 of 15.18 (and 9 of 9.6.24).
    #[must_use]
    pub const fn major(self) -> u32 {
        self.0 / 10_000
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, rest) = (self.major(), self.0 % 10_000);
        if major >= 10 {
            write!(f, "{major}.{rest}")
        } else {
            write!(f, "{major}.{}.{}", rest / 100, rest % 100)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ServerVersion;

    #[test]
    fn a_version_is_read_from_what_postgres_prints_of_itself() {
        let read =
            |text: &str| ServerVersion::parse(text).map(|version| (version.num(), version.major()));
        assert_eq!(
            read("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some((150018, 15))
        );
        assert_eq!(read("postgres (PostgreSQL) 18beta1"), Some((180000, 18)));
        assert_eq!(read("postgres (PostgreSQL) 9.6.24"), Some((90624, 9)));
        assert_eq!(read("17"), Some((170000, 17)));
        assert_eq!(read("no version here"), None);
    }

    #[test]
    fn a_version_prints_as_people_write_it() {
        assert_eq!(ServerVersion::from_num(150018).to_string(), "15.18");
        assert_eq!(ServerVersion::from_num(90624).to_string(), "9.6.24");
    }
}
