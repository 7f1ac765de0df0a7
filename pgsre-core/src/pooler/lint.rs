//! [`lint`]: what is wrong with a configuration of PgBouncer, by rules that explain themselves.
//!
//! One rule a file: its metadata is its documentation, its examples are its test.

use std::fmt;

use serde::Serialize;

use super::config::{NamedEntry, PoolerConfig, Value};
use super::evidence::ServerEvidence;
use super::ini::Place;
use super::{PoolerVersion, settings};
use crate::finding::Severity;

#[cfg(test)]
mod example;
mod pools;
mod rules;

pub(super) use pools::Pool;
pub use rules::RULES;

/// A rule: why it is one, what to do, and configurations that break it and that do not.
///
/// An example is a list of changes to a sound configuration: see [`bad`](Self::bad).
pub struct PoolRule {
    /// Its stable name.
    pub name: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// Why it matters, in a sentence or two.
    pub reason: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// Changes to the sound configuration that break this rule, and no other. A line
    /// `name = value` sets, `-name` takes away, `+line` adds a line as it is; `[databases]` and its
    /// like say where; `@version`, `@usable`, `@open_files` and `@statement` say what else is known.
    pub bad: &'static [&'static str],
    /// Changes that break nothing, although they come near.
    pub good: &'static [&'static str],
    check: fn(&LintContext<'_>) -> Vec<Hit>,
}

/// Something that a rule found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolFinding {
    /// The rule.
    pub rule: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// The file.
    pub path: String,
    /// The line, from 1; that of the section where a setting is missing.
    pub line: usize,
    /// What was found.
    pub message: String,
    /// Why it matters.
    pub reason: &'static str,
    /// What to do.
    pub fix: &'static str,
}

/// What is known beside the configuration.
#[derive(Clone, Debug)]
pub struct LintOptions {
    /// The version that will read it.
    pub version: PoolerVersion,
    /// The files that its process may open (`ulimit -n`, `LimitNOFILE`), where that is known.
    pub open_files: Option<u64>,
    /// What the server behind it says.
    pub server: Option<ServerEvidence>,
}

impl Default for LintOptions {
    fn default() -> Self {
        Self { version: PoolerVersion::NEWEST, open_files: None, server: None }
    }
}

/// Judges a configuration by every rule. The heaviest findings come first, then by place.
#[must_use]
pub fn lint(config: &PoolerConfig, options: &LintOptions) -> Vec<PoolFinding> {
    let cx = LintContext { config, options };
    let mut findings: Vec<PoolFinding> = RULES
        .iter()
        .flat_map(|rule| (rule.check)(&cx).into_iter().map(|hit| finding(rule, hit)))
        .collect();
    findings.sort_by(|a, b| {
        let place = |finding: &PoolFinding| (finding.path.clone(), finding.line);
        b.severity.cmp(&a.severity).then_with(|| place(a).cmp(&place(b)))
    });
    findings
}

fn finding(rule: &PoolRule, hit: Hit) -> PoolFinding {
    PoolFinding {
        rule: rule.name,
        severity: rule.severity,
        path: hit.place.path.display().to_string(),
        line: hit.place.line,
        message: hit.message,
        reason: rule.reason,
        fix: rule.fix,
    }
}

/// What a rule may look at.
#[derive(Clone, Copy, Debug)]
struct LintContext<'a> {
    config: &'a PoolerConfig,
    options: &'a LintOptions,
}

/// A place where a rule is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hit {
    place: Place,
    message: String,
}

impl Hit {
    fn new(place: &Place, message: impl Into<String>) -> Self {
        Self { place: place.clone(), message: message.into() }
    }

    /// A finding about one setting.
    fn on(value: &Value, message: impl Into<String>) -> Vec<Self> {
        vec![Self::new(&value.place, message)]
    }
}

impl LintContext<'_> {
    fn version(&self) -> PoolerVersion {
        self.options.version
    }

    fn value(&self, name: &str) -> Value {
        self.config.value(name, self.version())
    }

    fn number(&self, name: &str) -> Option<i64> {
        settings::integer(&self.value(name).text)
    }

    fn seconds(&self, name: &str) -> Option<f64> {
        settings::seconds(&self.value(name).text)
    }

    /// A setting where it says this, in any case of letters.
    fn says(&self, name: &str, text: &str) -> Option<Value> {
        Some(self.value(name)).filter(|value| value.text.eq_ignore_ascii_case(text))
    }

    /// A setting where it is a number that this holds for.
    fn where_number(&self, name: &str, is: impl Fn(f64) -> bool) -> Option<Value> {
        let value = self.value(name);
        let number = settings::integer(&value.text)
            .map(|number| number as f64)
            .or_else(|| settings::seconds(&value.text));
        number.is_some_and(is).then_some(value)
    }

    /// The names of a list, separated by commas.
    fn list(&self, name: &str) -> Vec<String> {
        let text = self.value(name).text;
        text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
    }

    fn databases(&self) -> &[NamedEntry] {
        &self.config.databases
    }

    /// Whether it listens on more than this machine.
    fn is_reachable(&self) -> bool {
        let local = ["127.0.0.1", "::1", "localhost"];
        self.list("listen_addr").iter().any(|address| !local.contains(&address.as_str()))
    }
}

impl fmt::Debug for PoolRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolRule")
            .field("name", &self.name)
            .field("severity", &self.severity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
