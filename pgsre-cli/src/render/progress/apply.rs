//! Progress of a migration: a bar for each step on a terminal, lines elsewhere.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use pgsre_core::migrate::{ApplyEvent, ApplyObserver, Batch, Blocker};

use super::{hidden, spinner};
use crate::face::Face;
use crate::render::clean;
use crate::units;

/// Where no bar is drawn, so often is said how far a backfill is.
const LINE_EVERY: Duration = Duration::from_secs(10);

const ROWS: &str = "  {prefix} {bar:24.green/dim} {human_pos}/{human_len} rows  {per_sec}  ETA {eta}  \
                    {wide_msg:.dim}";
const BUILD: &str = "  {prefix} {bar:24.green/dim} {percent}%  {elapsed}  {wide_msg:.dim}";

/// Watches a migration being applied.
#[derive(Debug)]
pub struct ApplyProgress {
    face: Face,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bar: Option<ProgressBar>,
    step: String,
    told: Option<Instant>,
}

impl ApplyProgress {
    /// Nothing is drawn yet.
    #[must_use]
    pub fn new(face: &Face) -> Self {
        Self { face: face.clone(), state: Mutex::default() }
    }

    /// Removes a bar that is still there.
    pub fn finish(&self) {
        if let Some(bar) = self.lock().bar.take() {
            bar.finish_and_clear();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn step(&self, step: u32, steps: u32, title: &str) {
        self.finish();
        let mut state = self.lock();
        state.step = format!("{step}/{steps}");
        state.told = None;
        if self.face.draws() {
            let bar = spinner(&self.face);
            bar.set_prefix(state.step.clone());
            bar.set_message(clean(title));
            state.bar = Some(bar);
        } else {
            self.face.note(&format!("  {:<6} {}", state.step, clean(title)));
        }
    }

    fn step_done(&self, step: u32, seconds: f64, attempts: u32) {
        self.finish();
        if self.face.draws() {
            let mark = self.face.messages().good.apply_to("✓");
            let tries = if attempts > 1 { format!(", {attempts} tries") } else { String::new() };
            let took = units::duration(seconds);
            self.face.note(&format!("  {mark} step {step}  {took}{tries}"));
        }
    }

    fn failed(&self, attempt: u32, error: &str, blockers: &[Blocker], seconds: f64) {
        let wait = units::duration(seconds);
        self.face.note(&format!("    try {attempt}: {}; again in {wait}", clean(error)));
        for by in blockers {
            let age = units::duration(by.seconds);
            let (who, query) = (clean(&by.who), clean(&by.query));
            self.face.note(&format!(
                "      blocked by process {} ({who}, {}, {age}): {query}",
                by.pid, by.state
            ));
        }
    }

    fn build(&self, phase: &str, done: Option<f64>, blockers: &[Blocker]) {
        let waits = match blockers.first() {
            Some(by) => {
                format!(", for process {} ({})", by.pid, units::duration(by.seconds))
            }
            None => String::new(),
        };
        let said = format!("{}{waits}", clean(phase));
        let percent = (done.unwrap_or(0.0).clamp(0.0, 1.0) * 100.0) as u64;
        if !self.face.draws() {
            return self.line(|| format!("{said} {percent} %"));
        }
        let mut state = self.lock();
        self.redraw(&mut state, BUILD, 100);
        if let Some(bar) = &state.bar {
            bar.set_position(percent);
            bar.set_message(said);
        }
    }

    fn batch(&self, batch: &Batch) {
        let lag = batch.lag_seconds.map_or_else(String::new, |lag| format!(", lag {lag:.1} s"));
        let said = format!("batches of {}{lag}", units::count(batch.next_size.into()));
        let whole = batch.estimate.max(batch.passed);
        if !self.face.draws() {
            return self.line(|| {
                let (rows, whole) = (units::count(batch.passed), units::count(whole));
                format!("{}: {rows} of about {whole} rows, {said}", clean(&batch.table))
            });
        }
        let mut state = self.lock();
        self.redraw(&mut state, ROWS, whole);
        if let Some(bar) = &state.bar {
            bar.set_length(whole);
            bar.set_position(batch.passed);
            bar.set_message(said);
        }
    }

    /// A bar in place of the spinner, once it is known how long it is.
    fn redraw(&self, state: &mut State, template: &str, length: u64) {
        if state.bar.as_ref().is_some_and(|bar| bar.length().is_some()) {
            return;
        }
        if let Some(bar) = state.bar.take() {
            bar.finish_and_clear();
        }
        // A template that indicatif does not understand costs its looks.
        let bar = match ProgressStyle::with_template(template) {
            Ok(style) => hidden(Some(length)).with_style(style.progress_chars("━━╌")),
            Err(_) => hidden(Some(length)),
        };
        let bar = self.face.show(bar);
        bar.set_prefix(state.step.clone());
        state.bar = Some(bar);
    }

    fn line(&self, said: impl FnOnce() -> String) {
        let mut state = self.lock();
        if state.told.is_none_or(|told| told.elapsed() >= LINE_EVERY) {
            state.told = Some(Instant::now());
            self.face.note(&format!("         {}", said()));
        }
    }
}

impl ApplyObserver for ApplyProgress {
    fn on_event(&self, event: &ApplyEvent) {
        let say = |line: String| self.face.note(&format!("    {}", clean(&line)));
        match event {
            ApplyEvent::StepStarted { step, steps, title } => self.step(*step, *steps, title),
            ApplyEvent::StepFinished { step, seconds, attempts } => {
                self.step_done(*step, *seconds, *attempts);
            }
            ApplyEvent::AttemptFailed { attempt, error, blockers, seconds } => {
                self.failed(*attempt, error, blockers, *seconds);
            }
            ApplyEvent::IndexBuild { phase, done, blockers } => self.build(phase, *done, blockers),
            ApplyEvent::InvalidIndexDropped { index } => {
                say(format!("dropped {index}, which a failed build left invalid"));
            }
            ApplyEvent::BackfillStarted { rows_before, .. } if *rows_before > 0 => {
                say(format!("goes on after {} rows", units::count(*rows_before)));
            }
            ApplyEvent::Batch(batch) => self.batch(batch),
            ApplyEvent::Paused { by, why } => say(format!("waits, for {by}: {why}")),
            ApplyEvent::Resumed { seconds } => {
                say(format!("goes on after {}", units::duration(*seconds)));
            }
            ApplyEvent::ConnectionLost { error } => {
                say(format!("the connection was lost: {error}"))
            }
            ApplyEvent::Reconnected { seconds } => {
                say(format!("connected again after {}", units::duration(*seconds)));
            }
            _ => {}
        }
    }
}

impl Drop for ApplyProgress {
    fn drop(&mut self) {
        self.finish();
    }
}
