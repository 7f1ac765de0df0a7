//! Files that are replaced whole or not at all: [`replace`].

use std::fs::File;
use std::io;
use std::path::Path;

/// A new file in place of the old one. Whatever ends in between, the process or the machine, one of
/// the two is there and whole. Readable by its owner alone; open for what follows.
///
/// # Errors
/// Where it cannot be written or flushed, or `write` fails. What was there before is still there,
/// unless only the directory could not be flushed.
pub fn replace(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<File> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = parent.unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".pgsre-").tempfile_in(directory)?;
    write(file.as_file_mut())?;
    file.as_file().sync_all()?;
    let file = file.persist(path).map_err(|error| error.error)?;
    File::open(directory)?.sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_replaced_and_its_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        fs::write(&path, "old").unwrap();
        let mut file = replace(&path, |file| file.write_all(b"new")).unwrap();
        file.write_all(b" and more").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new and more");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_cannot_be_written_leaves_the_old_file_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        fs::write(&path, "old").unwrap();
        let refused = replace(&path, |file| {
            file.write_all(b"half of the ne")?;
            Err(io::Error::other("no more space"))
        });
        assert_eq!(refused.unwrap_err().to_string(), "no more space");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
