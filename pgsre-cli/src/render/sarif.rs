//! SARIF 2.1.0, the format in which forges take the findings of linters.

use pgsre_core::finding::Severity;
use serde_json::{Value, json};

/// A rule of a linter.
#[derive(Clone, Copy, Debug)]
pub struct SarifRule<'a> {
    /// Its stable name.
    pub name: &'a str,
    /// Why it is one.
    pub reason: &'a str,
    /// What to do.
    pub fix: &'a str,
}

/// One finding.
#[derive(Clone, Copy, Debug)]
pub struct SarifResult<'a> {
    /// The rule.
    pub rule: &'a str,
    /// How much it weighs.
    pub level: Level,
    /// What was found.
    pub message: &'a str,
    /// The file, as the user named it.
    pub path: &'a str,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, where it is known.
    pub column: Option<usize>,
    /// The last line, from 1, where it is known.
    pub end_line: Option<usize>,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It breaks something.
    Error,
    /// It is worth a change.
    Warning,
    /// It is worth knowing.
    Note,
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Critical => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Info => Self::Note,
        }
    }
}

impl Level {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// The whole log: one run, its rules and its results.
#[must_use]
pub fn log(rules: &[SarifRule<'_>], results: &[SarifResult<'_>]) -> Value {
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "pgsre",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(rule).collect::<Vec<_>>(),
            }},
            "results": results.iter().map(|result| self::result(rules, result)).collect::<Vec<_>>(),
        }],
    })
}

fn rule(rule: &SarifRule<'_>) -> Value {
    json!({
        "id": rule.name,
        "shortDescription": { "text": rule.reason },
        "help": { "text": rule.fix },
    })
}

fn result(rules: &[SarifRule<'_>], result: &SarifResult<'_>) -> Value {
    let mut region = json!({ "startLine": result.line.max(1) });
    if let Some(column) = result.column {
        region["startColumn"] = json!(column.max(1));
    }
    if let Some(end_line) = result.end_line {
        region["endLine"] = json!(end_line.max(result.line));
    }
    json!({
        "ruleId": result.rule,
        "ruleIndex": rules.iter().position(|rule| rule.name == result.rule),
        "level": result.level.as_str(),
        "message": { "text": result.message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(result.path) },
            "region": region,
        }}],
    })
}

/// A path as a URI: relative ones stay relative, to the root of the checkout.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                uri.push(char::from(byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_points_to_its_rule_and_its_line() {
        let rules = [SarifRule { name: "auth-any", reason: "r", fix: "f" }];
        let found = SarifResult {
            rule: "auth-any",
            level: Level::Error,
            message: "m",
            path: "a b.ini",
            line: 7,
            column: None,
            end_line: None,
        };
        let log = log(&rules, &[found]);
        assert_eq!(log["version"], "2.1.0");
        let result = &log["runs"][0]["results"][0];
        assert_eq!((&result["level"], &result["ruleIndex"]), (&json!("error"), &json!(0)));
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b.ini");
        assert_eq!(place["region"], json!({ "startLine": 7 }));
    }

    #[test]
    fn an_absolute_path_is_a_file_url() {
        assert_eq!(uri("/etc/p.ini"), "file:///etc/p.ini");
    }
}
