//! Which sink wants which alerts.

use std::sync::Arc;

use super::{Alert, Alerter};
use crate::finding::{Severity, Verdict};

/// A sink and the alerts that it wants: by default every rule, and drills that did not pass.
#[derive(Clone, Debug)]
pub struct Route {
    pub(super) alerter: Arc<dyn Alerter>,
    min_severity: Severity,
    verdicts: Option<Vec<Verdict>>,
    rules: Option<Vec<String>>,
}

impl Route {
    /// A route to `alerter` for every rule, and for drills that failed or were inconclusive.
    #[must_use]
    pub fn to(alerter: Arc<dyn Alerter>) -> Self {
        Self { alerter, min_severity: Severity::Info, verdicts: None, rules: None }
    }

    /// Only alerts of this weight or more. A failed drill is critical, an inconclusive one a
    /// warning, a passed one info.
    #[must_use]
    pub fn at_least(mut self, severity: Severity) -> Self {
        self.min_severity = severity;
        self
    }

    /// Only drills of these verdicts, and these whatever their weight.
    #[must_use]
    pub fn on_verdicts(mut self, verdicts: impl IntoIterator<Item = Verdict>) -> Self {
        self.verdicts = Some(verdicts.into_iter().collect());
        self
    }

    /// Only these rules: exact names, or a beginning such as `replication.*`.
    #[must_use]
    pub fn on_rules<S: Into<String>>(mut self, rules: impl IntoIterator<Item = S>) -> Self {
        self.rules = Some(rules.into_iter().map(Into::into).collect());
        self
    }

    /// Whether the sink wants this alert.
    #[must_use]
    pub fn wants(&self, alert: &Alert) -> bool {
        self.wants_rule(&alert.rule) && self.wants_weight(alert)
    }

    fn wants_rule(&self, rule: &str) -> bool {
        self.rules.as_ref().is_none_or(|rules| rules.iter().any(|wanted| matches(wanted, rule)))
    }

    fn wants_weight(&self, alert: &Alert) -> bool {
        match (alert.verdict(), &self.verdicts) {
            (Some(verdict), Some(wanted)) => wanted.contains(&verdict),
            (Some(Verdict::Passed), None) => false,
            _ => alert.severity >= self.min_severity,
        }
    }
}

fn matches(wanted: &str, rule: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(beginning) => rule.starts_with(beginning),
        None => wanted == rule,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{AlertEvent, DrillNews, LogAlerter};

    fn route() -> Route {
        Route::to(Arc::new(LogAlerter::new()))
    }

    fn drill(verdict: Verdict) -> Alert {
        Alert::drill(&DrillNews::new(verdict, "run", "/backups"))
    }

    #[test]
    fn drills_that_did_not_pass_notify_unless_told_otherwise() {
        assert!(route().wants(&drill(Verdict::Failed)));
        assert!(route().wants(&drill(Verdict::Inconclusive)));
        assert!(!route().wants(&drill(Verdict::Passed)));
    }

    #[test]
    fn a_severity_keeps_lighter_alerts_away() {
        let route = route().at_least(Severity::Critical);
        assert!(route.wants(&drill(Verdict::Failed)));
        assert!(!route.wants(&drill(Verdict::Inconclusive)));
    }

    #[test]
    fn a_verdict_asked_for_is_told_whatever_its_weight() {
        let route = route().at_least(Severity::Critical).on_verdicts([Verdict::Passed]);
        assert!(route.wants(&drill(Verdict::Passed)));
        assert!(!route.wants(&drill(Verdict::Failed)));
    }

    #[test]
    fn rules_are_chosen_by_name_or_by_their_beginning() {
        let lag = Alert {
            event: AlertEvent::Firing,
            rule: "replication.lag".into(),
            ..drill(Verdict::Failed)
        };
        assert!(route().on_rules(["replication.*"]).wants(&lag));
        assert!(route().on_rules(["replication.lag"]).wants(&lag));
        assert!(!route().on_rules(["replication", "drill.*"]).wants(&lag));
    }
}
