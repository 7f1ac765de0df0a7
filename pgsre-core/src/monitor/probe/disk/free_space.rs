//! The [`FreeSpace`] seam: what is free where a server's files lie.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::monitor::ProbeError;

/// Where a server keeps its files, by its own paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerDirectories {
    /// The data directory; `None` where the role may not see it.
    pub data: Option<PathBuf>,
    /// Tablespaces outside of it, by name.
    pub tablespaces: Vec<(String, PathBuf)>,
}

/// One file system that a server fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSystem {
    /// What of the server lies there: `data`, `wal`, or the name of a tablespace.
    pub name: String,
    /// Bytes that the server may still write.
    pub free_bytes: u64,
    /// Bytes that it may fill in all, where they are known.
    pub size_bytes: Option<u64>,
}

/// Says what is free where a server's files lie: SQL never does.
///
/// [`Disk`](super::Disk) asks the operating system where the server runs on this machine. For
/// servers elsewhere a service brings an implementation of its own, by its provider's figures, say.
#[async_trait]
pub trait FreeSpace: Debug + Send + Sync + 'static {
    /// How the figures are come by, in a word or two.
    fn method(&self) -> &'static str;

    /// The file systems, each once. Dropping the future loses this answer and nothing else.
    ///
    /// # Errors
    /// Where it is not known: then the figures are unknown, for this reason.
    async fn file_systems(
        &self,
        directories: &ServerDirectories,
    ) -> Result<Vec<FileSystem>, ProbeError>;
}

type Asking = JoinHandle<Result<Vec<FileSystem>, ProbeError>>;

/// The operating system of this machine.
#[derive(Debug, Default)]
pub(super) struct Statvfs {
    /// A file system that hangs is asked once.
    asking: Mutex<Option<Asking>>,
}

#[async_trait]
impl FreeSpace for Statvfs {
    fn method(&self) -> &'static str {
        "statvfs"
    }

    async fn file_systems(
        &self,
        directories: &ServerDirectories,
    ) -> Result<Vec<FileSystem>, ProbeError> {
        let mut asking = self.asking.lock().await;
        let directories = directories.clone();
        let asked = asking
            .get_or_insert_with(|| tokio::task::spawn_blocking(move || file_systems(&directories)));
        let answer = asked.await;
        *asking = None;
        answer.unwrap_or_else(|error| {
            Err(ProbeError::new("the file system could not be asked").with_cause(error))
        })
    }
}

/// The file system of the data directory, and those of the write-ahead log and of tablespaces where
/// they are others.
fn file_systems(directories: &ServerDirectories) -> Result<Vec<FileSystem>, ProbeError> {
    let hidden = || ProbeError::new("the data directory is not visible to this role");
    let data = directories.data.as_deref().ok_or_else(hidden)?;
    let wal = data.join("pg_wal");
    let others = directories.tablespaces.iter().map(|(name, path)| (name.as_str(), path.as_path()));
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (name, path) in [("data", data), ("wal", wal.as_path())].into_iter().chain(others) {
        let unreadable = |error: std::io::Error| {
            ProbeError::new(format!("{} cannot be looked at", path.display())).with_cause(error)
        };
        match std::fs::metadata(path) {
            Ok(metadata) if !seen.insert(metadata.dev()) => {}
            Ok(_) => found.push(free(name, path).map_err(unreadable)?),
            // Only the server's own user may look behind its data directory.
            Err(error) if name == "wal" && error.kind() == std::io::ErrorKind::PermissionDenied => {
            }
            Err(error) => return Err(unreadable(error)),
        }
    }
    Ok(found)
}

/// What ordinary users may still write, and what they may fill in all.
fn free(name: &str, path: &Path) -> std::io::Result<FileSystem> {
    let status = rustix::fs::statvfs(path)?;
    let used = status.f_blocks.saturating_sub(status.f_bfree);
    let bytes = |blocks: u64| blocks.saturating_mul(status.f_frsize);
    Ok(FileSystem {
        name: name.to_owned(),
        free_bytes: bytes(status.f_bavail),
        size_bytes: Some(bytes(status.f_bavail.saturating_add(used))),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn directories(data: &Path, tablespace: &Path) -> ServerDirectories {
        ServerDirectories {
            data: Some(data.to_owned()),
            tablespaces: vec![("fast".to_owned(), tablespace.to_owned())],
        }
    }

    #[tokio::test]
    async fn each_file_system_is_told_once() {
        let data = tempfile::tempdir().unwrap();
        std::fs::create_dir(data.path().join("pg_wal")).unwrap();
        let one = directories(data.path(), data.path());
        let found = Statvfs::default().file_systems(&one).await.unwrap();
        assert_eq!(found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["data"]);
        assert!(found[0].size_bytes.unwrap() >= found[0].free_bytes);

        // The kernel's own is another one on any machine.
        let two = directories(data.path(), Path::new("/proc"));
        let found = Statvfs::default().file_systems(&two).await.unwrap();
        assert_eq!(found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["data", "fast"]);
    }

    #[tokio::test]
    async fn a_directory_that_is_not_there_is_an_error_and_never_a_figure() {
        let data = tempfile::tempdir().unwrap();
        std::fs::create_dir(data.path().join("pg_wal")).unwrap();
        let gone = directories(data.path(), Path::new("/nonexistent/pgsre"));
        let error = Statvfs::default().file_systems(&gone).await.unwrap_err();
        assert_eq!(error.to_string(), "/nonexistent/pgsre cannot be looked at");
        let hidden = ServerDirectories::default();
        let error = Statvfs::default().file_systems(&hidden).await.unwrap_err();
        assert_eq!(error.to_string(), "the data directory is not visible to this role");
    }
}
