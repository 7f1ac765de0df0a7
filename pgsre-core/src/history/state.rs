//! How a server's backups are, for its monitor: [`BackupState`].

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinHandle;

use super::ReportStore;
use crate::finding::{FindingCode, Severity, Verdict, chain};
use crate::monitor::{IndependentProbe, Measured, Metric, ProbeError, Sample};
use crate::source::catalogue::{self, CatalogueRules};
use crate::source::{BackupSource, BackupSourceExt};

/// How often the store is listed anew: that may cost money.
const RENEWAL: SignedDuration = SignedDuration::from_mins(10);

/// How soon a listing that failed is tried again.
const RETRY: SignedDuration = SignedDuration::from_mins(1);

/// How long a reading waits for a listing; what takes longer goes on by itself.
const PATIENCE: Duration = Duration::from_secs(3);

/// The age of the newest backup, and of the last drill that passed.
///
/// The store is listed every ten minutes at most, in the background: readings are answered from the
/// last listing. One that failed is no data, with its reason, and tried again after a minute. Dropping the probe ends a listing
/// under way.
#[derive(Debug)]
pub struct BackupState {
    look: Arc<Look>,
    looking: Option<JoinHandle<Result<Seen, String>>>,
    seen: Option<(Timestamp, Result<Seen, String>)>,
    patience: Duration,
}

/// What is looked at.
#[derive(Debug)]
struct Look {
    source: Arc<dyn BackupSource>,
    rules: CatalogueRules,
    drills: Option<(ReportStore, Option<Duration>)>,
}

/// What a look found.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    newest: Option<Timestamp>,
    /// Whether the catalogue's rules call it too old, where they have an opinion.
    stale: Option<bool>,
    /// Whether the last drill passed, and when one last did.
    drills: Option<(Option<bool>, Option<Timestamp>)>,
}

impl BackupState {
    /// Looks at this source. Whether its newest backup is stale is said where the rules have a
    /// greatest age.
    #[must_use]
    pub fn new(source: Arc<dyn BackupSource>, rules: CatalogueRules) -> Self {
        let look = Look { source, rules, drills: None };
        Self { look: Arc::new(look), looking: None, seen: None, patience: PATIENCE }
    }

    /// Looks at the source's drills too; one must have passed within `max_age`, where that is given.
    #[must_use]
    pub fn with_drills(mut self, reports: ReportStore, max_age: Option<Duration>) -> Self {
        let Look { source, rules, .. } = self.look.as_ref();
        let (source, rules) = (Arc::clone(source), *rules);
        self.look = Arc::new(Look { source, rules, drills: Some((reports, max_age)) });
        self
    }

    /// The last look, where it is recent; else a new one, as far as it comes.
    async fn renew(&mut self, now: Timestamp) {
        let is_recent = |(at, seen): &(Timestamp, Result<_, _>)| {
            now.duration_since(*at) < if seen.is_ok() { RENEWAL } else { RETRY }
        };
        if self.looking.is_none() && self.seen.as_ref().is_some_and(is_recent) {
            return;
        }
        let look = Arc::clone(&self.look);
        let looking =
            self.looking.get_or_insert_with(|| tokio::spawn(async move { look.look(now).await }));
        if let Ok(ended) = tokio::time::timeout(self.patience, looking).await {
            self.looking = None;
            let found = ended.unwrap_or_else(|error| Err(error.to_string()));
            self.seen = Some((now, found));
        }
    }
}

impl Drop for BackupState {
    fn drop(&mut self) {
        if let Some(looking) = &self.looking {
            looking.abort();
        }
    }
}

impl Look {
    async fn look(&self, now: Timestamp) -> Result<Seen, String> {
        let all = self.source.all().await.map_err(|error| chain(&error))?;
        let check = catalogue::check_newest(&all, &self.rules, now);
        let is_old = |code| matches!(code, FindingCode::SourceStale | FindingCode::SourceNone);
        let is_stale = check
            .findings
            .iter()
            .any(|finding| is_old(finding.code) && finding.severity == Severity::Critical);
        Ok(Seen {
            newest: all.first().map(|newest| newest.modified),
            stale: (self.rules.max_age.is_some() || all.is_empty()).then_some(is_stale),
            drills: self.drills().await?,
        })
    }

    async fn drills(&self) -> Result<Option<(Option<bool>, Option<Timestamp>)>, String> {
        let Some((reports, _)) = &self.drills else { return Ok(None) };
        let past = reports.list().await.map_err(|error| chain(&error))?;
        let source = self.source.to_string();
        let last = past.of_source(&source).max_by_key(|report| report.started_at);
        let passed = last.map(|last| last.verdict == Verdict::Passed);
        Ok(Some((passed, past.last_passed(&source).map(|passed| passed.started_at))))
    }
}

#[async_trait]
impl IndependentProbe for BackupState {
    fn name(&self) -> &'static str {
        "backups"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[
            Metric::BackupNewestAgeSeconds,
            Metric::BackupStale,
            Metric::DrillLastPassed,
            Metric::DrillPassedAgeSeconds,
            Metric::DrillOverdue,
        ]
    }

    async fn measure(&mut self, now: Timestamp) -> Result<Measured, ProbeError> {
        self.renew(now).await;
        let seen = match &self.seen {
            Some((_, Ok(seen))) => seen,
            Some((_, Err(why))) => return Err(ProbeError::new(why.clone())),
            None => return Err(ProbeError::new("the store is still being listed")),
        };
        let age = |at: Timestamp| now.duration_since(at).as_secs_f64().max(0.0);
        let flag = |is: bool| if is { 1.0 } else { 0.0 };
        let sample = |metric, value| Sample::maybe(metric, value, now);
        let mut samples = vec![
            sample(Metric::BackupNewestAgeSeconds, seen.newest.map(age)),
            sample(Metric::BackupStale, seen.stale.map(flag)),
        ];
        if let (Some((last, passed)), Some((_, max_age))) = (&seen.drills, &self.look.drills) {
            let passed = passed.map(age);
            let overdue =
                max_age.map(|most| flag(passed.is_none_or(|age| age > most.as_secs_f64())));
            samples.extend([
                sample(Metric::DrillLastPassed, last.map(flag)),
                sample(Metric::DrillPassedAgeSeconds, passed),
                sample(Metric::DrillOverdue, overdue),
            ]);
        }
        Ok(samples.into())
    }
}

#[cfg(test)]
mod tests;
