//! PostgreSQL reliability as a library: *backups don't matter, restores do*.
//!
//! `pgsre-core` proves that a backup restores. A [`Drill`] finds the newest backup in a
//! [`BackupSource`], reads it strictly, restores it into a throw-away [`RestoreTarget`], judges the
//! result with [`Validator`]s, cleans up, and tells somebody through an [`Alerter`].

pub mod alert;
pub mod archive;
pub mod backup;
pub mod drill;
pub mod finding;
pub mod history;
pub mod postgres;
pub mod restore;
pub mod source;
pub mod validate;
