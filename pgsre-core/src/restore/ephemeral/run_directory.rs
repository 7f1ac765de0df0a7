//! The directory of one run: marked as ours, and locked for as long as its owner lives.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::postmaster;
use crate::restore::{RunId, Swept};

/// What names of databases and directories begin with.
pub(in crate::restore) const PREFIX: &str = "pgsre_drill_";
const MARKER: &str = "pgsre.run";

/// A directory that belongs to one run. Dropping it unlocks it, and leaves it where it is.
#[derive(Debug)]
pub(super) struct RunDirectory {
    path: PathBuf,
    // Held for its lock, which ends with this process in whatever way.
    _marker: File,
}

impl RunDirectory {
    /// Where the directory of a run lies.
    pub(super) fn path_of(base: &Path, run: RunId) -> PathBuf {
        base.join(format!("{PREFIX}{run}"))
    }

    /// Makes the directory, which must not exist, and locks it.
    pub(super) fn make(base: &Path, run: RunId) -> io::Result<Self> {
        let path = Self::path_of(base, run);
        make_directory(&path)?;
        let mut marker = File::create_new(path.join(MARKER))?;
        marker.lock()?;
        marker.write_all(marker_text(run).as_bytes())?;
        Ok(Self { path, _marker: marker })
    }

    /// Where the server keeps its own.
    pub(super) fn cluster(&self) -> PathBuf {
        cluster_in(&self.path)
    }

    /// Takes the marker away: from now on it is the user's.
    pub(super) fn keep(&self) -> io::Result<()> {
        absent_is_fine(fs::remove_file(self.path.join(MARKER)))
    }

    /// Removes everything, the marker last: what remains after a failure is still known as ours.
    pub(super) fn remove(&self) -> io::Result<()> {
        remove(&self.path)
    }
}

/// Removes the directories of runs whose owner is gone.
pub(super) fn sweep(base: &Path, older_than: Duration, now: Timestamp) -> io::Result<Vec<Swept>> {
    let entries = match fs::read_dir(base) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut swept = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if let Some(run) = run_of(&path)
            && is_older(run, older_than, now)
            && let Some(error) = sweep_one(&path, run)
        {
            let name = path.display().to_string();
            swept.push(Swept { name, started: run.started(), error });
        }
    }
    Ok(swept)
}

/// Whether a run began longer ago than that.
pub(in crate::restore) fn is_older(run: RunId, than: Duration, now: Timestamp) -> bool {
    now.duration_since(run.started()).unsigned_abs() >= than && now >= run.started()
}

/// `None` where it is not ours to remove; else why it could not be removed.
fn sweep_one(path: &Path, run: RunId) -> Option<Option<String>> {
    if path.is_symlink() {
        return None;
    }
    let marker = File::open(path.join(MARKER)).ok()?;
    if fs::read_to_string(path.join(MARKER)).ok()? != marker_text(run) {
        return None;
    }
    match marker.try_lock() {
        Err(TryLockError::WouldBlock) => None,
        Err(TryLockError::Error(error)) => Some(Some(error.to_string())),
        Ok(()) => {
            let ended = postmaster::end_leftover(&cluster_in(path));
            Some(ended.and_then(|()| remove(path)).err().map(|error| error.to_string()))
        }
    }
}

fn run_of(path: &Path) -> Option<RunId> {
    path.file_name()?.to_str()?.strip_prefix(PREFIX)?.parse().ok()
}

fn marker_text(run: RunId) -> String {
    format!("a throw-away PostgreSQL server of pgsre's restore drill {run}\n")
}

fn cluster_in(path: &Path) -> PathBuf {
    path.join("cluster")
}

fn remove(path: &Path) -> io::Result<()> {
    absent_is_fine(fs::remove_dir_all(cluster_in(path)))?;
    absent_is_fine(fs::remove_dir_all(path))
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// The server may run under another user, who must be able to pass through, and no more.
#[cfg(unix)]
fn make_directory(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    fs::DirBuilder::new().mode(0o711).create(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o711))
}

#[cfg(not(unix))]
fn make_directory(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_living_run_is_left_alone_and_a_dead_one_is_swept() {
        let base = tempfile::tempdir().unwrap();
        let run = RunId::new(Timestamp::now());
        let directory = RunDirectory::make(base.path(), run).unwrap();
        fs::create_dir(directory.cluster()).unwrap();
        let now = Timestamp::now();
        assert!(sweep(base.path(), Duration::ZERO, now).unwrap().is_empty());
        let path = directory.path.clone();
        drop(directory);
        assert!(sweep(base.path(), Duration::from_secs(3600), now).unwrap().is_empty());
        let swept = sweep(base.path(), Duration::ZERO, now).unwrap();
        assert_eq!((swept.len(), swept[0].error.as_deref()), (1, None));
        assert!(!path.exists());
    }

    #[test]
    fn a_directory_that_is_kept_is_never_swept() {
        let base = tempfile::tempdir().unwrap();
        let directory = RunDirectory::make(base.path(), RunId::new(Timestamp::now())).unwrap();
        directory.keep().unwrap();
        let path = directory.path.clone();
        drop(directory);
        assert!(sweep(base.path(), Duration::ZERO, Timestamp::now()).unwrap().is_empty());
        assert!(path.exists());
    }

    #[test]
    fn a_directory_without_our_marker_is_left_alone() {
        let base = tempfile::tempdir().unwrap();
        let path = RunDirectory::path_of(base.path(), RunId::new(Timestamp::now()));
        fs::create_dir(&path).unwrap();
        assert!(sweep(base.path(), Duration::ZERO, Timestamp::now()).unwrap().is_empty());
        assert!(path.exists());
        fs::write(path.join(MARKER), "somebody else's\n").unwrap();
        assert!(sweep(base.path(), Duration::ZERO, Timestamp::now()).unwrap().is_empty());
        assert!(path.exists());
    }

    #[test]
    fn a_directory_that_exists_is_never_taken() {
        let base = tempfile::tempdir().unwrap();
        let run = RunId::new(Timestamp::now());
        let _first = RunDirectory::make(base.path(), run).unwrap();
        assert!(RunDirectory::make(base.path(), run).is_err());
    }
}
