//! A small disk.

use std::path::Path;
use std::process::Command;

use super::server::traversable;

/// A file system of its own in memory, unmounted when dropped.
#[derive(Debug)]
pub struct Disk(tempfile::TempDir);

impl Disk {
    /// One of 160 MB.
    ///
    /// # Panics
    /// Where this machine refuses one: that needs root.
    #[must_use]
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        traversable(directory.path());
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=160m,mode=755", "tmpfs"])
            .arg(directory.path())
            .output()
            .expect("mount");
        let said = String::from_utf8_lossy(&mount.stderr).into_owned();
        assert!(
            mount.status.success(),
            "a small disk needs root, and a kernel that lets it: {said}"
        );
        Self(directory)
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(self.0.path()).status());
    }
}
