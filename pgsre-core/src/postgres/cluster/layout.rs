//! Where a private server's files lie.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::account::Account;
use crate::postgres::error::PostgresError;

/// The longest path of a socket: macOS has room for 103 bytes, Linux for 107.
const LONGEST_SOCKET: usize = 103;

/// How much of the end of the log is quoted.
const TAIL: u64 = 2_000;

/// The paths of one private server.
#[derive(Debug)]
pub(super) struct Layout {
    directory: PathBuf,
    data: PathBuf,
    socket: PathBuf,
    log: PathBuf,
    /// Holds the socket where the directory's own path is too long for one; removed when dropped.
    short: Option<tempfile::TempDir>,
}

impl Layout {
    /// Makes the directories, private to the server's user.
    pub(super) fn make(directory: &Path, account: &Account) -> Result<Self, PostgresError> {
        let failed = |error| {
            PostgresError::io(format!("cannot make the directory {}", directory.display()), error)
        };
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
        let directory = fs::canonicalize(directory).map_err(failed)?;
        private(&directory, account)?;
        let mut layout = Self {
            data: directory.join("data"),
            socket: directory.join("socket"),
            log: directory.join("server.log"),
            short: None,
            directory,
        };
        layout.make_socket_directory(account)?;
        layout.make_log(account)?;
        Ok(layout)
    }

    fn make_socket_directory(&mut self, account: &Account) -> Result<(), PostgresError> {
        if self.socket.join(".s.PGSQL.65535.lock").as_os_str().len() > LONGEST_SOCKET {
            let short = tempfile::Builder::new()
                .prefix("pgsre-")
                .tempdir_in("/tmp")
                .map_err(|e| PostgresError::io("cannot make a directory under /tmp", e))?;
            self.socket = short.path().to_owned();
            self.short = Some(short);
        } else {
            fs::create_dir_all(&self.socket).map_err(|error| {
                PostgresError::io(format!("cannot make {}", self.socket.display()), error)
            })?;
        }
        private(&self.socket, account)
    }

    fn make_log(&self, account: &Account) -> Result<(), PostgresError> {
        self.open_log()
            .map_err(|e| PostgresError::io(format!("cannot make {}", self.log.display()), e))?;
        account.own(&self.log)
    }

    pub(super) fn open_log(&self) -> io::Result<File> {
        OpenOptions::new().create(true).append(true).mode(0o600).open(&self.log)
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// The socket's directory where it lies outside of ours.
    pub(super) fn outer_socket(&self) -> Option<&Path> {
        self.short.as_ref().map(tempfile::TempDir::path)
    }

    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    /// The last lines of the log, in one line.
    pub(super) fn log_tail(&self) -> String {
        let read = || -> io::Result<String> {
            let mut file = File::open(&self.log)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
            let mut bytes = Vec::new();
            file.take(TAIL).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
        };
        match read() {
            Ok(text) if text.is_empty() => "(empty)".to_owned(),
            Ok(text) => text.lines().map(str::trim).collect::<Vec<_>>().join(" | "),
            Err(error) => format!("(unreadable: {error})"),
        }
    }

    /// Makes the socket's directory again where [`remove_socket`](Self::remove_socket) removed it.
    pub(super) fn remake_socket(&mut self, account: &Account) -> Result<(), PostgresError> {
        if self.socket.exists() {
            return Ok(());
        }
        self.socket = self.directory.join("socket");
        self.make_socket_directory(account)
    }

    /// Removes the socket's directory where it lies outside of ours.
    pub(super) fn remove_socket(&mut self) {
        if let Some(short) = self.short.take() {
            drop(short);
        }
    }
}

fn private(directory: &Path, account: &Account) -> Result<(), PostgresError> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700)).map_err(|error| {
        PostgresError::io(format!("cannot make {} private", directory.display()), error)
    })?;
    account.own(directory)
}
