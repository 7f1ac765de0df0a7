//! A small disk, so that one can see it fill up without filling one's own.

use std::io;
use std::path::Path;

use async_trait::async_trait;
use pgsre_core::monitor::{FileSystem, FreeSpace, ProbeError, ServerDirectories};

/// How much would fit on it.
pub(super) const SIZE: u64 = 384 << 20;

/// A disk on which nothing but the demo's databases lie.
#[derive(Debug)]
pub(super) struct SmallDisk;

#[async_trait]
impl FreeSpace for SmallDisk {
    fn method(&self) -> &'static str {
        "the demo's small disk"
    }

    async fn file_systems(
        &self,
        directories: &ServerDirectories,
    ) -> Result<Vec<FileSystem>, ProbeError> {
        let unknown = || ProbeError::new("the demo's data directory cannot be looked at");
        let databases = directories.data.as_ref().ok_or_else(unknown)?.join("base");
        let used = tokio::task::spawn_blocking(move || used(&databases)).await;
        let used = used.map_err(|error| unknown().with_cause(error))?;
        let used = used.map_err(|error| unknown().with_cause(error))?;
        Ok(vec![FileSystem {
            name: "demo disk".to_owned(),
            free_bytes: SIZE.saturating_sub(used),
            size_bytes: Some(SIZE),
        }])
    }
}

/// What the files of a directory hold, and of those within it.
fn used(directory: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(directory)? {
        // A file that is gone by now takes no room.
        let Ok(entry) = entry else { continue };
        let Ok(metadata) = entry.metadata() else { continue };
        sum += match metadata.is_dir() {
            true => used(&entry.path())?,
            false => metadata.len(),
        };
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_lies_in_the_databases_is_no_longer_free() {
        let data = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(data.path().join("base/1")).unwrap();
        std::fs::write(data.path().join("base/1/2"), [0; 5_000]).unwrap();
        std::fs::write(data.path().join("elsewhere"), [0; 5_000]).unwrap();
        assert_eq!(used(&data.path().join("base")).unwrap(), 5_000);
        assert!(used(&data.path().join("gone")).is_err());
    }
}
