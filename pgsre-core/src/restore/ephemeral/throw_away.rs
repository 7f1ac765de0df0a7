//! A directory for a throw-away server beside a drill's own.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::run_directory::RunDirectory;
use super::{EphemeralCluster, io_kind};
use crate::restore::{RunId, TargetError};

/// A directory for a throw-away server beside a drill's own, made by
/// [`EphemeralCluster::directory`].
///
/// Its drop removes it, blocking. Where its owner is killed,
/// [`sweep`](crate::restore::RestoreTarget::sweep) ends the server in [`cluster`](Self::cluster)
/// and removes all of it.
#[derive(Debug)]
pub struct ThrowAwayDirectory {
    path: PathBuf,
    directory: RunDirectory,
}

impl ThrowAwayDirectory {
    /// The directory. Other users may pass through it, and no more.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where its server belongs; not made yet.
    #[must_use]
    pub fn cluster(&self) -> PathBuf {
        self.directory.cluster()
    }
}

impl Drop for ThrowAwayDirectory {
    fn drop(&mut self) {
        if let Err(error) = self.directory.remove() {
            tracing::warn!(path = %self.path.display(), %error, "a throw-away directory is left");
        }
    }
}

impl EphemeralCluster {
    /// Makes a directory beside those of drills, for a server of the caller's own.
    ///
    /// # Errors
    /// Where it cannot be made, as on a full disk or without the right to write there.
    pub fn directory(&self) -> Result<ThrowAwayDirectory, TargetError> {
        let run = RunId::new(Timestamp::now());
        let path = RunDirectory::path_of(&self.base, run);
        match RunDirectory::make(&self.base, run) {
            Ok(directory) => Ok(ThrowAwayDirectory { path, directory }),
            Err(error) => Err(cannot_make(&path, error)),
        }
    }
}

/// That the directory of a run cannot be made.
pub(super) fn cannot_make(path: &Path, error: std::io::Error) -> TargetError {
    TargetError::new(io_kind(&error), format!("cannot make {}", path.display()))
        .with_hint("set PGSRE_TMPDIR to a directory that can be written and has room")
        .with_cause(error)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::time::Duration;

    use super::*;
    use crate::restore::RestoreTarget;

    #[tokio::test]
    async fn a_directory_goes_with_its_owner_and_is_not_swept_before() {
        let base = tempfile::tempdir().unwrap();
        let target = EphemeralCluster::new().in_directory(base.path());
        let directory = target.directory().unwrap();
        std::fs::create_dir(directory.cluster()).unwrap();
        assert!(target.sweep(Duration::ZERO).await.unwrap().is_empty());
        assert!(directory.path().exists());
        drop(directory);
        assert_eq!(std::fs::read_dir(base.path()).unwrap().count(), 0);
    }

    #[test]
    fn where_it_cannot_be_made_the_error_says_what_to_set() {
        let base = tempfile::tempdir().unwrap();
        let target = EphemeralCluster::new().in_directory(base.path().join("absent"));
        assert!(target.directory().unwrap_err().hint().contains("PGSRE_TMPDIR"));
    }
}
