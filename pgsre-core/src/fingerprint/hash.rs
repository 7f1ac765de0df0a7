//! A hash of contents that does not depend on their order.

use std::fmt;
use std::ops::Add;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The sum of the 64-bit hashes of many things: of a table's rows, of large objects. The order in
/// which they were read does not matter, how often each is there does, and the hash of a whole is
/// the sum of those of its parts.
///
/// Two contents that differ by accident have the same hash with a probability of 2⁻⁶⁴. It is no
/// protection against somebody who chooses the contents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ContentHash(i128);

impl ContentHash {
    /// The hash of nothing.
    pub const NOTHING: Self = Self(0);
}

impl Add for ContentHash {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}

impl std::iter::Sum for ContentHash {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::NOTHING, Add::add)
    }
}

/// Reads the sum as a server prints it: a decimal number.
impl FromStr for ContentHash {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Serialize for ContentHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom(format!("{text:?} is no content hash")))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::ContentHash;

    #[test]
    fn the_hash_of_a_whole_is_the_sum_of_its_parts_in_any_order() {
        let parts: Vec<ContentHash> =
            ["5", "-7", "9223372036854775807"].iter().map(|part| part.parse().unwrap()).collect();
        let forwards: ContentHash = parts.iter().copied().sum();
        let backwards: ContentHash = parts.iter().rev().copied().sum();
        assert_eq!(forwards, backwards);
        assert_eq!(forwards.to_string(), "9223372036854775805");
        assert_ne!(forwards, parts[0] + parts[1]);
    }

    #[test]
    fn a_hash_is_a_decimal_text_in_json() {
        let hash: ContentHash = "-42".parse().unwrap();
        assert_eq!(serde_json::to_string(&hash).unwrap(), "\"-42\"");
        assert_eq!(serde_json::from_str::<ContentHash>("\"-42\"").unwrap(), hash);
        assert!(serde_json::from_str::<ContentHash>("\"x\"").is_err());
    }
}
