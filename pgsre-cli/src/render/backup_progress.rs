//! Progress of a backup: bytes and their rate on a terminal, one line a step elsewhere.

use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};
use pgsre_core::dump::{BackupEvent, BackupObserver};
use pgsre_core::fingerprint::FingerprintEvent;

use super::progress::spinner;
use crate::face::Face;
use crate::render::clean;

const FLOW: &str = "  {prefix:<9} {spinner:.green} {bytes}  {binary_bytes_per_sec}  {elapsed}  \
                    {wide_msg:.dim}";

/// Watches a backup being taken and draws what it does.
#[derive(Debug)]
pub(crate) struct BackupProgress {
    face: Face,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    bar: Option<ProgressBar>,
    /// Bytes of the tables, and how many of them were read for the fingerprint.
    tables: u64,
    read: u64,
}

impl BackupProgress {
    pub(crate) fn new(face: &Face, database_bytes: u64) -> Self {
        let state = State { tables: database_bytes, ..State::default() };
        Self { face: face.clone(), state: Mutex::new(state) }
    }

    /// Removes a bar that is still there.
    pub(crate) fn finish(&self) {
        if let Some(bar) = self.lock().bar.take() {
            bar.finish_and_clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn started(&self, step: &str, detail: &str) {
        self.finish();
        if !self.face.draws() {
            self.face.note(format!("  {step:<9} {}", clean(detail)).trim_end());
            return;
        }
        let bar = spinner(&self.face);
        // A template that indicatif does not understand costs its looks, not the backup.
        let bar = match ProgressStyle::with_template(FLOW) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        };
        bar.set_prefix(step.to_owned());
        bar.set_message(clean(detail));
        self.lock().bar = Some(bar);
    }

    fn fingerprint(&self, event: &FingerprintEvent) {
        let mut state = self.lock();
        match event {
            FingerprintEvent::Planned { bytes, .. } => state.tables = *bytes,
            FingerprintEvent::Read { bytes, .. } => state.read += bytes,
            _ => return,
        }
        let share = state.read as f64 / state.tables.max(1) as f64;
        if let Some(bar) = &state.bar {
            bar.set_message(format!("fingerprint {:.0}%", (share * 100.0).min(100.0)));
        }
    }
}

impl BackupObserver for BackupProgress {
    fn on_event(&self, event: &BackupEvent) {
        match event {
            BackupEvent::Started { step, detail } => self.started(step.as_str(), detail),
            BackupEvent::Bytes { bytes } => {
                if let Some(bar) = &self.lock().bar {
                    bar.inc(*bytes);
                }
            }
            BackupEvent::Fingerprint(event) => self.fingerprint(event),
            BackupEvent::Warning(text) => self.face.warn(&clean(text)),
            _ => {}
        }
    }
}

impl Drop for BackupProgress {
    fn drop(&mut self) {
        self.finish();
    }
}
