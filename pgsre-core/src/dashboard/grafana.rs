//! The same dashboard for Grafana, made from the table of metrics and the rules: no panel asks for
//! what `/metrics` has not.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::model::PanelKind;
use crate::finding::Severity;
use crate::monitor::{Bound, Metric, Rule, Unit};

/// The width of a Grafana dashboard, in its own units.
const WIDTH: u64 = 24;

/// The height of a panel.
const HEIGHT: u64 = 8;

/// A dashboard for Grafana 10 or later, as JSON: the six panels of a server with their thresholds,
/// its alerts, and every other metric in rows that are folded.
#[must_use]
pub fn grafana_dashboard(rules: &[Rule]) -> String {
    let mut grid = Grid::default();
    let mut panels: Vec<Value> =
        PanelKind::ALL.iter().map(|kind| grid.placed(six(*kind, rules), 8)).collect();
    panels.push(grid.placed(alerts(), WIDTH));
    for (area, metrics) in others() {
        let inner = metrics.iter().map(|metric| {
            let queries = vec![query(*metric, "", 0)];
            time_series(metric.as_str(), metric.meaning(), *metric, queries, rules)
        });
        let inner: Vec<Value> = inner.collect();
        panels.push(grid.row(&area, inner));
    }
    let dashboard = json!({
        "title": "PostgreSQL: pgsre",
        "uid": "pgsre",
        "tags": ["postgresql", "pgsre"],
        "editable": true,
        "graphTooltip": 1,
        "refresh": "10s",
        "schemaVersion": 39,
        "time": { "from": "now-1h", "to": "now" },
        "timezone": "utc",
        "templating": { "list": [source(), server()] },
        "panels": panels,
    });
    format!("{dashboard:#}\n")
}

/// Where panels lie.
#[derive(Default)]
struct Grid {
    last: u64,
    x: u64,
    y: u64,
}

impl Grid {
    fn placed(&mut self, mut panel: Value, width: u64) -> Value {
        if self.x + width > WIDTH {
            self.x = 0;
            self.y += HEIGHT;
        }
        self.last += 1;
        panel["id"] = json!(self.last);
        panel["gridPos"] = json!({ "x": self.x, "y": self.y, "w": width, "h": HEIGHT });
        self.x += width;
        panel
    }

    fn row(&mut self, area: &str, inner: Vec<Value>) -> Value {
        self.x = 0;
        self.y += HEIGHT;
        self.last += 1;
        let (id, y) = (self.last, self.y);
        let mut within = Self { last: self.last, x: 0, y: y + 1 };
        let inner: Vec<Value> = inner.into_iter().map(|panel| within.placed(panel, 8)).collect();
        self.last = within.last;
        json!({
            "id": id, "type": "row", "title": area, "collapsed": true, "panels": inner,
            "gridPos": { "x": 0, "y": y, "w": WIDTH, "h": 1 },
        })
    }
}

fn six(kind: PanelKind, rules: &[Rule]) -> Value {
    let charted = kind.charted();
    let queries = charted.iter().enumerate().map(|(at, (metric, name))| query(*metric, name, at));
    let first = charted.first().map_or(Metric::Up, |(metric, _)| *metric);
    let mut queries: Vec<Value> = queries.collect();
    if kind == PanelKind::Replication {
        queries.push(query(Metric::ReplicationConnected, "connected:", charted.len()));
    }
    time_series(kind.title(), first.meaning(), first, queries, rules)
}

/// The metrics that the six panels do not draw, by area.
fn others() -> BTreeMap<String, Vec<Metric>> {
    let drawn: Vec<Metric> =
        PanelKind::ALL.iter().flat_map(|kind| kind.charted()).map(|(metric, _)| *metric).collect();
    let mut areas: BTreeMap<String, Vec<Metric>> = BTreeMap::new();
    for metric in Metric::ALL.iter().filter(|metric| !drawn.contains(metric)) {
        let area = metric.as_str().split('.').next().unwrap_or_default();
        areas.entry(area.to_owned()).or_default().push(*metric);
    }
    areas
}

fn time_series(
    title: &str,
    description: &str,
    metric: Metric,
    queries: Vec<Value>,
    rules: &[Rule],
) -> Value {
    json!({
        "type": "timeseries",
        "title": title,
        "description": description,
        "datasource": { "type": "prometheus", "uid": "${source}" },
        "targets": queries,
        "fieldConfig": {
            "defaults": {
                "unit": unit(metric.unit()),
                // A gap is a gap: what is not known is not drawn as if it were.
                "custom": { "spanNulls": false, "thresholdsStyle": { "mode": "dashed" } },
                "thresholds": { "mode": "absolute", "steps": steps(metric, rules) },
            },
            "overrides": [],
        },
        "options": {
            "legend": {
                "showLegend": true, "displayMode": "list", "placement": "bottom", "calcs": [],
            },
            "tooltip": { "mode": "multi", "sort": "none" },
        },
    })
}

fn query(metric: Metric, name: &str, at: usize) -> Value {
    let letter = char::from(b'A' + u8::try_from(at % 26).unwrap_or(0));
    let about = "{{replica}} {{database}} {{user}} {{slot}} {{filesystem}} {{type}}";
    json!({
        "refId": letter.to_string(),
        "expr": format!("{}{{server=\"$server\"}}", metric.prometheus_name()),
        "legendFormat": format!("{name} {about}").trim(),
    })
}

fn alerts() -> Value {
    json!({
        "type": "table",
        "title": "Alerts",
        "datasource": { "type": "prometheus", "uid": "${source}" },
        "targets": [{
            "refId": "A", "instant": true, "format": "table",
            "expr": "pgsre_alerts{server=\"$server\", state!=\"pending\"}",
        }],
        "fieldConfig": { "defaults": {}, "overrides": [] },
    })
}

/// The colours between the thresholds. Rules that fire below a value are red below it.
fn steps(metric: Metric, rules: &[Rule]) -> Vec<Value> {
    let mut bounds = Vec::new();
    for rule in rules.iter().filter(|rule| rule.metric == metric && rule.labels.is_empty()) {
        let both = [(rule.warning, Severity::Warning), (rule.critical, Severity::Critical)];
        bounds.extend(both.into_iter().filter_map(|(one, severity)| Some((one?.bound, severity))));
    }
    let colour = |severity| if severity == Severity::Critical { "red" } else { "orange" };
    let step = |value: Option<f64>, colour: &str| json!({ "value": value, "color": colour });
    let value = |bound: &Bound| match bound {
        Bound::Above(value) | Bound::Below(value) => metric.prometheus_value(*value),
    };
    bounds.sort_by(|a, b| value(&a.0).total_cmp(&value(&b.0)));
    let is_below = bounds.iter().any(|(bound, _)| matches!(bound, Bound::Below(_)));
    let mut steps = Vec::new();
    if is_below {
        // Below the first bound its own colour; above the last one all is well.
        let mut colours = bounds.iter().map(|(_, severity)| colour(*severity)).collect::<Vec<_>>();
        colours.push("green");
        steps.push(step(None, colours[0]));
        for ((bound, _), colour) in bounds.iter().zip(&colours[1..]) {
            steps.push(step(Some(value(bound)), colour));
        }
    } else {
        steps.push(step(None, "green"));
        let above =
            bounds.iter().map(|(bound, severity)| step(Some(value(bound)), colour(*severity)));
        steps.extend(above);
    }
    steps
}

const fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds | Unit::Days => "s",
        Unit::Bytes => "bytes",
        Unit::BytesPerSecond => "Bps",
        Unit::PerSecond => "ops",
        Unit::Ratio => "percentunit",
        Unit::Bool => "bool_yes_no",
        Unit::Count => "short",
    }
}

fn source() -> Value {
    json!({ "name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus" })
}

fn server() -> Value {
    let query = "label_values(pgsre_server_up, server)";
    json!({
        "name": "server", "label": "Server", "type": "query", "refresh": 2, "sort": 1,
        "datasource": { "type": "prometheus", "uid": "${source}" },
        "definition": query, "query": { "query": query, "refId": "servers" },
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::collections::BTreeSet;

    use super::*;
    use crate::monitor::default_rules;
    use crate::watch::exposed;

    fn dashboard() -> Value {
        serde_json::from_str(&grafana_dashboard(&default_rules())).unwrap()
    }

    /// All panels, those of folded rows among them.
    fn panels(dashboard: &Value) -> Vec<&Value> {
        let outer = dashboard["panels"].as_array().unwrap();
        let inner = outer.iter().filter_map(|panel| panel["panels"].as_array()).flatten();
        outer.iter().chain(inner).collect()
    }

    #[test]
    fn every_metric_is_asked_for_and_nothing_else() {
        let dashboard = dashboard();
        let targets = panels(&dashboard).into_iter().filter_map(|one| one["targets"].as_array());
        let asked: BTreeSet<String> = targets
            .flatten()
            .map(|one| one["expr"].as_str().unwrap().split('{').next().unwrap().to_owned())
            .collect();
        let known: BTreeSet<String> = exposed().map(|(name, _)| name).collect();
        assert!(asked.is_subset(&known), "{:?}", asked.difference(&known));
        for metric in Metric::ALL {
            assert!(asked.contains(&metric.prometheus_name()), "{metric}");
        }
    }

    #[test]
    fn ids_differ_and_no_two_panels_overlap() {
        let dashboard = dashboard();
        let ids: BTreeSet<_> = panels(&dashboard).iter().map(|one| one["id"].to_string()).collect();
        assert_eq!(ids.len(), panels(&dashboard).len());
        let outer = dashboard["panels"].as_array().unwrap();
        let places: BTreeSet<_> = outer
            .iter()
            .map(|one| (one["gridPos"]["x"].as_u64(), one["gridPos"]["y"].as_u64()))
            .collect();
        assert_eq!(places.len(), outer.len());
    }

    #[test]
    fn thresholds_are_those_of_the_rules_from_either_side() {
        let of = |metric| steps(metric, &default_rules());
        let lag = of(Metric::ReplicationReplayLagSeconds);
        assert_eq!((&lag[0]["color"], &lag[2]["color"]), (&json!("green"), &json!("red")));
        assert_eq!((&lag[1]["value"], &lag[2]["value"]), (&json!(1.0), &json!(10.0)));
        let free = of(Metric::DiskFreeRatio);
        let colours: Vec<_> = free.iter().map(|step| step["color"].as_str().unwrap()).collect();
        assert_eq!(colours, ["red", "orange", "green"]);
        let days = of(Metric::DiskDaysUntilFull);
        assert_eq!(days[1]["value"], json!(2.0 * 86_400.0), "Prometheus has seconds");
        assert_eq!(of(Metric::Up).len(), 2);
        assert_eq!(of(Metric::LatencyP50).len(), 1);
    }
}
