//! Writing a local file: under a hidden name, until it is whole.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::super::{SourceError, failure};
use super::part;
use crate::backup::BackupPart;

/// A file that has no name yet that a listing would show. Dropped, it is removed.
#[derive(Debug)]
pub(super) struct Unfinished {
    file: NamedTempFile,
    path: PathBuf,
}

impl Unfinished {
    /// Begins a file that will lie at `path`; makes the directories on the way to it.
    pub(super) fn begin(path: &Path) -> Result<Self, SourceError> {
        let directory = path.parent().unwrap_or(Path::new("."));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let file = fs::create_dir_all(directory).and_then(|()| {
            tempfile::Builder::new()
                .prefix(&format!(".{name}."))
                .suffix(".pgsre.tmp")
                // As any program would make it: the umask decides.
                .permissions(Permissions::from_mode(0o666))
                .tempfile_in(directory)
        });
        let file = file.map_err(|error| cannot_write(&error, path))?;
        Ok(Self { file, path: path.to_owned() })
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), SourceError> {
        self.file.write_all(bytes).map_err(|error| cannot_write(&error, &self.path))
    }

    /// Gives the file its name, replacing another of that name, when all of it is on the disk.
    pub(super) fn finish(self, key: String) -> Result<BackupPart, SourceError> {
        let path = self.path;
        let failed = |error: &io::Error| cannot_write(error, &path);
        self.file.as_file().sync_all().map_err(|error| failed(&error))?;
        let file = self.file.persist(&path).map_err(|error| failed(&error.error))?;
        sync_directory(&path).map_err(|error| failed(&error))?;
        let metadata = file.metadata().map_err(|error| failed(&error))?;
        Ok(part(key, &metadata))
    }

    /// Gives the file its name where there is none of that name.
    pub(super) fn finish_new(self) -> Result<(), SourceError> {
        let path = self.path;
        self.file
            .persist_noclobber(&path)
            .map_err(|error| error.error)
            .and_then(|_| sync_directory(&path))
            .map_err(|error| cannot_write(&error, &path))
    }
}

/// Deletes a file, and the directories below `base` that are empty without it.
pub(super) fn delete(base: &Path, path: &Path) -> Result<(), SourceError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(failure::of_file(&error, format!("cannot delete {}", path.display())));
        }
        _ => {}
    }
    let above = path.ancestors().skip(1).take_while(|directory| *directory != base);
    for directory in above {
        if fs::remove_dir(directory).is_err() {
            break;
        }
    }
    Ok(())
}

/// A name is on the disk when its directory is.
fn sync_directory(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

fn cannot_write(error: &io::Error, path: &Path) -> SourceError {
    failure::of_file(error, format!("cannot write {}", path.display()))
}
