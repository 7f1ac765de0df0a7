//! Files that are replaced whole or not at all: [`replace`]. Work on files that must not be waited for
//! for ever: [`Bounded`].

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, TryRecvError};
use std::thread;
use std::time::Duration;

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

/// How long work on a file may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Work on files, one thing after the other, which is waited for no longer than some seconds: a network's
/// disk that does not answer holds whoever touches it, and cannot be told to let go. While something
/// hangs, nothing more is begun.
#[derive(Debug)]
pub struct Bounded {
    patience: Duration,
    /// Ends when what was given up is through.
    hanging: Option<Receiver<()>>,
}

impl Default for Bounded {
    fn default() -> Self {
        Self { patience: PATIENCE, hanging: None }
    }
}

impl Bounded {
    /// Does it. What is given up may still come to its end, and its result is lost.
    ///
    /// # Errors
    /// Its own; and [`TimedOut`](io::ErrorKind::TimedOut) where it, or what was begun before it, does
    /// not come to an end.
    pub fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let silent = |what| io::Error::new(io::ErrorKind::TimedOut, what);
        if let Some(hanging) = &self.hanging {
            if hanging.try_recv() == Err(TryRecvError::Empty) {
                return Err(silent("the disk still does not answer"));
            }
            self.hanging = None;
        }
        let (tell, told) = mpsc::channel();
        let (through, hanging) = mpsc::channel();
        thread::Builder::new().name("pgsre-file".to_owned()).spawn(move || {
            // Nobody may listen any more.
            drop(tell.send(work()));
            drop(through);
        })?;
        match told.recv_timeout(self.patience) {
            Ok(done) => done,
            Err(RecvTimeoutError::Timeout) => {
                self.hanging = Some(hanging);
                Err(silent("the disk does not answer"))
            }
            Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("the work was broken off")),
        }
    }
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
    fn what_hangs_is_given_up_and_nothing_is_begun_beside_it() {
        let mut bounded = Bounded { patience: Duration::from_millis(30), ..Bounded::default() };
        assert_eq!(bounded.run(|| Ok(7)).unwrap(), 7);
        let (go, wait) = mpsc::channel::<()>();
        let hangs = move || wait.recv().map_err(io::Error::other);
        assert_eq!(bounded.run(hangs).unwrap_err().to_string(), "the disk does not answer");
        let (begun, begins) = mpsc::channel();
        let refused = bounded.run(move || begun.send(()).map_err(io::Error::other)).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut);
        assert!(begins.try_recv().is_err(), "it was not begun");
        drop(go);
        while bounded.run(|| Ok(8)).is_err() {}
        assert_eq!(bounded.run(|| Ok(9)).unwrap(), 9);
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
