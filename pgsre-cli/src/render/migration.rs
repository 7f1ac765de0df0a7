//! Migrations judged: for people, for GitHub and as SARIF.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use pgsre_core::finding::Severity;
use pgsre_core::migrate::{Hazard, LintedFile, LintedStatement, RULES};
use serde_json::{Value, json};

/// Each hazard with its line marked, then the sums.
#[must_use]
pub fn human(files: &[LintedFile], texts: &[String], coloured: bool) -> String {
    let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
    let mut shown = String::new();
    let (mut hazards, mut unparsed, mut statements) = (0, 0, 0);
    for (file, text) in files.iter().zip(texts) {
        for statement in &file.statements {
            statements += 1;
            hazards += statement.hazards.len();
            unparsed += usize::from(statement.unparsed.is_some());
            for report in reports(statement) {
                let marked = marked(&renderer, file, text, statement, &report);
                let _ = writeln!(shown, "{marked}\n");
            }
        }
    }
    let _ = writeln!(
        shown,
        "{} files, {statements} statements: {hazards} hazards, {unparsed} could not be parsed",
        files.len()
    );
    shown
}

/// What is said of one statement.
struct Report<'a> {
    level: Level<'static>,
    title: String,
    label: &'a str,
    fix: &'a str,
}

fn reports(statement: &LintedStatement) -> Vec<Report<'_>> {
    let unparsed = statement.unparsed.as_deref().map(|reason| Report {
        level: Level::WARNING,
        title: "unparsed".to_owned(),
        label: reason,
        fix: "nothing is known of this statement: try it on a copy",
    });
    let hazards = statement.hazards.iter().map(|hazard| Report {
        level: level(hazard.severity),
        title: format!("{} ({})", hazard.rule, hazard.severity),
        label: &hazard.message,
        fix: hazard.fix,
    });
    unparsed.into_iter().chain(hazards).collect()
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Critical => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    }
}

fn marked(
    renderer: &Renderer,
    file: &LintedFile,
    text: &str,
    statement: &LintedStatement,
    report: &Report<'_>,
) -> String {
    let end = statement.range.end.min(text.len());
    let range = statement.range.start.min(end)..end;
    let mark = AnnotationKind::Primary.span(range).label(report.label);
    let group = report
        .level
        .clone()
        .primary_title(report.title.as_str())
        .element(Snippet::source(text).path(file.path.as_str()).annotation(mark))
        .element(Level::HELP.message(report.fix));
    renderer.render(&[group])
}

/// One workflow command a hazard.
#[must_use]
pub fn github(files: &[LintedFile]) -> String {
    let mut shown = String::new();
    for (file, statement, hazard) in hazards(files) {
        let command = match hazard.severity {
            Severity::Critical => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let path = escaped(&file.path).replace(',', "%2C").replace(':', "%3A");
        let (line, end, column) = (statement.line, statement.end_line, statement.column);
        let message = escaped(&format!("{}. {}", hazard.message, hazard.fix));
        let place = format!("file={path},line={line},endLine={end},col={column}");
        let _ = writeln!(shown, "::{command} {place},title={}::{message}", hazard.rule);
    }
    shown
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// SARIF 2.1.0.
#[must_use]
pub fn sarif(files: &[LintedFile]) -> Value {
    let rules: Vec<Value> = RULES
        .iter()
        .map(|rule| json!({ "id": rule.name, "shortDescription": { "text": rule.why }, "help": { "text": rule.fix } }))
        .collect();
    let results: Vec<Value> =
        hazards(files).map(|(file, statement, hazard)| result(file, statement, hazard)).collect();
    json!({
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [{ "tool": { "driver": { "name": "pgsre", "rules": rules } }, "results": results }],
    })
}

fn result(file: &LintedFile, statement: &LintedStatement, hazard: &Hazard) -> Value {
    let level = match hazard.severity {
        Severity::Critical => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    json!({
        "ruleId": hazard.rule,
        "level": level,
        "message": { "text": format!("{}. {}", hazard.message, hazard.fix) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": file.path },
            "region": {
                "startLine": statement.line,
                "startColumn": statement.column,
                "endLine": statement.end_line,
            },
        } }],
    })
}

fn hazards(files: &[LintedFile]) -> impl Iterator<Item = (&LintedFile, &LintedStatement, &Hazard)> {
    files.iter().flat_map(|file| {
        file.statements.iter().flat_map(move |statement| {
            statement.hazards.iter().map(move |hazard| (file, statement, hazard))
        })
    })
}
