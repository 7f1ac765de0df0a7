//! What happens, a line each: for people, or as JSON.

use jiff::Timestamp;
use pgsre_core::alert::{Alert, AlertEvent, Delivery, DeliveryOutcome};
use pgsre_core::drill::{DrillReport, Verdict};
use pgsre_core::finding::Severity;
use pgsre_core::watch::{WatchEvent, WatchObserver};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::args::WatchFormat;
use crate::face::Face;
use crate::render::clean;
use crate::units;

/// Says what happens.
#[derive(Debug)]
pub(super) struct Lines {
    face: Face,
    format: WatchFormat,
}

/// Something that happened, beside alerts, which are as the generic webhook has them.
#[derive(Serialize)]
struct Line<'l> {
    schema: u32,
    event: &'l str,
    at: Timestamp,
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl Lines {
    pub(super) fn new(face: &Face, format: WatchFormat) -> Self {
        Self { face: face.clone(), format }
    }

    /// What is watched from now on, and where it shows.
    pub(super) fn started(&self, servers: &[String], address: Option<&str>) {
        let pages = address.map_or_else(String::new, |at| format!(", http://{at}/metrics"));
        let names = match servers {
            few @ ([] | [_] | [_, _] | [_, _, _]) => few.join(", "),
            many => format!("{} servers", many.len()),
        };
        let text = format!("watching {}{pages}", clean(&names));
        self.say("started", &text, json!({ "servers": servers, "listen": address }));
    }

    pub(super) fn reloaded(&self) {
        self.say("reloaded", "the configuration was read again", json!({}));
    }

    pub(super) fn stopped(&self) {
        self.say("stopped", "stopped", json!({}));
    }

    pub(super) fn drill_begins(&self, server: &str) {
        let text = format!("{}  drill begins", clean(server));
        self.say("drill_started", &text, json!({ "server": server }));
    }

    pub(super) fn drill_ended(&self, server: &str, report: &DrillReport) {
        let palette = self.face.palette();
        let style = match report.verdict {
            Verdict::Passed => &palette.good,
            Verdict::Failed => &palette.critical,
            Verdict::Inconclusive => &palette.warning,
        };
        let verdict = report.verdict.to_string();
        let time = report.rto_seconds.map(units::duration);
        let time = time.map_or_else(String::new, |time| format!(" in {time}"));
        let (id, server_name) = (report.id.to_string(), clean(server));
        let text = format!("{server_name}  drill {}{time}, {id}", style.apply_to(&verdict));
        let more = json!({ "server": server, "id": id, "verdict": verdict,
                           "rto_seconds": report.rto_seconds });
        self.say("drill", &text, more);
    }

    /// Something that stops nothing.
    pub(super) fn trouble(&self, what: &str) {
        match self.format {
            WatchFormat::Human => self.face.warn(&clean(what)),
            WatchFormat::Json => self.object("trouble", json!({ "what": what })),
        }
    }

    fn alert(&self, alert: &Alert) {
        if self.format == WatchFormat::Json {
            return self.write(serde_json::to_string(alert));
        }
        let palette = self.face.palette();
        let (word, style) = match (alert.event, alert.severity) {
            (AlertEvent::Resolved, _) => ("resolved".to_owned(), &palette.good),
            (_, Severity::Critical) => ("CRITICAL".to_owned(), &palette.critical),
            (_, severity) => (severity.to_string(), &palette.warning),
        };
        let word = style.apply_to(format!("{word:<8}"));
        self.line(&format!("{word}  {}", clean(&alert.summary)));
    }

    fn delivered(&self, delivery: &Delivery) {
        if delivery.outcome == DeliveryOutcome::Failed {
            let why = delivery.error.as_deref().unwrap_or("no reason is known");
            self.trouble(&format!("alert not delivered: {}: {why}", delivery.alerter));
        }
    }

    fn say(&self, event: &str, text: &str, more: Value) {
        match self.format {
            WatchFormat::Human => self.line(text),
            WatchFormat::Json => self.object(event, more),
        }
    }

    fn object(&self, event: &str, more: Value) {
        let more = match more {
            Value::Object(more) => more,
            _ => Map::new(),
        };
        let line = Line { schema: 1, event, at: Timestamp::now(), more };
        self.write(serde_json::to_string(&line));
    }

    fn line(&self, text: &str) {
        let at = Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        self.write(Ok(format!("{}  {text}", self.face.palette().faint.apply_to(at))));
    }

    /// A disk that is full must not end the watch: that there is no line is said on standard error.
    fn write(&self, line: Result<String, serde_json::Error>) {
        let written = match line {
            Ok(line) => self.face.print(&format!("{line}\n")),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = written {
            self.face.warn(&format!("a line could not be written: {error}"));
        }
    }
}

impl WatchObserver for Lines {
    fn on_event(&self, event: &WatchEvent) {
        match event {
            WatchEvent::Told { alert } => self.alert(alert),
            WatchEvent::Delivered { delivery } => self.delivered(delivery),
            WatchEvent::ServerAdded { server } => {
                let text = format!("{}  watched from now on", clean(server));
                self.say("server_added", &text, json!({ "server": server }));
            }
            WatchEvent::ServerRemoved { server, incidents } => {
                let text =
                    format!("{}  watched no longer, {incidents} incidents ended", clean(server));
                let more = json!({ "server": server, "incidents": incidents });
                self.say("server_removed", &text, more);
            }
            WatchEvent::Trouble { what } => self.trouble(what),
            _ => {}
        }
    }
}
