//! Results for build servers: JUnit's XML.
//!
//! A suite is a drill or a check. It has a test for the whole, one for each validation and one for
//! each finding: what is wrong with a backup is a failure, what could not be judged an error.

use std::io;
use std::time::Duration;

use pgsre_core::drill::{DrillReport, Verdict};
use pgsre_core::finding::{Finding, Severity};
use pgsre_core::migrate::{Hazard, LintedFile};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::command::backups::CheckResult;

/// A drill of several: the server's name, and its report or why there is none.
#[derive(Clone, Copy, Debug)]
pub struct JunitDrill<'a> {
    /// The server's name.
    pub server: Option<&'a str>,
    /// What the drill came to.
    pub ended: Result<&'a DrillReport, &'a str>,
}

/// The drills of one command.
///
/// # Errors
/// Where the XML cannot be written.
pub fn drills(drills: &[JunitDrill<'_>]) -> io::Result<String> {
    written("pgsre drill", drills.iter().map(drill))
}

/// The checks of one command.
///
/// # Errors
/// As [`drills`].
pub fn checks(results: &[CheckResult]) -> io::Result<String> {
    written("pgsre backups check", results.iter().map(check))
}

/// The statements of migrations: a hazard of this weight or more is a failure.
///
/// # Errors
/// As [`drills`].
pub fn migrations(files: &[LintedFile], least: Severity) -> io::Result<String> {
    written("pgsre migrate lint", files.iter().map(|file| migration(file, least)))
}

fn migration(file: &LintedFile, least: Severity) -> TestSuite {
    let mut suite = TestSuite::new(file.path.as_str());
    suite.add_test_cases(file.statements.iter().map(|statement| {
        let weighs = |hazard: &&Hazard| hazard.severity >= least;
        let said: Vec<String> = statement
            .hazards
            .iter()
            .filter(weighs)
            .map(|hazard| format!("{}: {}. {}", hazard.rule, hazard.message, hazard.fix))
            .collect();
        let first = statement.hazards.iter().find(weighs);
        let status = match (first, &statement.unparsed) {
            (Some(first), _) => failure(first.rule, &said.join("\n")),
            (None, Some(why)) => error("unparsed", why),
            (None, None) => TestCaseStatus::success(),
        };
        TestCase::new(format!("line {}", statement.line), status)
    }));
    suite
}

fn written(name: &str, suites: impl Iterator<Item = TestSuite>) -> io::Result<String> {
    let mut report = Report::new(name);
    report.add_test_suites(suites);
    report.to_string().map_err(io::Error::other)
}

fn drill(drill: &JunitDrill<'_>) -> TestSuite {
    let report = match drill.ended {
        Ok(report) => report,
        Err(why) => {
            let mut suite = TestSuite::new(drill.server.unwrap_or("drill"));
            suite.add_test_case(TestCase::new("drill", error("not tried", why)));
            return suite;
        }
    };
    let mut suite = TestSuite::new(drill.server.unwrap_or(&report.source));
    let text = |value: Option<f64>| value.map(|seconds| seconds.to_string());
    let properties = [
        ("id", Some(report.id.to_string())),
        ("verdict", Some(report.verdict.to_string())),
        ("source", Some(report.source.clone())),
        ("target", Some(report.target.clone())),
        ("backup", report.backup.as_ref().map(|backup| backup.key.clone())),
        ("rto_seconds", text(report.rto_seconds)),
        ("started_at", Some(report.started_at.to_string())),
    ];
    for (name, value) in properties {
        suite.add_properties(value.map(|value| Property::new(name, value)));
    }
    let seconds = report.finished_at.duration_since(report.started_at).as_secs_f64();
    suite.set_time(duration(seconds));
    let unproved: Vec<&str> = report
        .validations
        .iter()
        .flat_map(|check| check.unproved.iter().map(String::as_str))
        .collect();
    suite.add_test_case(TestCase::new("drill", whole(report.verdict, &report.findings, &unproved)));
    for validation in &report.validations {
        let unproved: Vec<&str> = validation.unproved.iter().map(String::as_str).collect();
        let status = match validation.outcome {
            Verdict::Failed => failure("failed", "its findings stand below"),
            outcome => whole(outcome, &[], &unproved),
        };
        let mut case = TestCase::new(&validation.name, status);
        case.add_property(Property::new("examined", validation.examined.to_string()));
        suite.add_test_case(case);
    }
    suite.add_test_cases(report.findings.iter().map(finding));
    named(suite, "drill")
}

fn check(result: &CheckResult) -> TestSuite {
    let mut suite = TestSuite::new(&result.source);
    let backup = result.backup.as_ref().map(|backup| Property::new("backup", &backup.key));
    suite.add_properties(backup);
    suite.set_time(duration(result.seconds));
    let unproved: Vec<&str> = result.unproved.iter().map(String::as_str).collect();
    suite.add_test_case(TestCase::new("check", whole(result.outcome, &result.findings, &unproved)));
    suite.add_test_cases(result.findings.iter().map(finding));
    named(suite, "check")
}

/// The class of a test is its suite's kind and name, which is how build servers group them.
fn named(mut suite: TestSuite, kind: &str) -> TestSuite {
    let class = format!("pgsre.{kind}.{}", suite.name.as_str());
    for case in &mut suite.test_cases {
        case.set_classname(&class);
    }
    suite
}

fn whole(verdict: Verdict, findings: &[Finding], unproved: &[&str]) -> TestCaseStatus {
    let first = findings.first().map(|one| format!("{} {}", one.code, one.message));
    match verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Failed => failure("failed", first.as_deref().unwrap_or("it failed")),
        Verdict::Inconclusive => {
            let why = unproved.first().copied().or(first.as_deref());
            error("inconclusive", why.unwrap_or("it could not be judged"))
        }
    }
}

fn finding(finding: &Finding) -> TestCase {
    let message = match finding.subject.as_str() {
        "" => finding.message.clone(),
        subject => format!("{subject}: {}", finding.message),
    };
    let code = finding.code.as_str();
    let mut status = match finding.severity {
        Severity::Critical if !finding.code.is_inconclusive() => failure(code, &message),
        Severity::Critical | Severity::Warning if finding.code.is_inconclusive() => {
            error(code, &message)
        }
        _ => TestCaseStatus::success(),
    };
    let light = matches!(status, TestCaseStatus::Success { .. });
    if !light && !finding.hint.is_empty() {
        status.set_description(&finding.hint);
    }
    let mut case = TestCase::new(format!("{code} {}", finding.subject), status);
    if light {
        case.set_system_out(format!("{}: {message}", finding.severity));
    }
    case
}

fn failure(kind: &str, message: &str) -> TestCaseStatus {
    not_well(NonSuccessKind::Failure, kind, message)
}

fn error(kind: &str, message: &str) -> TestCaseStatus {
    not_well(NonSuccessKind::Error, kind, message)
}

fn not_well(what: NonSuccessKind, kind: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(what);
    status.set_type(kind).set_message(message);
    status
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default()
}
