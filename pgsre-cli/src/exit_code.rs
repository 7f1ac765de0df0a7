//! What `pgsre` tells the shell. Part of the command line's contract: these never change.

use pgsre_core::drill::Verdict;
use pgsre_core::finding::{Finding, Severity};

/// Passed, or nothing found.
pub const PASSED: u8 = 0;
/// Failed, or something found.
pub const FAILED: u8 = 1;
/// The command line or the configuration is wrong; nothing was done.
pub const USAGE: u8 = 2;
/// It could not be judged.
pub const INCONCLUSIVE: u8 = 3;
/// Interrupted by Ctrl-C or SIGTERM, after the clean-up.
pub const INTERRUPTED: u8 = 130;

/// The status of a verdict.
#[must_use]
pub fn of_verdict(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Passed => PASSED,
        Verdict::Failed => FAILED,
        Verdict::Inconclusive => INCONCLUSIVE,
    }
}

/// What findings alone come to: failed where one is about the backup and critical, inconclusive
/// where one says that it cannot be judged, else passed.
#[must_use]
pub fn verdict_of_findings(findings: &[Finding]) -> Verdict {
    let wrong = |finding: &Finding| {
        finding.severity == Severity::Critical && !finding.code.is_inconclusive()
    };
    let unfit =
        |finding: &Finding| finding.severity >= Severity::Warning && finding.code.is_inconclusive();
    match () {
        () if findings.iter().any(wrong) => Verdict::Failed,
        () if findings.iter().any(unfit) => Verdict::Inconclusive,
        () => Verdict::Passed,
    }
}

/// The status of several runs: interrupted beats failed beats a wrong configuration beats
/// inconclusive beats passed. Passed where there are none.
#[must_use]
pub fn heaviest(statuses: impl IntoIterator<Item = u8>) -> u8 {
    const ORDER: [u8; 5] = [INTERRUPTED, FAILED, USAGE, INCONCLUSIVE, PASSED];
    let rank = |status: &u8| ORDER.iter().position(|known| known == status);
    statuses.into_iter().min_by_key(rank).unwrap_or(PASSED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_drill_is_never_hidden_by_another_that_passed() {
        assert_eq!(heaviest([PASSED, FAILED, INCONCLUSIVE]), FAILED);
        assert_eq!(heaviest([PASSED, INCONCLUSIVE]), INCONCLUSIVE);
        assert_eq!(heaviest([INTERRUPTED, FAILED]), INTERRUPTED);
        assert_eq!(heaviest([]), PASSED);
    }
}
