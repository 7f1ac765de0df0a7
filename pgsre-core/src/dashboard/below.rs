//! What stands below the panels, and the sentence above them.

use std::collections::BTreeMap;

use super::View;
use super::figure::{self, UNKNOWN, number, seconds, shown};
use super::model::{
    AlertRow, BackupsBoard, DrillRow, Figure, ForecastRow, QueriesBoard, QueryRow, ServerBoard,
    State,
};
use super::panel::age_seconds;
use super::remembered::Remembered;
use crate::finding::Verdict;
use crate::history::Listing;
use crate::monitor::{Incident, IncidentState, Labels, Metric, Reading, Sample, Unit};
use crate::queries::{HeavyQuery, RegressionKind};

/// Drills that are shown.
const DRILLS: usize = 10;

impl View<'_> {
    pub(super) fn board(&self, remembered: &Remembered) -> ServerBoard {
        let reading = self.seen.reading.as_deref();
        let panels = self.panels(remembered);
        let alerts: Vec<AlertRow> =
            self.seen.incidents.iter().map(|incident| self.alert(incident)).collect();
        let (state, summary) = self.verdict(&panels);
        ServerBoard {
            name: self.name.to_owned(),
            version: reading.and_then(|one| one.server.version).map(|version| version.to_string()),
            role: reading.and_then(|reading| reading.server.role),
            state,
            summary,
            at: reading.map(|reading| reading.at),
            age_seconds: reading.map(|reading| age_seconds(reading.at, self.now)),
            patience_seconds: self.watched.patience().as_secs_f64(),
            panels,
            alerts,
            past_alerts: remembered.past.iter().cloned().collect(),
            backups: self.backups(reading, remembered),
            migrations: reading.map(|reading| self.migrations(reading)).unwrap_or_default(),
            queries: self.worst_queries(reading),
            forecasts: reading.map(|reading| self.forecasts(reading)).unwrap_or_default(),
            unseen: reading.map(|reading| reading.unseen.clone()).unwrap_or_default(),
        }
    }

    /// The worst of it, and why. A panel without data of a server that answers is no alarm: one
    /// that is idle has no latency.
    fn verdict(&self, panels: &[super::Panel]) -> (State, String) {
        let Some(reading) = self.seen.reading.as_deref() else {
            return (State::NoData, "not read yet".to_owned());
        };
        let open = self.seen.incidents.iter().filter(|one| one.state != IncidentState::Pending);
        let open: Vec<&Incident> = open.collect();
        let by_incidents = open.iter().map(|one| match one.state {
            IncidentState::Firing => State::of_severity(one.severity),
            _ => State::NoData,
        });
        let shown = panels.iter().filter(|panel| panel.state != State::NoData);
        let worst = shown.clone().max_by_key(|panel| panel.state);
        let by_panels = worst.map_or(State::NoData, |panel| panel.state);
        let age = age_seconds(reading.at, self.now);
        let is_stale = age > self.watched.patience().as_secs_f64();
        let state = by_incidents.max().unwrap_or_default().max(by_panels);
        let state = if is_stale { state.max(State::Stale) } else { state };
        let summary = match (state, reading.server.role) {
            _ if is_stale => format!("no reading for {}", seconds(age.floor())),
            (_, None) => reading.missing.first().map_or_else(
                || "the server does not answer".to_owned(),
                |missing| missing.why.clone(),
            ),
            (State::Ok, _) => "nothing is out of bounds".to_owned(),
            _ => summary(&open, panels, state),
        };
        (state, summary)
    }

    fn alert(&self, incident: &Incident) -> AlertRow {
        let unit = self.judge().metric(incident).map(Metric::unit);
        let text = match (incident.value, unit) {
            (Some(value), Some(unit)) => shown(value, unit),
            (Some(value), None) => number(value),
            (None, _) => UNKNOWN.to_owned(),
        };
        let quiet = incident.quiet.as_ref().map(|quiet| format!("quiet: {quiet:?}").to_lowercase());
        let note = incident.note.iter().cloned().chain(quiet).collect::<Vec<_>>().join("; ");
        AlertRow {
            rule: incident.rule.clone(),
            severity: incident.severity,
            state: incident.state,
            about: about(&incident.labels),
            text,
            since: incident.since,
            lasts: figure::lasting(incident.since, self.now),
            note,
        }
    }

    fn backups(&self, reading: Option<&Reading>, remembered: &Remembered) -> BackupsBoard {
        let named = [
            (Metric::BackupNewestAgeSeconds, "newest backup, age"),
            (Metric::BackupStale, "older than it may be"),
            (Metric::DrillLastPassed, "last drill passed"),
            (Metric::DrillPassedAgeSeconds, "since a drill passed"),
            (Metric::DrillOverdue, "drill overdue"),
        ];
        let judge = self.judge();
        let figures: Vec<Figure> = named
            .iter()
            .filter_map(|(metric, name)| {
                let sample = reading?.samples_of(*metric).next()?;
                Some(Figure::of(*name, sample, &judge))
            })
            .collect();
        let known = figures.iter().map(|figure| figure.state).filter(|one| *one != State::NoData);
        let state = known.max().unwrap_or(State::NoData);
        BackupsBoard { state, figures, drills: remembered.drills.clone() }
    }

    /// What pgsre changes now, and when it last got on.
    fn migrations(&self, reading: &Reading) -> Vec<Figure> {
        let judge = self.judge();
        let under_way = reading.samples_of(Metric::MigrationProgress).filter_map(|sample| {
            let name = sample.labels.get("migration")?;
            let step = sample.labels.get("step").map(String::as_str).unwrap_or_default();
            let mut all = reading.samples_of(Metric::MigrationIdleSeconds);
            let idle = all.find(|idle| idle.labels.get("migration") == Some(name));
            let idle = idle.and_then(|idle| idle.value);
            let got_on = idle.map_or_else(String::new, |idle| {
                format!("; got on {} ago", seconds(idle.max(0.0)))
            });
            let note = format!("step {step}{got_on}");
            Some(Figure { note, ..Figure::of(name.as_str(), sample, &judge) })
        });
        under_way.collect()
    }

    fn worst_queries(&self, reading: Option<&Reading>) -> QueriesBoard {
        let Some(heavy) = &self.queries else {
            let unseen =
                reading.and_then(|one| one.unseen.iter().find(|why| why.contains("queries")));
            let why =
                unseen.cloned().unwrap_or_else(|| "a window needs a second reading".to_owned());
            return QueriesBoard { why, ..QueriesBoard::default() };
        };
        QueriesBoard {
            seconds: Some(heavy.seconds),
            why: String::new(),
            queries: heavy.queries.iter().map(query).collect(),
        }
    }

    fn forecasts(&self, reading: &Reading) -> Vec<ForecastRow> {
        let kinds = [
            (Metric::DiskDaysUntilFull, "is full"),
            (Metric::SlotSecondsUntilLost, "is lost"),
            (Metric::ConnectionsDaysUntilFull, "every usable connection is taken"),
            (Metric::WraparoundDaysLeft, "run out"),
        ];
        let mut rows: Vec<ForecastRow> = kinds
            .iter()
            .flat_map(|(metric, what)| {
                reading.samples_of(*metric).map(|sample| self.forecast(reading, sample, what))
            })
            .collect();
        rows.sort_by(|a, b| {
            let soon = |row: &ForecastRow| row.seconds.unwrap_or(f64::INFINITY);
            soon(a).total_cmp(&soon(b))
        });
        rows
    }

    fn forecast(&self, reading: &Reading, sample: &Sample, what: &str) -> ForecastRow {
        let seconds_of = |value: f64| match sample.metric.unit() {
            Unit::Days => value * 86_400.0,
            _ => value,
        };
        let about: Vec<&str> = sample.labels.iter().map(|(key, value)| named(key, value)).collect();
        let what = match (sample.labels.get("slot"), about.as_slice()) {
            (Some(slot), _) => format!("slot {slot} {what}"),
            (None, []) => what.to_owned(),
            (None, about) => format!("{} {what}", about.join(" ")),
        };
        let earliest = (sample.metric == Metric::DiskDaysUntilFull).then(|| {
            let mut all = reading.samples_of(Metric::DiskDaysUntilFullEarliest);
            all.find(|earliest| earliest.labels == sample.labels).and_then(|one| one.value)
        });
        let value = sample.value.map(seconds_of);
        let text = match value {
            None => "not foreseen".to_owned(),
            Some(value) => match (earliest.flatten(), sample.error) {
                (Some(first), _) => {
                    format!("in {}, {} at the earliest", seconds(value), seconds(seconds_of(first)))
                }
                (None, Some(error)) if error > 0.0 => {
                    format!("in {} ± {}", seconds(value), seconds(seconds_of(error)))
                }
                _ => format!("in {}", seconds(value)),
            },
        };
        ForecastRow {
            what,
            state: if value.is_some() { self.judge().of(sample) } else { State::Ok },
            seconds: value,
            text,
            method: sample.method.unwrap_or_default().to_owned(),
        }
    }
}

/// What a label's value is called in a sentence.
fn named<'a>(label: &str, value: &'a str) -> &'a str {
    match (label, value) {
        ("kind", "xid") => "transaction ids",
        ("kind", "multixact") => "multixact ids",
        _ => value,
    }
}

fn summary(open: &[&Incident], panels: &[super::Panel], state: State) -> String {
    let first = open.first().map(|one| match about(&one.labels).as_str() {
        "" => one.rule.clone(),
        about => format!("{}: {about}", one.rule),
    });
    match (first, open.len()) {
        (Some(first), 1) => first,
        (Some(first), many) => format!("{first}, and {} more", many - 1),
        (None, _) => {
            let worst = panels.iter().find(|panel| panel.state == state);
            worst.map_or_else(String::new, |panel| format!("{}: {}", panel.title(), panel.headline))
        }
    }
}

impl ServerBoard {
    /// What is foreseen, the soonest first.
    pub fn foreseen(&self) -> impl Iterator<Item = &ForecastRow> {
        self.forecasts.iter().filter(|row| row.seconds.is_some())
    }

    /// What is not foreseen, by the reason.
    #[must_use]
    pub fn unforeseen(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for row in self.forecasts.iter().filter(|row| row.seconds.is_none()) {
            by_reason.entry(&row.method).or_default().push(&row.what);
        }
        by_reason
    }
}

/// What an incident is about beside its server: `replica db2`.
pub(super) fn about(labels: &Labels) -> String {
    let own = labels.iter().filter(|(name, _)| *name != "server");
    own.map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
}

fn query(heavy: &HeavyQuery) -> QueryRow {
    let regression = match heavy.regression {
        Some((RegressionKind::Mean, Some(ratio))) => format!("{} times slower", number(ratio)),
        Some((RegressionKind::Share, Some(ratio))) => format!("{} times heavier", number(ratio)),
        Some((RegressionKind::New, _)) => "new".to_owned(),
        Some((_, None)) => "heavier".to_owned(),
        None => String::new(),
    };
    QueryRow {
        query_id: heavy.query_id.to_string(),
        origin: format!("{} by {}", heavy.database, heavy.user),
        share: heavy.share,
        share_text: shown(heavy.share, Unit::Ratio),
        calls: heavy.calls_per_second,
        calls_text: shown(heavy.calls_per_second, Unit::PerSecond),
        mean_ms: heavy.mean_ms,
        mean_text: seconds(heavy.mean_ms / 1_000.0),
        regression,
        text: heavy.text.clone(),
    }
}

/// The last drills of a source, the newest first.
pub(super) fn drills(listing: &Listing, source: &str) -> Vec<DrillRow> {
    let of_source = listing.of_source(source).take(DRILLS);
    of_source
        .map(|report| DrillRow {
            id: report.id.to_string(),
            at: report.started_at,
            verdict: report.verdict.to_string(),
            state: match report.verdict {
                Verdict::Passed => State::Ok,
                Verdict::Failed => State::Critical,
                Verdict::Inconclusive => State::Warning,
            },
            rto_seconds: report.rto_seconds,
            rto: report.rto_seconds.map_or_else(|| UNKNOWN.to_owned(), seconds),
        })
        .collect()
}
