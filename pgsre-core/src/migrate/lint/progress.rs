//! What the statements before one left open.

use std::collections::BTreeMap;

use super::super::facts::{Facts, LockMode};
use super::super::schema::Schema;
use super::super::statement::Statement;

/// What the statements before left open.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    pub(super) in_transaction: bool,
    /// Within a statement that runs others.
    nested: bool,
    /// Whether the session's waits end, and the transaction's where that says otherwise.
    lock_timeout: bool,
    local_lock_timeout: Option<bool>,
    pub(super) held: BTreeMap<String, LockMode>,
    pub(super) end: Option<Schema>,
}

impl Progress {
    pub(super) fn new(in_transaction: bool) -> Self {
        Self { in_transaction, ..Self::default() }
    }

    /// Whether a wait for a lock ends.
    pub(super) fn has_lock_timeout(&self) -> bool {
        self.local_lock_timeout.unwrap_or(self.lock_timeout)
    }

    /// Within a statement that runs others: they are one transaction, and behind a COMMIT the next one.
    pub(super) fn within(&self) -> Self {
        Self { in_transaction: true, nested: true, ..self.clone() }
    }

    /// What others that ran within a statement set stays set.
    pub(super) fn leave(&mut self, within: &Self) {
        self.lock_timeout = within.lock_timeout;
        self.local_lock_timeout = within.local_lock_timeout.filter(|_| self.in_transaction);
    }

    pub(super) fn follow(&mut self, statement: &Statement, facts: &Facts) {
        match statement {
            Statement::Begin => self.in_transaction = true,
            Statement::Commit => {
                self.in_transaction = self.nested;
                self.local_lock_timeout = None;
                self.held.clear();
            }
            Statement::SetLockTimeout { limited, local: true } => {
                // Outside of a transaction it is of no effect.
                self.local_lock_timeout = self.in_transaction.then_some(*limited);
            }
            Statement::SetLockTimeout { limited, local: false } => {
                self.lock_timeout = *limited;
                self.local_lock_timeout = None;
            }
            _ if self.in_transaction => {
                for (object, mode) in &facts.locks {
                    let strongest = self.held.entry(object.clone()).or_insert(*mode);
                    *strongest = (*mode).max(*strongest);
                }
            }
            _ => {}
        }
    }
}
