//! The same rules for those who judge by Prometheus: alert rules and a scrape configuration, made
//! from the tables that `/metrics` is made of, so that no rule can name what is not there.
//!
//! What differs from judging by [`Incidents`](super::Incidents): a figure that is not known is no
//! series, and a missing series ends an alert, so what must be known has an alert of its own
//! (`…NoData`). A warning goes on beside the critical alert of the same rule: let Alertmanager's
//! `inhibit_rules` hold it back.

use std::fmt::Write;
use std::time::Duration;

use super::incident::bound;
use super::rule::{Bound, Needs, Rule, Threshold};
use super::{Labels, Metric, Unit};
use crate::finding::Severity;

/// The time between two scrapes, and between two judgements, that the generated files ask for.
const INTERVAL: Duration = Duration::from_secs(15);

/// For how long a figure that is gone is remembered as one that must be there.
const MEMORY: &str = "1h";

/// The job's name in the generated scrape configuration.
const JOB: &str = "pgsre";

/// What a scrape adds to the labels of a figure, and what every alert has: no part of what it is
/// about.
const NOT_ABOUT: &str = "\"__name__\" \"server\" \"job\" \"instance\"";

/// Alert rules for Prometheus 2.42 or later, as YAML: one for each severity of each rule, one where
/// a figure that must be known is not, and two that watch the watcher.
///
/// ```
/// use pgsre_core::monitor::{default_rules, prometheus_rules};
///
/// let yaml = prometheus_rules(&default_rules());
/// assert!(yaml.contains("pgsre_replication_connected < 1"));
/// ```
#[must_use]
pub fn prometheus_rules(rules: &[Rule]) -> String {
    let mut yaml = String::from(HEAD);
    for alert in rules.iter().flat_map(alerts).chain(of_the_watcher()) {
        alert.write(&mut yaml);
    }
    yaml
}

/// A scrape configuration for `pgsre watch` that listens here (`127.0.0.1:8432`).
#[must_use]
pub fn scrape_config(listen: &str) -> String {
    let every = seconds(INTERVAL);
    let target = quoted(listen);
    format!(
        "# Made by `pgsre export prometheus-scrape`. It holds every server that is watched.\n\
         scrape_configs:\n\
         \x20 - job_name: {JOB}\n\
         \x20   scrape_interval: {every}\n\
         \x20   scrape_timeout: 10s\n\
         \x20   metrics_path: /metrics\n\
         \x20   static_configs:\n\
         \x20     - targets: [{target}]\n"
    )
}

/// A label's name as Prometheus takes it.
pub(crate) fn label_name(name: &str) -> String {
    let is_sound = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name: String = name.chars().map(|c| if is_sound(c) { c } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) || name.is_empty() {
        return format!("_{name}");
    }
    name
}

const HEAD: &str = "\
# Made by `pgsre export prometheus-rules`: make it again when the configuration changes.
# In alertmanager.yml, so that nobody is told of a warning beside the critical alert of the same rule:
#   inhibit_rules:
#     - source_matchers: [severity = critical]
#       target_matchers: [severity = warning]
#       equal: [rule, server, replica, slot, database]
groups:
  - name: pgsre
    interval: 15s
    rules:
";

/// One alert rule of Prometheus.
struct AlertRule {
    name: String,
    /// Where a comparison holds that fires.
    expression: String,
    hold: Duration,
    keep: Duration,
    rule: String,
    severity: Severity,
    summary: String,
    description: String,
}

impl AlertRule {
    fn write(&self, yaml: &mut String) {
        let mut line = |text: String| {
            yaml.push_str(&text);
            yaml.push('\n');
        };
        line(format!("      - alert: {}", self.name));
        line(format!("        expr: {}", quoted(&self.expression)));
        if !self.hold.is_zero() {
            line(format!("        for: {}", seconds(self.hold)));
        }
        if !self.keep.is_zero() {
            line(format!("        keep_firing_for: {}", seconds(self.keep)));
        }
        line("        labels:".to_owned());
        line(format!("          severity: {}", self.severity));
        line(format!("          rule: {}", quoted(&literal(&self.rule))));
        line("        annotations:".to_owned());
        line(format!("          summary: {}", quoted(&self.summary)));
        line(format!("          description: {}", quoted(&literal(&self.description))));
    }
}

fn alerts(rule: &Rule) -> Vec<AlertRule> {
    let of = |threshold: Option<Threshold>, severity| {
        threshold.map(|threshold| out_of_bounds(rule, threshold, severity))
    };
    [of(rule.warning, Severity::Warning), of(rule.critical, Severity::Critical), no_data(rule)]
        .into_iter()
        .flatten()
        .collect()
}

fn out_of_bounds(rule: &Rule, threshold: Threshold, severity: Severity) -> AlertRule {
    let name = alert_name(&rule.name);
    let series = series(rule);
    let outside = compared(rule.metric, &series, threshold.bound);
    let outside = rule.needs.map_or(outside.clone(), |needs| several(&series, &outside, needs));
    // An alert that fires goes on until the figure is beyond the clear bound.
    let expression = match threshold.clear {
        Some(clear) => {
            let bound = match threshold.bound {
                Bound::Above(_) => Bound::Above(clear),
                Bound::Below(_) => Bound::Below(clear),
            };
            let not_sound = compared(rule.metric, &series, bound);
            let fires = promql_text(&rule.name);
            format!(
                "{outside} or ({not_sound} and ignoring (alertname, alertstate, severity, rule) \
                 ALERTS{{alertname=\"{name}\",alertstate=\"firing\",rule={fires},\
                 severity=\"{severity}\"}})"
            )
        }
        None => outside,
    };
    let why = bound(rule, severity).filter(|_| rule.metric.unit() != Unit::Bool);
    let figure = figure(rule.metric);
    let why = why.map_or_else(String::new, |why| format!(": {figure}, {why}"));
    AlertRule {
        name,
        expression,
        hold: threshold.hold,
        keep: threshold.keep,
        rule: rule.name.clone(),
        severity,
        summary: summary(&rule.name, &why),
        description: rule.metric.meaning().to_owned(),
    }
}

/// A figure that is not known is no series: one that was there and is gone, while the server is
/// there. Whether a server answers must always be known.
fn no_data(rule: &Rule) -> Option<AlertRule> {
    let (severity, patience) = rule.no_data?;
    let series = series(rule);
    let expression = match rule.metric {
        Metric::Up => format!("pgsre_watch_reading_age_seconds unless on (server) {series}"),
        metric => {
            let gone = format!("last_over_time({series}[{MEMORY}]) unless {series}");
            match metric.is_independent() {
                true => gone,
                false => format!("({gone}) and on (server) {} == 1", Metric::Up.prometheus_name()),
            }
        }
    };
    Some(AlertRule {
        name: format!("{}NoData", alert_name(&rule.name)),
        expression,
        hold: patience,
        keep: Duration::ZERO,
        rule: rule.name.clone(),
        severity,
        summary: summary(&rule.name, ": no data"),
        description: format!("Not known: {}", rule.metric.meaning()),
    })
}

/// Who watches the watcher: without it none of the other rules can fire.
fn of_the_watcher() -> [AlertRule; 2] {
    let alert = |name: &str, rule: &str, expression: &str, minutes: u64, text: &str| AlertRule {
        name: name.to_owned(),
        expression: expression.to_owned(),
        hold: Duration::from_secs(minutes * 60),
        keep: Duration::ZERO,
        rule: rule.to_owned(),
        severity: Severity::Critical,
        summary: text.to_owned(),
        description: "While the watcher is silent, no rule on its figures can fire.".to_owned(),
    };
    [
        alert(
            "PgsreWatcherGone",
            "watcher.gone",
            "absent(pgsre_build_info)",
            2,
            "no pgsre watch answers",
        ),
        alert(
            "PgsreWatcherStalled",
            "watcher.stalled",
            "time() - pgsre_watch_last_cycle_timestamp_seconds > 120",
            1,
            "pgsre watch has read no whole cycle for {{ $value | humanizeDuration }}",
        ),
    ]
}

/// The figures that a rule watches.
fn series(rule: &Rule) -> String {
    let name = rule.metric.prometheus_name();
    if rule.labels.is_empty() {
        return name;
    }
    format!("{name}{{{}}}", matchers(&rule.labels))
}

fn matchers(labels: &Labels) -> String {
    let matcher =
        |(name, value): (&String, &String)| format!("{}={}", label_name(name), promql_text(value));
    labels.iter().map(matcher).collect::<Vec<_>>().join(",")
}

fn compared(metric: Metric, series: &str, bound: Bound) -> String {
    match bound {
        Bound::Above(value) => format!("{series} > {}", metric.prometheus_value(value)),
        Bound::Below(value) => format!("{series} < {}", metric.prometheus_value(value)),
    }
}

/// So many of the last readings, as they were scraped: a range a second short of all their
/// intervals holds exactly that many.
fn several(series: &str, outside: &str, needs: Needs) -> String {
    let range = u64::from(needs.of()) * INTERVAL.as_secs() - 1;
    let step = seconds(INTERVAL);
    let readings = needs.readings();
    format!("({series} and (count_over_time(({outside})[{range}s:{step}]) >= {readings}))")
}

/// `replication.lag` is `PgsreReplicationLag`.
fn alert_name(rule: &str) -> String {
    let words = rule.split(|c: char| !c.is_ascii_alphanumeric());
    words.fold("Pgsre".to_owned(), |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}

fn summary(rule: &str, what: &str) -> String {
    let rule = literal(rule);
    format!(
        "{{{{ $labels.server }}}}: {rule}{{{{ range $name, $value := $labels }}}}\
         {{{{ if not (eq $name {NOT_ABOUT}) }}}}, {{{{ $name }}}} {{{{ $value }}}}{{{{ end }}}}\
         {{{{ end }}}}{what}"
    )
}

/// The figure, as Prometheus writes one of this unit.
fn figure(metric: Metric) -> &'static str {
    match metric.unit() {
        Unit::Seconds | Unit::Days => "{{ $value | humanizeDuration }}",
        Unit::Bytes => "{{ $value | humanize1024 }}B",
        Unit::BytesPerSecond => "{{ $value | humanize1024 }}B/s",
        Unit::PerSecond => "{{ $value | humanize }}/s",
        Unit::Ratio => "{{ $value | humanizePercentage }}",
        Unit::Bool | Unit::Count => "{{ $value | humanize }}",
    }
}

/// Text that Prometheus' templates leave as it is.
fn literal(text: &str) -> String {
    text.replace("{{", "{{ \"{{\" }}")
}

fn seconds(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{}s", time.as_secs()),
        millis => format!("{}ms", time.as_secs().saturating_mul(1000) + u64::from(millis)),
    }
}

/// A string of PromQL. What YAML cannot hold is escaped twice, once for each.
fn promql_text(text: &str) -> String {
    quoted(text)
}

/// A double-quoted string with the escapes that YAML and PromQL have in common.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            _ if c.is_control() || is_unprintable(c) => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// What YAML takes for a line's end, or not at all.
fn is_unprintable(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests;
