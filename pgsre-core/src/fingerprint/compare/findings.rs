//! Differences as findings.

use std::collections::BTreeMap;

use super::{Aspect, Comparison, DiffLine, Difference, DifferenceKind};
use crate::finding::{Finding, FindingCode, Severity};
use crate::fingerprint::ObjectKind;

/// The longest value that a message quotes, in characters.
const QUOTED: usize = 160;

/// Lines of a diff that a message quotes.
const LINES: usize = 4;

impl Comparison {
    /// The differences as findings: at most `most` of each code and severity, and one more that says
    /// how many are left out.
    #[must_use]
    pub fn findings(&self, most: usize) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut groups: BTreeMap<(FindingCode, Severity), usize> = BTreeMap::new();
        for difference in &self.differences {
            let said = groups.entry((difference.code, difference.severity)).or_default();
            *said += 1;
            if *said <= most {
                findings.push(difference.to_finding());
            }
        }
        for ((code, severity), count) in groups.into_iter().filter(|(_, count)| *count > most) {
            let message = format!("{} more of these differences are left out", count - most);
            findings.push(finding(code, severity, "", message));
        }
        findings
    }

    /// Whether a difference weighs: what is left is news.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        !self.differences.iter().any(|difference| difference.severity > Severity::Info)
    }
}

impl Difference {
    /// The finding that this difference is.
    #[must_use]
    pub fn to_finding(&self) -> Finding {
        finding(self.code, self.severity, &self.subject, self.message()).with_hint(self.hint())
    }

    fn message(&self) -> String {
        let mut message = match self.kind {
            DifferenceKind::Object(kind) => self.about_object(kind),
            DifferenceKind::Contents if self.severity == Severity::Info => {
                quoted(self.found.as_deref())
            }
            DifferenceKind::Contents if self.aspect == Aspect::Missing => {
                format!("the table is missing; it held {}", quoted(self.expected.as_deref()))
            }
            _ => format!(
                "the backup's manifest says {}, found is {}",
                quoted(self.expected.as_deref()),
                quoted(self.found.as_deref())
            ),
        };
        if self.consequences > 0 {
            let state = if self.aspect == Aspect::Missing { "missing with it" } else { "its own" };
            message.push_str(&format!("; {} more are {state}", objects(self.consequences)));
        }
        message
    }

    fn about_object(&self, kind: ObjectKind) -> String {
        let (expected, found) = (quoted(self.expected.as_deref()), quoted(self.found.as_deref()));
        match self.aspect {
            Aspect::Missing => format!("the {kind} is missing"),
            Aspect::Extra => format!("the {kind} is there, but was not in the source"),
            Aspect::Owner => format!("the {kind} belongs to {found} instead of {expected}"),
            Aspect::Privileges => {
                format!("the privileges on the {kind} are {found} instead of {expected}")
            }
            Aspect::Comment => format!("the {kind}'s comment is {found} instead of {expected}"),
            Aspect::Definition | Aspect::Count => {
                format!("the {kind} is not as it was: {}", self.quoted_lines())
            }
        }
    }

    fn quoted_lines(&self) -> String {
        let changes = self.lines.iter().filter_map(|line| match line {
            DiffLine::Expected(text) => Some(format!("- {}", quoted(Some(text.trim())))),
            DiffLine::Found(text) => Some(format!("+ {}", quoted(Some(text.trim())))),
            DiffLine::Same(_) | DiffLine::Omitted(_) => None,
        });
        let changes: Vec<_> = changes.collect();
        let more = changes.len().saturating_sub(LINES);
        let tail = if more > 0 { format!(" … and {more} more lines") } else { String::new() };
        format!("{}{tail}", changes[..changes.len().min(LINES)].join(" "))
    }

    fn hint(&self) -> &'static str {
        match (self.severity, self.aspect) {
            (Severity::Info, _) => "",
            (_, Aspect::Missing | Aspect::Count) => {
                "look for rejected statements in the report, then take a new backup"
            }
            (_, Aspect::Owner | Aspect::Privileges) => {
                "compare the roles there with the source's: a dump of one database carries none"
            }
            _ => {
                "the backup was altered or damaged after its manifest was written, or the restore \
                 changed it: take a new backup and drill it"
            }
        }
    }
}

fn finding(code: FindingCode, severity: Severity, subject: &str, message: String) -> Finding {
    match severity {
        Severity::Info => Finding::info(code, subject, message),
        Severity::Warning => Finding::warning(code, subject, message),
        Severity::Critical => Finding::critical(code, subject, message),
    }
}

/// A value for a message: one line of it, not too long.
fn quoted(value: Option<&str>) -> String {
    let Some(value) = value else { return "none".to_owned() };
    let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn objects(count: u64) -> String {
    if count == 1 { "1 object".to_owned() } else { format!("{count} objects") }
}
