//! Findings, grouped by code, the heaviest first, each hint said once.

use console::Style;
use pgsre_core::finding::{Finding, Severity};

use crate::face::{Face, Palette};
use crate::render::{clean, wrap};

/// The most findings of one code that are shown; the JSON has them all.
const SHOWN: usize = 8;

/// The findings as lines; empty where there are none.
#[must_use]
pub fn findings(face: &Face, findings: &[Finding]) -> String {
    let mut text = String::new();
    for group in groups(findings) {
        text.push_str(&render(face, &group));
    }
    text
}

fn groups(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let same = |group: &&mut Vec<&Finding>| {
            group.iter().any(|f| f.code == finding.code && f.severity == finding.severity)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

fn render(face: &Face, group: &[&Finding]) -> String {
    let palette = face.palette();
    let Some(first) = group.first() else { return String::new() };
    let (mark, style) = mark(palette, first.severity);
    let head = style.apply_to(format!("{mark} {}", first.code));
    let mut text = format!("  {head}  {}\n", palette.faint.apply_to(first.code.meaning()));
    for finding in group.iter().take(SHOWN) {
        let line = match finding.subject.as_str() {
            "" => clean(&finding.message),
            subject => format!("{}: {}", clean(subject), clean(&finding.message)),
        };
        indented(&mut text, "    ", &line, face.width(), &Style::new().force_styling(false));
    }
    if group.len() > SHOWN {
        text.push_str(&format!("    … and {} more\n", group.len() - SHOWN));
    }
    let mut hints: Vec<&str> = group.iter().map(|finding| finding.hint.as_str()).collect();
    hints.dedup();
    for hint in hints.into_iter().filter(|hint| !hint.is_empty()).take(SHOWN) {
        indented(&mut text, "    ", &format!("→ {}", clean(hint)), face.width(), &palette.hint);
    }
    text
}

fn mark(palette: &Palette, severity: Severity) -> (&'static str, &Style) {
    match severity {
        Severity::Critical => ("✗", &palette.critical),
        Severity::Warning => ("!", &palette.warning),
        Severity::Info => ("·", &palette.faint),
    }
}

/// Adds `line`, broken to the width, behind `indent`.
pub(super) fn indented(text: &mut String, indent: &str, line: &str, width: usize, style: &Style) {
    for part in wrap(line, width.saturating_sub(indent.len())) {
        text.push_str(&format!("{indent}{}\n", style.apply_to(part)));
    }
}
