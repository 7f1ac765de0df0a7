//! Migrations judged: for people, for GitHub and as SARIF.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use pgsre_core::finding::Severity;
use pgsre_core::migrate::{LintedFile, LintedStatement, RULES};
use serde_json::Value;

use super::sarif::{self, SarifResult, SarifRule};

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
        fix: UNKNOWN,
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

/// What a build server is told of a statement: its hazards, and that it could not be parsed.
struct Told<'a> {
    file: &'a LintedFile,
    statement: &'a LintedStatement,
    rule: &'a str,
    severity: Severity,
    message: String,
}

/// What stands in the place of a rule for what could not be parsed.
const UNPARSED: SarifRule<'static> = SarifRule {
    name: "unparsed",
    reason: "A statement that cannot be parsed may do anything.",
    fix: UNKNOWN,
};

const UNKNOWN: &str = "nothing is known of this statement: try it on a copy";

fn told(files: &[LintedFile]) -> impl Iterator<Item = Told<'_>> {
    let statements = files
        .iter()
        .flat_map(|file| file.statements.iter().map(move |statement| (file, statement)));
    statements.flat_map(|(file, statement)| {
        let unparsed = statement.unparsed.iter().map(move |why| Told {
            file,
            statement,
            rule: UNPARSED.name,
            severity: Severity::Warning,
            message: format!("{why}. {UNKNOWN}"),
        });
        let hazards = statement.hazards.iter().map(move |hazard| Told {
            file,
            statement,
            rule: hazard.rule,
            severity: hazard.severity,
            message: format!("{}. {}", hazard.message, hazard.fix),
        });
        unparsed.chain(hazards)
    })
}

/// One workflow command of GitHub Actions each.
#[must_use]
pub fn github(files: &[LintedFile]) -> String {
    let mut shown = String::new();
    for Told { file, statement, rule, severity, message } in told(files) {
        let command = match severity {
            Severity::Critical => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let path = escaped(&file.path).replace(',', "%2C").replace(':', "%3A");
        let (line, end, column) = (statement.line, statement.end_line, statement.column);
        let message = escaped(&message);
        let place = format!("file={path},line={line},endLine={end},col={column}");
        let _ = writeln!(shown, "::{command} {place},title={rule}::{message}");
    }
    shown
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// SARIF 2.1.0.
#[must_use]
pub fn sarif(files: &[LintedFile]) -> Value {
    let rules = RULES.iter();
    let rules = rules.map(|rule| SarifRule { name: rule.name, reason: rule.why, fix: rule.fix });
    let rules: Vec<SarifRule<'_>> = rules.chain([UNPARSED]).collect();
    let told: Vec<Told<'_>> = told(files).collect();
    let results = told.iter().map(|told| SarifResult {
        rule: told.rule,
        level: told.severity.into(),
        message: &told.message,
        path: &told.file.path,
        line: told.statement.line,
        column: Some(told.statement.column),
        end_line: Some(told.statement.end_line),
    });
    sarif::log(&rules, &results.collect::<Vec<_>>())
}
