//! Under which user a private server runs.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;

use super::ClusterOptions;
use crate::postgres::environment::{PasswdEntry, effective_user_id, passwd_entry};
use crate::postgres::error::{PostgresError, PostgresErrorKind};

/// The user of a private server's processes and files.
#[derive(Debug)]
pub(super) enum Account {
    /// Ourselves.
    Own,
    /// Another user, because we are root and PostgreSQL refuses root.
    Other { name: String, uid: u32, gid: u32 },
}

impl Account {
    /// Chooses the user and checks that it can get at the directory and the programs.
    pub(super) fn for_server(options: &ClusterOptions) -> Result<Self, PostgresError> {
        if effective_user_id() != Some(0) {
            return Ok(Self::Own);
        }
        let entry = ["postgres", "nobody"]
            .iter()
            .find_map(|name| passwd_entry(|entry| entry.name == *name && entry.uid != 0))
            .ok_or_else(|| {
                PostgresError::new(
                    PostgresErrorKind::NoServer,
                    "PostgreSQL refuses to run as root, and there is neither a user postgres nor a \
                     user nobody to run it; run as another user",
                )
            })?;
        check_traversable(options.directory.parent(), &entry)?;
        check_traversable(Some(options.programs.bindir()), &entry)?;
        Ok(Self::Other { name: entry.name, uid: entry.uid, gid: entry.gid })
    }

    /// Gives a file or directory to the server's user.
    pub(super) fn own(&self, path: &Path) -> Result<(), PostgresError> {
        let Self::Other { name, uid, gid } = self else { return Ok(()) };
        chown(path, Some(*uid), Some(*gid)).map_err(|error| {
            PostgresError::io(format!("cannot give {} to the user {name}", path.display()), error)
        })
    }
}

/// Whether a user may pass every directory down to `path`, by their permissions (not by ACLs).
fn check_traversable(path: Option<&Path>, user: &PasswdEntry) -> Result<(), PostgresError> {
    for directory in path.into_iter().flat_map(Path::ancestors) {
        let Ok(metadata) = std::fs::metadata(directory) else { continue };
        let needed = match (metadata.uid() == user.uid, metadata.gid() == user.gid) {
            (true, _) => 0o100,
            (_, true) => 0o010,
            _ => 0o001,
        };
        if metadata.mode() & needed == 0 {
            return Err(PostgresError::new(
                PostgresErrorKind::Start,
                format!(
                    "as root, PostgreSQL runs under the user {}, who may not pass {} on the way to \
                     {}; choose a place under /tmp, or run as another user",
                    user.name,
                    directory.display(),
                    path.unwrap_or(directory).display(),
                ),
            ));
        }
    }
    Ok(())
}
