//! How a source is opened: patience, and the environment that credentials come from.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// How [`ObjectStoreSource::parse_with`](super::ObjectStoreSource::parse_with) opens a source.
#[derive(Clone, Debug, Default)]
pub struct SourceOptions {
    /// How long to insist.
    pub retry: RetryPolicy,
    /// Where endpoints and credentials come from.
    pub environment: Environment,
}

/// How long to insist before a store counts as unreachable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The longest wait for a connection. Default 5 s.
    pub connect_timeout: Duration,
    /// The longest silence of a store during a request or a read. Default 30 s.
    pub read_timeout: Duration,
    /// Repetitions of one request that failed for a transient reason. Default 4.
    pub request_retries: usize,
    /// After this long, a request is not repeated any more. Default 15 s.
    pub request_budget: Duration,
    /// Attempts to resume a read, in a row, without a single byte gained. Default 5.
    pub resumes: u32,
    /// The wait before the first repetition; doubled for each further one. Default 200 ms.
    pub first_backoff: Duration,
    /// The longest wait between two attempts. Default 3 s.
    pub longest_backoff: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(30),
            request_retries: 4,
            request_budget: Duration::from_secs(15),
            resumes: 5,
            first_backoff: Duration::from_millis(200),
            longest_backoff: Duration::from_secs(3),
        }
    }
}

impl RetryPolicy {
    /// The patience for uploads: a part of one is megabytes long, and the store says nothing before
    /// it has all of it.
    #[must_use]
    pub fn uploads() -> Self {
        Self {
            read_timeout: Duration::from_secs(180),
            request_retries: 8,
            request_budget: Duration::from_secs(300),
            ..Self::default()
        }
    }

    /// The wait before attempt `number`, from 1.
    pub(super) fn backoff(&self, number: u32) -> Duration {
        let doubled = 1u32.checked_shl(number.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first_backoff.saturating_mul(doubled).min(self.longest_backoff)
    }
}

/// The environment variables that a source may look at.
///
/// `Debug` shows names only: values hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process, as they are now; those that are not UTF-8 are left out.
    #[must_use]
    pub fn of_process() -> Self {
        let pairs = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self(pairs.collect())
    }

    /// The value of a variable; `None` where it is absent or empty.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The variables whose name starts with `prefix` and whose value is not empty.
    #[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
    pub(super) fn starting_with(&self, prefix: &str) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs.filter(move |(name, value)| name.starts_with(prefix) && !value.is_empty())
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self::of_process()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
