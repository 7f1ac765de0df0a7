//! How a figure is, by rules and incidents.

use super::model::{PanelKind, State};
use crate::monitor::{Incident, IncidentState, Labels, Metric, Rule, Sample};

/// Judges the figures of one server.
///
/// A figure that is beyond a bound now has its colour at once; one that is sound again keeps it for
/// as long as its incident goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judge<'j> {
    pub(super) rules: &'j [Rule],
    pub(super) incidents: &'j [Incident],
}

impl<'j> Judge<'j> {
    /// How one figure is.
    pub(super) fn of(&self, sample: &Sample) -> State {
        let Some(value) = sample.value else { return State::NoData };
        let crossed = self.rules.iter().filter(|rule| rule.watches(sample)).map(|rule| {
            let is_crossed = |threshold: Option<crate::monitor::Threshold>| {
                threshold.is_some_and(|threshold| threshold.is_crossed(value, false))
            };
            match () {
                () if is_crossed(rule.critical) => State::Critical,
                () if is_crossed(rule.warning) => State::Warning,
                () => State::Ok,
            }
        });
        let firing = self.of_metric(sample.metric).filter(|incident| {
            incident.state == IncidentState::Firing && is_about(incident, &sample.labels)
        });
        let firing = firing.map(|incident| State::of_severity(incident.severity));
        crossed.chain(firing).max().unwrap_or_default()
    }

    /// The worst that fires in a panel's area.
    pub(super) fn of_panel(&self, kind: PanelKind) -> State {
        let open = self.incidents.iter().filter(|incident| {
            incident.state == IncidentState::Firing
                && self.metric(incident).is_some_and(|metric| kind.holds(metric))
        });
        open.map(|incident| State::of_severity(incident.severity)).max().unwrap_or_default()
    }

    /// What a rule watches; `None` of one that is there no longer.
    pub(super) fn metric(&self, incident: &Incident) -> Option<Metric> {
        self.rules.iter().find(|rule| rule.name == incident.rule).map(|rule| rule.metric)
    }

    fn of_metric(&self, metric: Metric) -> impl Iterator<Item = &'j Incident> {
        self.incidents.iter().filter(move |incident| self.metric(incident) == Some(metric))
    }
}

fn is_about(incident: &Incident, labels: &Labels) -> bool {
    labels.iter().all(|(name, value)| incident.labels.get(name) == Some(value))
}
