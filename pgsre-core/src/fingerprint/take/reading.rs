//! Reading parts, over one session or several.

use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::super::{ContentHash, FingerprintError};
use super::attempt::{self, Attempt, Refusal};
use super::plan::{Part, Plan};
use super::request::{FingerprintEvent, FingerprintObserver};
use crate::postgres::{PostgresError, PostgresErrorKind, Snapshot};

/// Ends what only read.
const LET_GO: &str = "ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt";

/// What a part came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// Rows; bytes for the lengths of large objects.
    pub(super) count: u64,
    pub(super) hash: ContentHash,
    pub(super) sampled: u64,
}

/// How reading a part ended.
pub(super) type Answer<'a> = (&'a Part, Result<Figures, Refusal>);

/// Takes steps of a common plan and reads them.
#[derive(Debug)]
pub(super) struct Reader<'a, 'p> {
    pub(super) plan: &'p Plan,
    pub(super) next: &'a AtomicUsize,
    pub(super) observer: &'a dyn FingerprintObserver,
    pub(super) pause: Duration,
    pub(super) cancel: &'a CancellationToken,
}

impl<'p> Reader<'_, 'p> {
    /// Reads steps until none is left.
    pub(super) async fn work(
        &self,
        snapshot: &Snapshot<'_>,
    ) -> Result<Vec<Answer<'p>>, FingerprintError> {
        let mut answers = Vec::new();
        while let Some(step) = self.plan.steps.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let parts: Vec<&Part> = step.iter().collect();
            answers.extend(self.read(snapshot, &parts).await?);
            self.rest().await;
        }
        Ok(answers)
    }

    /// Reads these parts together; each by itself where that is refused.
    pub(super) async fn read(
        &self,
        snapshot: &Snapshot<'_>,
        parts: &[&'p Part],
    ) -> Result<Vec<Answer<'p>>, FingerprintError> {
        match self.attempt(snapshot, parts).await? {
            Attempt::Done(figures) => {
                Ok(parts.iter().zip(figures).map(|(part, figures)| (*part, Ok(figures))).collect())
            }
            Attempt::Refused(refusal) if parts.len() == 1 => {
                Ok(parts.iter().map(|part| (*part, Err(refusal.clone()))).collect())
            }
            Attempt::Refused(_) => {
                let mut answers = Vec::with_capacity(parts.len());
                for part in parts {
                    answers.push(match self.attempt(snapshot, &[part]).await? {
                        Attempt::Done(figures) => {
                            (*part, Ok(figures.first().copied().unwrap_or_default()))
                        }
                        Attempt::Refused(refusal) => (*part, Err(refusal)),
                    });
                }
                Ok(answers)
            }
        }
    }

    async fn attempt(
        &self,
        snapshot: &Snapshot<'_>,
        parts: &[&Part],
    ) -> Result<Attempt<Vec<Figures>>, FingerprintError> {
        let read = read(snapshot, parts).await;
        let attempt = attempt::settle(snapshot, read, None).await?;
        if let Attempt::Done(figures) = &attempt {
            for (part, figures) in parts.iter().zip(figures) {
                self.observer.on_event(&part.read(figures));
            }
        }
        Ok(attempt)
    }

    async fn rest(&self) {
        if !self.pause.is_zero() {
            // Cancelled, the next statement says so.
            let _ = self.cancel.run_until_cancelled(tokio::time::sleep(self.pause)).await;
        }
    }
}

impl Part {
    fn read(&self, figures: &Figures) -> FingerprintEvent {
        let rows = match self.subject {
            super::plan::Subject::Table(_) => figures.count,
            _ => 0,
        };
        FingerprintEvent::Read { table: self.name.clone(), rows, bytes: self.bytes }
    }
}

/// The figures of these parts, all of them, in one round trip. Rolling back what only read lets go of
/// its locks, those of the indexes among them: the server's room for locks is everybody's.
async fn read(snapshot: &Snapshot<'_>, parts: &[&Part]) -> Result<Vec<Figures>, PostgresError> {
    let selects: Vec<_> = parts
        .iter()
        .enumerate()
        .map(|(at, part)| format!("SELECT '{at}', {}", part.figures))
        .collect();
    let sql = format!("SAVEPOINT attempt; {}; {LET_GO}", selects.join(" UNION ALL "));
    let what = match parts {
        [part] => format!("read {}", part.name),
        _ => format!("read {} tables", parts.len()),
    };
    let mut figures: Vec<Option<Figures>> = vec![None; parts.len()];
    snapshot
        .stream(&what, &sql, |row| {
            let at = row.first().copied().flatten().and_then(|at| at.parse::<usize>().ok());
            if let Some(place) = at.and_then(|at| figures.get_mut(at)) {
                *place = parse(row);
            }
        })
        .await?;
    figures.into_iter().collect::<Option<_>>().ok_or_else(|| {
        PostgresError::new(
            PostgresErrorKind::Protocol,
            format!("cannot {what}: the server's figures make no sense"),
        )
    })
}

/// Count, hash and sampled; those that were not asked for are NULL.
fn parse(row: &[Option<&str>]) -> Option<Figures> {
    fn figure<T: FromStr + Default>(text: Option<&str>) -> Option<T> {
        text.map_or(Some(T::default()), |text| text.parse().ok())
    }
    match row {
        [_, Some(count), hash, sampled] => Some(Figures {
            count: count.parse().ok()?,
            hash: figure(*hash)?,
            sampled: figure(*sampled)?,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn figures_that_make_no_sense_are_none() {
        let text = Some;
        let read = parse(&[text("0"), text("3"), text("-7"), None]);
        assert_eq!(read, Some(Figures { count: 3, hash: "-7".parse().unwrap(), sampled: 0 }));
        assert_eq!(parse(&[text("0"), None, None, None]), None);
        assert_eq!(parse(&[text("0"), text("-3"), None, None]), None);
        assert_eq!(parse(&[text("0"), text("3"), text("x"), None]), None);
        assert_eq!(parse(&[]), None);
    }
}
