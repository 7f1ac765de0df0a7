//! From findings and checks to a verdict: nothing wrong may pass, nothing sound may fail.

use crate::drill::report::ValidationReport;
use crate::finding::{Finding, Severity, Verdict};
use crate::validate::{Validation, ValidatorError};

/// The verdict of a whole drill.
///
/// A critical finding about the backup makes it failed. Otherwise anything that kept a check from
/// judging makes it inconclusive: a check that did not run or examined nothing, an environment that
/// is not faithful, a format that cannot be read, a cancelled run, or no check at all.
pub(super) fn verdict(
    findings: &[Finding],
    validations: &[ValidationReport],
    completed: bool,
) -> Verdict {
    if findings.iter().any(is_damage) {
        return Verdict::Failed;
    }
    let judged = completed && !validations.is_empty();
    let all_passed = validations.iter().all(|check| check.outcome == Verdict::Passed);
    let faithful = !findings.iter().any(is_doubt);
    if judged && all_passed && faithful { Verdict::Passed } else { Verdict::Inconclusive }
}

/// What one check came to, and the findings it made.
pub(super) fn judge(
    name: &str,
    result: Result<Validation, ValidatorError>,
) -> (ValidationReport, Vec<Finding>) {
    match result {
        Ok(validation) => {
            let outcome = outcome(&validation);
            let mut unproved = validation.unproved;
            let nothing = validation.examined == 0 && !validation.nothing_to_examine;
            if nothing && outcome == Verdict::Inconclusive && unproved.is_empty() {
                unproved.push("examined nothing".to_owned());
            }
            let report = ValidationReport {
                name: name.to_owned(),
                examined: validation.examined,
                outcome,
                unproved,
                sections: validation.sections,
            };
            (report, validation.findings)
        }
        Err(error) => {
            (not_run(name, format!("could not run: {}", crate::finding::chain(&error))), Vec::new())
        }
    }
}

/// The report of a check that could not run.
pub(super) fn not_run(name: &str, why: String) -> ValidationReport {
    ValidationReport {
        name: name.to_owned(),
        examined: 0,
        outcome: Verdict::Inconclusive,
        unproved: vec![why],
        sections: Vec::new(),
    }
}

/// Puts the reports of one check on several databases together.
pub(super) fn merge(into: &mut ValidationReport, other: ValidationReport) {
    into.examined += other.examined;
    into.outcome = worse(into.outcome, other.outcome);
    into.unproved.extend(other.unproved);
    into.sections.extend(other.sections);
}

fn outcome(validation: &Validation) -> Verdict {
    let examined = validation.examined > 0 || validation.nothing_to_examine;
    if validation.findings.iter().any(is_damage) {
        Verdict::Failed
    } else if !examined
        || !validation.unproved.is_empty()
        || validation.findings.iter().any(is_doubt)
    {
        Verdict::Inconclusive
    } else {
        Verdict::Passed
    }
}

fn is_damage(finding: &Finding) -> bool {
    finding.severity == Severity::Critical && !finding.code.is_inconclusive()
}

fn is_doubt(finding: &Finding) -> bool {
    finding.severity >= Severity::Warning && finding.code.is_inconclusive()
}

fn worse(one: Verdict, other: Verdict) -> Verdict {
    match (one, other) {
        (Verdict::Failed, _) | (_, Verdict::Failed) => Verdict::Failed,
        (Verdict::Inconclusive, _) | (_, Verdict::Inconclusive) => Verdict::Inconclusive,
        (Verdict::Passed, Verdict::Passed) => Verdict::Passed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::FindingCode;

    fn passed() -> ValidationReport {
        judge("check", Ok(Validation::sound(1))).0
    }

    #[test]
    fn a_run_whose_checks_all_passed_passes() {
        assert_eq!(verdict(&[], &[passed()], true), Verdict::Passed);
    }

    #[test]
    fn a_run_without_any_check_is_inconclusive() {
        assert_eq!(verdict(&[], &[], true), Verdict::Inconclusive);
    }

    #[test]
    fn a_run_that_did_not_complete_is_inconclusive() {
        assert_eq!(verdict(&[], &[passed()], false), Verdict::Inconclusive);
    }

    #[test]
    fn a_critical_finding_fails_the_run_even_when_it_did_not_complete() {
        let finding = Finding::critical(FindingCode::ArchiveTruncated, "a", "b");
        assert_eq!(verdict(&[finding], &[passed()], false), Verdict::Failed);
    }

    #[test]
    fn a_warning_about_the_backup_leaves_the_run_passed() {
        let finding = Finding::warning(FindingCode::SequenceBehind, "a", "b");
        assert_eq!(verdict(&[finding], &[passed()], true), Verdict::Passed);
    }

    #[test]
    fn an_unfaithful_environment_is_inconclusive_unless_the_backup_is_damaged_too() {
        let environment = Finding::critical(FindingCode::EnvironmentMissingExtension, "a", "b");
        let damage = Finding::critical(FindingCode::RowsMismatch, "a", "b");
        let checks = [passed()];
        assert_eq!(
            verdict(std::slice::from_ref(&environment), &checks, true),
            Verdict::Inconclusive
        );
        assert_eq!(verdict(&[environment, damage], &checks, true), Verdict::Failed);
    }

    #[test]
    fn a_check_that_examined_nothing_is_inconclusive_unless_nothing_is_a_sound_answer() {
        let nothing = Validation::default();
        assert_eq!(judge("check", Ok(nothing.clone())).0.outcome, Verdict::Inconclusive);
        let sound = Validation { nothing_to_examine: true, ..nothing };
        assert_eq!(judge("check", Ok(sound)).0.outcome, Verdict::Passed);
    }

    #[test]
    fn a_check_that_errs_is_inconclusive_and_says_why() {
        let (report, findings) = judge("check", Err(ValidatorError::new("no such column")));
        assert_eq!(report.outcome, Verdict::Inconclusive);
        assert_eq!(report.unproved, ["could not run: no such column"]);
        assert!(findings.is_empty());
    }
}
