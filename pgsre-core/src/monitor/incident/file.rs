//! Incidents that survive a restart: [`IncidentsFile`].

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Incidents;
use crate::durable::{self, Bounded};

/// The version of the file's shape.
const VERSION: u32 = 1;

/// The file in which a watcher keeps what is open, of every server.
///
/// It is [replaced](durable::replace): whenever the watcher dies, the file is the one before or the
/// one after.
#[derive(Clone, Debug)]
pub struct IncidentsFile {
    path: PathBuf,
    writing: Arc<Mutex<Bounded>>,
}

#[derive(Serialize, Deserialize)]
struct Content<M> {
    version: u32,
    servers: M,
}

#[derive(Deserialize)]
struct Header {
    version: u32,
}

/// Why incidents could not be read or kept.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IncidentsFileError {
    /// The file system does not let us.
    #[error("{what} {}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the file system says.
        #[source]
        source: io::Error,
    },
    /// The file is none of ours, or is damaged. It was set aside: nothing is lost, and the watcher
    /// begins without memory.
    #[error("{} does not hold incidents; it was set aside as {}", path.display(), aside.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where it is now.
        aside: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A newer version wrote it. It is left as it is.
    #[error(
        "{} was written by a newer version (its shape is {version}): remove it to begin without memory",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version that it says.
        version: u32,
    },
}

impl IncidentsFile {
    /// The file of this name, which need not be there yet.
    #[must_use]
    pub fn open(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), writing: Arc::default() }
    }

    /// What was open when it was written, by server; nothing where there is no file.
    ///
    /// # Errors
    /// Where it cannot be read; a damaged one is set aside first, so that the next save keeps it.
    pub fn load(&self) -> Result<BTreeMap<String, Incidents>, IncidentsFileError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(io_error("cannot read", &self.path, error)),
        };
        let header: Header =
            serde_json::from_slice(&bytes).map_err(|error| self.set_aside(error))?;
        if header.version > VERSION {
            let path = self.path.clone();
            return Err(IncidentsFileError::Newer { path, version: header.version });
        }
        let content: Content<BTreeMap<String, Incidents>> =
            serde_json::from_slice(&bytes).map_err(|error| self.set_aside(error))?;
        Ok(content.servers)
    }

    /// Keeps what is open, by server. It has reached the disk when this returns.
    ///
    /// # Errors
    /// Where it cannot be written, or the disk does not answer within seconds. What was kept before is
    /// still there.
    pub fn save(&self, servers: &BTreeMap<String, Incidents>) -> Result<(), IncidentsFileError> {
        serde_json::to_vec(&Content { version: VERSION, servers })
            .map_err(io::Error::from)
            .and_then(|bytes| {
                let path = self.path.clone();
                let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
                writing.run(move || durable::replace(&path, |file| file.write_all(&bytes)))
            })
            .map(drop)
            .map_err(|error| io_error("cannot write", &self.path, error))
    }

    fn set_aside(&self, source: serde_json::Error) -> IncidentsFileError {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".damaged-{}", jiff::Timestamp::now().as_second()));
        let aside = PathBuf::from(name);
        match fs::rename(&self.path, &aside) {
            Ok(()) => IncidentsFileError::Damaged { path: self.path.clone(), aside, source },
            Err(error) => io_error("cannot set aside", &self.path, error),
        }
    }
}

fn io_error(what: &'static str, path: &Path, source: io::Error) -> IncidentsFileError {
    IncidentsFileError::Io { what, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
