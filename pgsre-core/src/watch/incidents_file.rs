//! Incidents over a restart: one file, replaced at once and whole.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::monitor::Incidents;

/// The version of the file's shape.
const VERSION: u32 = 1;

/// Why incidents could not be kept or read. `Display` never prints the cause.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct IncidentsFileError {
    context: String,
    #[source]
    cause: std::io::Error,
}

/// A file of the incidents of every server.
#[derive(Debug)]
pub struct IncidentsFile {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    servers: BTreeMap<String, Incidents>,
}

impl IncidentsFile {
    /// A file at this place, which need not be there.
    #[must_use]
    pub fn open(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// What it holds; nothing where it is not there.
    ///
    /// # Errors
    /// Where it cannot be read, is damaged, or is of another version. It is left as it is.
    pub fn load(&self) -> Result<BTreeMap<String, Incidents>, IncidentsFileError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(self.failed("cannot read", error)),
        };
        let kept: Kept = serde_json::from_slice(&bytes)
            .map_err(|error| self.failed("is no file of incidents:", error.into()))?;
        if kept.version != VERSION {
            let other = std::io::Error::new(ErrorKind::InvalidData, "it is of another version");
            return Err(self.failed("cannot read", other));
        }
        Ok(kept.servers)
    }

    /// Puts it aside, as `….damaged`, so that a watch can begin anew and nothing is lost.
    ///
    /// # Errors
    /// Where it cannot be renamed.
    pub fn set_aside(&self) -> Result<PathBuf, IncidentsFileError> {
        let aside = self.path.with_extension("damaged");
        let renamed = fs::rename(&self.path, &aside);
        renamed.map(|()| aside).map_err(|error| self.failed("cannot rename", error))
    }

    /// Replaces what it holds.
    ///
    /// # Errors
    /// Where it cannot be written; what it held is then still there.
    pub fn save(&self, servers: &BTreeMap<String, Incidents>) -> Result<(), IncidentsFileError> {
        let kept = Kept { version: VERSION, servers: servers.clone() };
        let bytes = serde_json::to_vec(&kept).map_err(std::io::Error::from);
        let written = bytes.and_then(|bytes| replace(&self.path, &bytes));
        written.map_err(|error| self.failed("cannot write", error))
    }

    fn failed(&self, what: &str, cause: std::io::Error) -> IncidentsFileError {
        IncidentsFileError { context: format!("{what} {}", self.path.display()), cause }
    }
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    // The name is durable with its directory.
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_saved_is_loaded_and_no_file_is_no_incident() {
        let directory = tempfile::tempdir().unwrap();
        let file = IncidentsFile::open(directory.path().join("incidents.json"));
        assert!(file.load().unwrap().is_empty());
        let servers = BTreeMap::from([("shop".to_owned(), Incidents::default())]);
        file.save(&servers).unwrap();
        assert_eq!(file.load().unwrap(), servers);
    }

    #[test]
    fn a_damaged_or_newer_file_is_an_error_and_can_be_set_aside() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("incidents.json");
        let file = IncidentsFile::open(&path);
        for text in ["{\"version\":1,\"servers\":{\"sh", "{\"version\":2,\"servers\":{}}", "[]"] {
            fs::write(&path, text).unwrap();
            assert!(file.load().is_err(), "{text}");
        }
        assert_eq!(fs::read(file.set_aside().unwrap()).unwrap(), b"[]");
        assert!(file.load().unwrap().is_empty());
    }
}
