//! What a drill has to tell.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{Alert, AlertEvent};
use crate::finding::{Finding, Severity, Verdict};

/// What a drill has to tell: the input of [`Alert::drill`].
#[derive(Clone, Debug)]
pub struct DrillNews<'a> {
    /// What it came to.
    pub verdict: Verdict,
    /// The run's id.
    pub run: &'a str,
    /// Where the backup came from, without secrets.
    pub source: &'a str,
    /// The server's name, where the configuration has one.
    pub server: Option<&'a str>,
    /// The backup's key; `None` where none was found.
    pub backup: Option<&'a str>,
    /// What was found, the heaviest first.
    pub findings: &'a [Finding],
    /// What could not be judged, in sentences.
    pub unproved: &'a [String],
    /// Seconds until the database answered queries.
    pub rto_seconds: Option<f64>,
    /// When the drill began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl<'a> DrillNews<'a> {
    /// The least there is to tell; the rest is added by field.
    #[must_use]
    pub fn new(verdict: Verdict, run: &'a str, source: &'a str) -> Self {
        Self {
            verdict,
            run,
            source,
            server: None,
            backup: None,
            findings: &[],
            unproved: &[],
            rto_seconds: None,
            started_at: Timestamp::now(),
            ended_at: None,
        }
    }
}

impl Alert {
    /// The alert that tells how a drill ended. Its fingerprint is the same for every drill of one
    /// server's source, whatever the verdict.
    #[must_use]
    pub fn drill(news: &DrillNews<'_>) -> Self {
        Self {
            schema: 1,
            event: AlertEvent::Drill,
            fingerprint: fingerprint(&["drill", news.server.unwrap_or_default(), news.source]),
            rule: rule(news.verdict).into(),
            severity: severity(news.verdict),
            summary: summary(news),
            labels: labels(news),
            value: news.rto_seconds,
            starts_at: news.started_at,
            ends_at: news.ended_at,
            source: sender(),
        }
    }
}

pub(super) const fn rule(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "drill.passed",
        Verdict::Failed => "drill.failed",
        Verdict::Inconclusive => "drill.inconclusive",
    }
}

const fn severity(verdict: Verdict) -> Severity {
    match verdict {
        Verdict::Passed => Severity::Info,
        Verdict::Failed => Severity::Critical,
        Verdict::Inconclusive => Severity::Warning,
    }
}

fn summary(news: &DrillNews<'_>) -> String {
    let subject = match news.backup {
        Some(key) => format!("{key} from {}", news.source),
        None => news.source.to_owned(),
    };
    let mut line = format!("restore drill {}: {subject}", news.verdict);
    if let Some(reason) = reason(news) {
        line.push_str(": ");
        line.push_str(&reason);
    } else if let Some(seconds) = news.rto_seconds {
        line.push_str(&format!(" restores in {seconds:.1} s"));
    }
    line.replace(['\n', '\r'], " ")
}

/// Why it did not pass: the heaviest finding, else the first thing that could not be judged.
fn reason(news: &DrillNews<'_>) -> Option<String> {
    if news.verdict == Verdict::Passed {
        return None;
    }
    let more = match news.findings.len() {
        0 | 1 => String::new(),
        n => format!(" (and {} more)", n - 1),
    };
    let finding = news.findings.first();
    finding
        .map(|finding| format!("{} {}: {}{more}", finding.code, finding.subject, finding.message))
        .or_else(|| news.unproved.first().cloned())
}

fn labels(news: &DrillNews<'_>) -> BTreeMap<String, String> {
    let code = news.findings.first().map(|finding| finding.code.as_str());
    [
        ("run", Some(news.run)),
        ("source", Some(news.source)),
        ("server", news.server),
        ("backup", news.backup),
        ("finding", code),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
    .collect()
}

/// Sixteen hexadecimal digits that are the same for the same parts.
fn fingerprint(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\0"));
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Who tells: `pgsre@host`.
pub(crate) fn sender() -> String {
    format!("pgsre@{}", rustix::system::uname().nodename().to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::FindingCode;

    const RUN: &str = "20261122t144310z_1a2b3c4d";

    #[test]
    fn a_failed_drill_says_what_is_wrong_with_which_backup() {
        let findings = [
            Finding::critical(FindingCode::ArchiveTruncated, "line 42", "COPY ends without \\."),
            Finding::warning(FindingCode::SourceStale, "shop.sql", "30 h old"),
        ];
        let alert = Alert::drill(&DrillNews {
            backup: Some("shop.sql"),
            findings: &findings,
            ..DrillNews::new(Verdict::Failed, RUN, "s3://acme/shop/")
        });
        assert_eq!(
            alert.summary,
            "restore drill failed: shop.sql from s3://acme/shop/: archive.truncated line 42: \
             COPY ends without \\. (and 1 more)"
        );
        assert_eq!((alert.rule.as_str(), alert.severity), ("drill.failed", Severity::Critical));
        assert_eq!(alert.labels["finding"], "archive.truncated");
        assert_eq!(alert.verdict(), Some(Verdict::Failed));
    }

    #[test]
    fn a_passed_drill_says_how_long_a_recovery_takes() {
        let alert = Alert::drill(&DrillNews {
            rto_seconds: Some(37.54),
            ..DrillNews::new(Verdict::Passed, RUN, "/backups")
        });
        assert_eq!(alert.summary, "restore drill passed: /backups restores in 37.5 s");
        assert_eq!((alert.severity, alert.value), (Severity::Info, Some(37.54)));
    }

    #[test]
    fn drills_of_one_source_share_a_fingerprint_and_others_do_not() {
        let print =
            |verdict, source| Alert::drill(&DrillNews::new(verdict, RUN, source)).fingerprint;
        assert_eq!(print(Verdict::Failed, "/a"), print(Verdict::Passed, "/a"));
        assert_ne!(print(Verdict::Failed, "/a"), print(Verdict::Failed, "/b"));
    }
}
