//! Progress of a drill: bars on a terminal, one line a stage elsewhere.

use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pgsre_core::drill::{Event, Observer, Stage, StageOutcome, StageReport};
use pgsre_core::restore::LoadEvent;

use crate::face::Face;
use crate::render::clean;
use crate::units;
use connections::Connections;

mod apply;
mod connections;
mod fingerprint;

pub use apply::ApplyProgress;
pub use fingerprint::FingerprintProgress;

const BYTES: &str = "  {prefix:<9} {bar:28.green/dim} {bytes}/{total_bytes}  {binary_bytes_per_sec}  \
                     ETA {eta}  {wide_msg:.dim}";
const LINE: &str = "            {prefix:.dim} {wide_msg:.dim}";
const SPINNER: &str = "  {prefix:<9} {spinner:.green} {elapsed}  {wide_msg:.dim}";

/// Watches a drill and draws what it does.
#[derive(Debug)]
pub struct Progress {
    face: Face,
    label: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bar: Option<ProgressBar>,
    connections: Connections,
    size: u64,
    place: Option<String>,
}

impl Progress {
    /// Progress of the drill called `label`; empty where there is only one.
    #[must_use]
    pub fn new(face: &Face, label: impl Into<String>) -> Self {
        Self { face: face.clone(), label: label.into(), state: Mutex::default() }
    }

    /// What the drill restores into, once it began to: what is left where it is killed now.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        self.lock().place.clone()
    }

    /// Shows that the source is listed and the archive's beginning read.
    pub fn planning(&self) {
        if self.face.draws() {
            let bar = spinner(&self.face);
            bar.set_prefix(Stage::Find.as_str());
            self.lock().bar = Some(bar);
        }
    }

    /// Removes a bar that is still there, as after an error.
    pub fn finish(&self) {
        let mut state = self.lock();
        state.connections.clear();
        if let Some(bar) = state.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn started(&self, stage: Stage, detail: &str) {
        let mut state = self.lock();
        if stage == Stage::Prepare {
            state.place = Some(detail.to_owned());
        }
        if !self.face.draws() {
            let line = format!("{}{:<9} {}", self.prefix(), stage.as_str(), clean(detail));
            self.face.note(line.trim_end());
            return;
        }
        if let Some(bar) = state.bar.take() {
            bar.finish_and_clear();
        }
        let bar = match stage {
            Stage::Restore if state.size > 0 => bytes_bar(&self.face, state.size),
            _ => spinner(&self.face),
        };
        bar.set_prefix(stage.as_str());
        bar.set_message(clean(detail));
        state.bar = Some(bar);
    }

    fn finished(&self, report: &StageReport) {
        self.finish();
        // Without bars each stage has had its one line when it began.
        if !self.face.draws() {
            return;
        }
        let palette = self.face.messages();
        let (mark, ended) = match report.outcome {
            StageOutcome::Done => (palette.good.apply_to("✓"), ""),
            StageOutcome::Failed => (palette.critical.apply_to("✗"), "  failed"),
            StageOutcome::Cancelled => (palette.warning.apply_to("!"), "  interrupted"),
        };
        let name = report.name.as_str();
        let took = units::duration(report.seconds);
        self.face.note(&format!("{}{mark} {name:<9} {took}{ended}", self.prefix()));
    }

    fn prefix(&self) -> String {
        if self.label.is_empty() { "  ".to_owned() } else { format!("  {}: ", clean(&self.label)) }
    }

    fn load(&self, event: &LoadEvent) {
        let mut state = self.lock();
        let State { bar: Some(bar), connections, .. } = &mut *state else { return };
        match event {
            LoadEvent::Read { bytes } => bar.set_position(*bytes),
            LoadEvent::TableStarted { table } => {
                bar.set_message(clean(&table.name));
                connections.started(table);
            }
            LoadEvent::TableProgress { table, bytes } => connections.filled(table, *bytes),
            LoadEvent::TableFinished { table } => connections.finished(&table.table),
            LoadEvent::Working { connection, on } => {
                connections.working(&self.face, *connection, on.as_deref());
            }
            LoadEvent::Statement { head, .. } => bar.set_message(clean(head)),
            _ => {}
        }
    }

    fn message(&self, text: &str) {
        if let Some(bar) = &self.lock().bar {
            bar.set_message(clean(text));
        }
    }
}

impl Observer for Progress {
    fn on_event(&self, event: &Event) {
        match event {
            Event::StageStarted { stage, detail } => self.started(*stage, detail),
            Event::StageFinished { report } => self.finished(report),
            Event::BackupFound { backup } => {
                self.lock().size = backup.size;
                let size = units::size(backup.size);
                self.message(&format!("{} ({size})", backup.key));
            }
            Event::Load(event) => self.load(event),
            Event::Validated { report } => self.message(&report.name),
            Event::Delivered { delivery } => self.message(&delivery.alerter),
            _ => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

/// A bar of bytes on standard error.
#[must_use]
pub fn bytes_bar(face: &Face, size: u64) -> ProgressBar {
    face.show(styled(hidden(Some(size)), BYTES))
}

/// A spinner on standard error.
#[must_use]
pub fn spinner(face: &Face) -> ProgressBar {
    let spinner = face.show(styled(hidden(None), SPINNER));
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner
}

/// A line under a bar, on standard error.
fn line(face: &Face) -> ProgressBar {
    face.show(styled(hidden(None), LINE))
}

/// A bar that is not drawn before it is [shown](Face::show).
fn hidden(length: Option<u64>) -> ProgressBar {
    ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden())
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    // A template that indicatif does not understand costs its looks, not the drill.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("━━╌")),
        Err(_) => bar,
    }
}
