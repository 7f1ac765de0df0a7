//! What was promised beside what was measured.

use super::{VerdictView, format};
use crate::drill::{DrillReport, Verdict};

/// An objective and how it was held.
pub(super) struct ObjectiveView {
    pub(super) name: &'static str,
    pub(super) measured: String,
    pub(super) promised: String,
    /// The class and word of its pill; `None` where there is nothing to hold.
    pub(super) held: Option<(&'static str, &'static str)>,
}

impl ObjectiveView {
    /// Recovery time and recovery point; the second is the age of the backup when the drill began:
    /// what would have been lost had the source failed then.
    pub(super) fn of(report: &DrillReport) -> Vec<Self> {
        let began = report.started_at;
        let point = report
            .backup
            .as_ref()
            .map(|backup| began.duration_since(backup.modified).as_secs_f64().max(0.0));
        let promised = &report.objectives;
        vec![
            Self::new("Recovery time (RTO)", report.rto_seconds, promised.rto_seconds),
            Self::new("Recovery point (RPO): the backup's age", point, promised.rpo_seconds),
        ]
    }

    fn new(name: &'static str, measured: Option<f64>, promised: Option<f64>) -> Self {
        let held = match (measured, promised) {
            (Some(measured), Some(promised)) if measured <= promised => {
                Some((VerdictView::of(Verdict::Passed).class, "held"))
            }
            (Some(_), Some(_)) => Some((VerdictView::of(Verdict::Failed).class, "missed")),
            (None, Some(_)) => Some((VerdictView::of(Verdict::Inconclusive).class, "not measured")),
            (_, None) => None,
        };
        let promised = promised.map(|seconds| format!("promised: {}", format::seconds(seconds)));
        Self {
            name,
            measured: measured.map_or_else(|| "not reached".to_owned(), format::seconds),
            promised: promised.unwrap_or_else(|| "nothing promised".to_owned()),
            held,
        }
    }
}
