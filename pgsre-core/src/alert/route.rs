//! Which sink wants which alerts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Alert, AlertEvent, Alerter};
use crate::finding::{Severity, Verdict};

/// A sink and the alerts that it wants: by default every rule, and drills that did not pass.
#[derive(Clone, Debug)]
pub struct Route {
    pub(super) alerter: Arc<dyn Alerter>,
    min_severity: Severity,
    verdicts: Option<Vec<Verdict>>,
    rules: Option<Vec<String>>,
    labels: BTreeMap<String, String>,
    resolved: bool,
    pub(super) pace: Option<Duration>,
    pub(super) repeat: Option<Duration>,
    pub(super) group_by: Option<Vec<String>>,
    pub(super) group_wait: Option<Duration>,
}

impl Route {
    /// A route to `alerter` for every rule, and for drills that failed or were inconclusive.
    #[must_use]
    pub fn to(alerter: Arc<dyn Alerter>) -> Self {
        Self {
            alerter,
            min_severity: Severity::Info,
            verdicts: None,
            rules: None,
            labels: BTreeMap::new(),
            resolved: true,
            pace: None,
            repeat: None,
            group_by: None,
            group_wait: None,
        }
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

    /// Only alerts with these labels, all of them: exact values, or a beginning such as `shop-*`.
    #[must_use]
    pub fn on_labels<S: Into<String>>(mut self, labels: impl IntoIterator<Item = (S, S)>) -> Self {
        self.labels = labels.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        self
    }

    /// Whether ends are told, too. Default true.
    #[must_use]
    pub fn telling_ends(mut self, resolved: bool) -> Self {
        self.resolved = resolved;
        self
    }

    /// The least pause between two messages that an [`Outbox`](super::Outbox) sends to this sink.
    /// Default: the sink's own.
    #[must_use]
    pub fn paced(mut self, pace: Duration) -> Self {
        self.pace = Some(pace);
        self
    }

    /// How often an [`Outbox`](super::Outbox) tells again what still fires. Default never.
    #[must_use]
    pub fn repeating(mut self, every: Duration) -> Self {
        self.repeat = Some(every);
        self
    }

    /// Lets an [`Outbox`](super::Outbox) tell alerts that share these labels in one message, where
    /// the sink can; the first waits up to `wait` for others. No labels: all together.
    #[must_use]
    pub fn grouping<S: Into<String>>(
        mut self,
        by: impl IntoIterator<Item = S>,
        wait: Duration,
    ) -> Self {
        self.group_by = Some(by.into_iter().map(Into::into).collect());
        self.group_wait = Some(wait);
        self
    }

    /// Whether the sink wants this alert.
    #[must_use]
    pub fn wants(&self, alert: &Alert) -> bool {
        self.follows(alert) && self.wants_weight(alert)
    }

    /// Whether the sink wants news about something that it was told of: whatever they weigh.
    pub(super) fn follows(&self, alert: &Alert) -> bool {
        let wants_event = self.resolved || alert.event != AlertEvent::Resolved;
        wants_event && self.wants_rule(&alert.rule) && self.wants_labels(&alert.labels)
    }

    fn wants_labels(&self, labels: &BTreeMap<String, String>) -> bool {
        let has = |(name, wanted): (&String, &String)| {
            labels.get(name).is_some_and(|value| is_named(wanted, value))
        };
        self.labels.iter().all(has)
    }

    fn wants_rule(&self, rule: &str) -> bool {
        self.rules.as_ref().is_none_or(|rules| rules.iter().any(|wanted| is_named(wanted, rule)))
    }

    fn wants_weight(&self, alert: &Alert) -> bool {
        match (alert.verdict(), &self.verdicts) {
            (Some(verdict), Some(wanted)) => wanted.contains(&verdict),
            (Some(Verdict::Passed), None) => false,
            _ => alert.severity >= self.min_severity,
        }
    }
}

/// Whether a name is meant: by itself, or by a beginning that ends with `*`.
pub(crate) fn is_named(meant: &str, name: &str) -> bool {
    match meant.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => meant == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::{DrillNews, LogAlerter};

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

    #[test]
    fn labels_are_chosen_by_value_or_by_its_beginning_and_all_must_be_there() {
        let labels = [("server", "shop-eu"), ("replica", "db2")];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let lag = Alert { labels: labels.into(), ..drill(Verdict::Failed) };
        assert!(route().on_labels([("server", "shop-*")]).wants(&lag));
        assert!(route().on_labels([("server", "shop-eu"), ("replica", "db2")]).wants(&lag));
        assert!(!route().on_labels([("server", "shop")]).wants(&lag));
        assert!(!route().on_labels([("server", "shop-*"), ("slot", "*")]).wants(&lag));
    }

    #[test]
    fn ends_are_told_unless_told_otherwise() {
        let end = Alert { event: AlertEvent::Resolved, ..drill(Verdict::Failed) };
        assert!(route().wants(&end));
        assert!(!route().telling_ends(false).wants(&end));
        assert!(route().telling_ends(false).wants(&drill(Verdict::Failed)));
    }
}
