//! The name of one run.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// The name of one run: when it began, to the second in UTC, and eight random hexadecimal digits:
/// `20261122t144310z_1a2b3c4d`. Lower case and safe in database names, paths and keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId {
    started: Timestamp,
    random: u32,
}

const TIME: &str = "%Y%m%dt%H%M%Sz";

impl RunId {
    /// A new name for a run that begins at `started`.
    #[must_use]
    pub fn new(started: Timestamp) -> Self {
        let started = Timestamp::from_second(started.as_second()).unwrap_or(started);
        Self { started, random: rand::random() }
    }

    /// When the run began, to the second.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        self.started
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.started.to_zoned(TimeZone::UTC).strftime(TIME);
        write!(f, "{time}_{:08x}", self.random)
    }
}

/// A text that is not the name of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a run, such as 20261122t144310z_1a2b3c4d")]
pub struct NotARunId;

impl FromStr for RunId {
    type Err = NotARunId;

    fn from_str(text: &str) -> Result<Self, NotARunId> {
        let (time, random) = text.split_once('_').ok_or(NotARunId)?;
        if random.len() != 8 || !random.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(NotARunId);
        }
        let started = jiff::civil::DateTime::strptime(TIME, time)
            .ok()
            .and_then(|civil| civil.to_zoned(TimeZone::UTC).ok())
            .ok_or(NotARunId)?
            .timestamp();
        let random = u32::from_str_radix(random, 16).map_err(|_| NotARunId)?;
        let run = Self { started, random };
        if run.to_string() == text { Ok(run) } else { Err(NotARunId) }
    }
}

impl Serialize for RunId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_id_reads_back_as_it_was_written() {
        let run = RunId::new(Timestamp::now());
        assert_eq!(run.to_string().parse(), Ok(run));
    }

    #[test]
    fn only_the_exact_form_is_a_run_id() {
        for text in [
            "",
            "shop",
            "20261122t144310z",
            "20261122t144310z_1A2B3C4D",
            "20261322t144310z_1a2b3c4d",
        ] {
            assert_eq!(text.parse::<RunId>(), Err(NotARunId), "{text}");
        }
    }
}
