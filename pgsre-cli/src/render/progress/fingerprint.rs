//! Progress of a fingerprint: a bar of bytes on a terminal, one line elsewhere.

use std::sync::Mutex;

use indicatif::ProgressBar;
use pgsre_core::fingerprint::{FingerprintEvent, FingerprintObserver};

use super::bytes_bar;
use crate::face::Face;
use crate::render::clean;
use crate::units;

/// Watches a fingerprint being taken.
#[derive(Debug)]
pub struct FingerprintProgress {
    face: Face,
    label: String,
    bar: Mutex<Option<ProgressBar>>,
}

impl FingerprintProgress {
    /// Progress of the fingerprint called `label`; empty where there is only one.
    #[must_use]
    pub fn new(face: &Face, label: &str) -> Self {
        let label = if label.is_empty() { "read" } else { label };
        Self { face: face.clone(), label: label.to_owned(), bar: Mutex::default() }
    }

    fn planned(&self, tables: u64, bytes: u64) {
        if !self.face.draws() {
            let (tables, size) = (units::count(tables), units::size(bytes));
            self.face.note(&format!("  {:<9} {tables} tables, {size}", self.label));
            return;
        }
        let bar = bytes_bar(&self.face, bytes);
        bar.set_prefix(self.label.clone());
        *self.lock() = Some(bar);
    }

    fn read(&self, table: &str, bytes: u64) {
        if let Some(bar) = &*self.lock() {
            bar.set_message(clean(table));
            bar.inc(bytes);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl FingerprintObserver for FingerprintProgress {
    fn on_event(&self, event: &FingerprintEvent) {
        match event {
            FingerprintEvent::Planned { tables, bytes } => self.planned(*tables, *bytes),
            FingerprintEvent::Read { table, bytes, .. } => self.read(table, *bytes),
            _ => {}
        }
    }
}

impl Drop for FingerprintProgress {
    fn drop(&mut self) {
        if let Some(bar) = self.lock().take() {
            bar.finish_and_clear();
        }
    }
}
