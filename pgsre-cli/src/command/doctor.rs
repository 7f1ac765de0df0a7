//! `pgsre doctor`: everything that a drill needs, and how to mend it.

use serde::Serialize;

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// How it is.
    pub status: Status,
    /// What was seen.
    pub detail: String,
    /// How to mend it; empty where nothing is to be mended.
    pub hint: String,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it must be.
    Ok,
    /// Drills run, but not all of them or not as well.
    Warning,
    /// Drills do not run.
    Failed,
}
