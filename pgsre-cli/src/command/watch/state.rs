//! Where a watcher keeps what must survive it, and that no other uses it.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use pgsre_core::history::default_directory;
use rustix::fs::{FlockOperation, flock};

use crate::environment::Environment;
use crate::error::CommandError;

/// The state directory, held for as long as this lives.
#[derive(Debug)]
pub(crate) struct StateDirectory {
    path: PathBuf,
    _lock: File,
}

impl StateDirectory {
    /// Takes the directory that was named, else `watch` beside the reports.
    ///
    /// # Errors
    /// Where there is none, it cannot be used, or another watcher uses it.
    pub(crate) fn take(
        named: Option<&Path>,
        environment: &Environment,
    ) -> Result<Self, CommandError> {
        let hint = "give a directory with --state, or `state` in [watch], or set PGSRE_STATE_DIR";
        let path = named.map(Path::to_owned).or_else(|| usual(environment)).ok_or_else(|| {
            CommandError::usage("there is no place for incidents: neither HOME nor another is set")
                .with_hint(hint)
        })?;
        let unusable = |error: std::io::Error| {
            CommandError::usage(format!("the state directory {} cannot be used", path.display()))
                .with_hint(hint)
                .with_cause(error)
        };
        fs::create_dir_all(&path).map_err(unusable)?;
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(false).write(true);
        let lock = options.open(path.join("lock")).map_err(unusable)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(taken(&path)),
            Err(error) => Err(unusable(error.into())),
        }
    }

    /// A file in it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

fn usual(environment: &Environment) -> Option<PathBuf> {
    let reports = default_directory(|name| environment.variable(name).map(str::to_owned))?;
    Some(reports.with_file_name("watch"))
}

fn taken(path: &Path) -> CommandError {
    CommandError::usage(format!("another pgsre watch uses {}", path.display()))
        .with_hint("two would tell everything twice; give this one its own with --state")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_directory_is_held_by_one_and_free_again_after_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("state");
        let environment = Environment::default();
        let first = StateDirectory::take(Some(&path), &environment).unwrap();
        let error = StateDirectory::take(Some(&path), &environment).unwrap_err();
        assert!(error.to_string().contains("another pgsre watch"), "{error}");
        drop(first);
        assert!(StateDirectory::take(Some(&path), &environment).is_ok());
    }

    #[test]
    fn it_lies_beside_the_reports_unless_told_otherwise() {
        let home = tempfile::tempdir().unwrap();
        let text = home.path().to_string_lossy();
        let environment = Environment::of([("PGSRE_STATE_DIR", &*text)]);
        let state = StateDirectory::take(None, &environment).unwrap();
        assert_eq!(state.file("x"), home.path().join("watch/x"));
        assert!(StateDirectory::take(None, &Environment::default()).is_err());
    }
}
