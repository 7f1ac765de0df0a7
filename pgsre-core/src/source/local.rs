//! Local files.
//!
//! Not `object_store::local`: that reads a file that shrinks underneath it for ever, ends a listing
//! at the first directory it may not enter, and does not see some legal names.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use jiff::Timestamp;

use super::store::{Body, Opened, Store, broke_off};
use super::{ByteStream, SourceError, SourceErrorKind, failure, naming};
use crate::backup::BackupPart;

mod write;

use write::Unfinished;

/// Bytes of one read.
const CHUNK: usize = 256 << 10;

/// A directory of files, or one file.
#[derive(Clone, Debug)]
pub(super) struct LocalFiles {
    path: PathBuf,
}

impl LocalFiles {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where keys start: the directory, or that of the one file.
    fn base(&self) -> PathBuf {
        match self.path.parent() {
            Some(parent) if self.path.is_file() => parent.to_owned(),
            _ => self.path.clone(),
        }
    }

    /// A source that is one file has no room for another.
    fn path_to_write(&self, key: &str) -> Result<PathBuf, SourceError> {
        if self.path.is_file() {
            let context = format!("{} is a file, not a directory", self.path.display());
            return Err(SourceError::new(SourceErrorKind::Invalid, context));
        }
        self.path_of(key)
    }

    fn path_of(&self, key: &str) -> Result<PathBuf, SourceError> {
        if self.key_beside().as_deref() == Some(key) {
            return Ok(self.beside());
        }
        let key = Path::new(key);
        if key.components().all(|component| matches!(component, Component::Normal(_))) {
            Ok(self.base().join(key))
        } else {
            let context = format!("{} is no key of {}", key.display(), self.path.display());
            Err(SourceError::new(SourceErrorKind::Invalid, context))
        }
    }

    fn walk(&self) -> Result<Vec<BackupPart>, SourceError> {
        let metadata = fs::metadata(&self.path).map_err(|error| cannot_read(&error, &self.path))?;
        let mut found = Vec::new();
        if metadata.is_dir() {
            walk_directory(&self.path, "", &mut vec![identity(&metadata)], &mut found)?;
            found.extend(self.manifest_beside(&found));
        } else {
            let name = self.path.file_name().unwrap_or_default().to_string_lossy();
            found.push(part(name.clone().into_owned(), &metadata));
            found.extend(self.checksums_beside(&name));
        }
        Ok(found)
    }

    /// Of a directory-format dump that is the source itself.
    fn manifest_beside(&self, found: &[BackupPart]) -> Option<BackupPart> {
        if !naming::holds_toc(found) {
            return None;
        }
        let key = self.key_beside()?;
        let metadata = fs::metadata(self.beside()).ok()?;
        metadata.is_file().then(|| part(key, &metadata))
    }

    fn beside(&self) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(naming::MANIFEST);
        self.path.with_file_name(name)
    }

    fn key_beside(&self) -> Option<String> {
        let name = self.path.file_name()?.to_str()?;
        Some(naming::beside_directory(name))
    }

    /// Whether they can be read is seen where they are.
    fn checksums_beside(&self, name: &str) -> Vec<BackupPart> {
        let beside = naming::beside_object(name).filter_map(|key| {
            let metadata = fs::metadata(self.base().join(&key)).ok()?;
            metadata.is_file().then(|| part(key, &metadata))
        });
        beside.collect()
    }

    fn open_file(&self, listed: &BackupPart) -> Result<File, SourceError> {
        let path = self.path_of(&listed.key)?;
        let file = File::open(&path).map_err(|error| cannot_read(&error, &path))?;
        let metadata = file.metadata().map_err(|error| cannot_read(&error, &path))?;
        demand_unchanged(listed, &metadata)?;
        Ok(file)
    }
}

#[async_trait]
impl Store for LocalFiles {
    async fn list(&self) -> Result<Vec<BackupPart>, SourceError> {
        let files = self.clone();
        blocking(move || files.walk()).await
    }

    async fn read(&self, part: &BackupPart, range: Range<u64>) -> Result<Opened, SourceError> {
        let (files, part) = (self.clone(), part.clone());
        blocking(move || {
            let mut file = files.open_file(&part)?;
            file.seek(SeekFrom::Start(range.start))
                .map_err(|error| cannot_read(&error, Path::new(&part.key)))?;
            Ok(Opened { body: body(file, range.end - range.start, part.key), etag: None })
        })
        .await
    }

    async fn confirm(&self, part: &BackupPart) -> Result<(), SourceError> {
        let (files, part) = (self.clone(), part.clone());
        blocking(move || files.open_file(&part).map(drop)).await
    }

    async fn write(&self, key: &str, content: Bytes) -> Result<(), SourceError> {
        let (files, key) = (self.clone(), key.to_owned());
        blocking(move || {
            let mut unfinished = Unfinished::begin(&files.path_to_write(&key)?)?;
            unfinished.append(&content)?;
            unfinished.finish(key).map(drop)
        })
        .await
    }

    async fn create(&self, key: &str, content: Bytes) -> Result<(), SourceError> {
        let (files, key) = (self.clone(), key.to_owned());
        blocking(move || {
            let mut unfinished = Unfinished::begin(&files.path_to_write(&key)?)?;
            unfinished.append(&content)?;
            unfinished.finish_new()
        })
        .await
    }

    async fn write_stream(
        &self,
        key: &str,
        mut content: ByteStream,
        _about: Option<u64>,
    ) -> Result<BackupPart, SourceError> {
        let (files, owned) = (self.clone(), key.to_owned());
        let mut unfinished =
            blocking(move || Unfinished::begin(&files.path_to_write(&owned)?)).await?;
        while let Some(chunk) = content.next().await {
            let chunk = chunk.map_err(|error| broke_off(error, key))?;
            unfinished = blocking(move || unfinished.append(&chunk).map(|()| unfinished)).await?;
        }
        let key = key.to_owned();
        blocking(move || unfinished.finish(key)).await
    }

    async fn delete(&self, key: &str) -> Result<(), SourceError> {
        let (files, key) = (self.clone(), key.to_owned());
        blocking(move || write::delete(&files.path, &files.path_to_write(&key)?)).await
    }
}

/// File systems have no asynchronous calls; these would hold up the whole runtime.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        let context = "the reading of a local file was cut off";
        Err(SourceError::new(SourceErrorKind::Unreadable, context).with_cause(error))
    })
}

/// Links are followed; a broken one is passed over, as are one that leads back to where it came
/// from, hidden directories, and `lost+found`, which only root may enter.
fn walk_directory(
    directory: &Path,
    prefix: &str,
    ancestors: &mut Vec<Identity>,
    found: &mut Vec<BackupPart>,
) -> Result<(), SourceError> {
    let entries = fs::read_dir(directory).map_err(|error| cannot_read(&error, directory))?;
    for entry in entries {
        let entry = entry.map_err(|error| cannot_read(&error, directory))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let Some(metadata) = target(&entry.path())? else { continue };
        let known = name.starts_with('.') || name == "lost+found";
        if metadata.is_file() {
            found.push(part(key, &metadata));
        } else if metadata.is_dir() && !known && !ancestors.contains(&identity(&metadata)) {
            ancestors.push(identity(&metadata));
            walk_directory(&entry.path(), &key, ancestors, found)?;
            ancestors.pop();
        }
    }
    Ok(())
}

/// Device and inode.
type Identity = (u64, u64);

fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

/// What a path leads to; `None` for a broken link and for a file that has just gone.
fn target(path: &Path) -> Result<Option<Metadata>, SourceError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(_) if fs::symlink_metadata(path).is_ok_and(|link| link.is_symlink()) => Ok(None),
        Err(error) => Err(cannot_read(&error, path)),
    }
}

fn part(key: String, metadata: &Metadata) -> BackupPart {
    BackupPart {
        key,
        size: metadata.len(),
        modified: modified(metadata),
        etag: Some(etag(metadata)),
    }
}

fn modified(metadata: &Metadata) -> Timestamp {
    let nanoseconds = i32::try_from(metadata.mtime_nsec()).unwrap_or_default();
    Timestamp::new(metadata.mtime(), nanoseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The file, its last write and its size. A rename changes it; a rewrite in place changes the
/// time.
fn etag(metadata: &Metadata) -> String {
    format!(
        "\"{:x}-{:x}-{:x}.{:x}-{:x}\"",
        metadata.dev(),
        metadata.ino(),
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.len()
    )
}

fn demand_unchanged(listed: &BackupPart, metadata: &Metadata) -> Result<(), SourceError> {
    let same_tag = listed.etag.as_deref().is_none_or(|listed| listed == etag(metadata));
    if same_tag && listed.size == metadata.len() {
        return Ok(());
    }
    let context = format!(
        "{} was replaced or written to: {} bytes when listed, {} now",
        listed.key,
        listed.size,
        metadata.len()
    );
    Err(SourceError::new(SourceErrorKind::Changed, context))
}

fn body(file: File, length: u64, key: String) -> Body {
    futures::stream::try_unfold((file, length, key), |(file, left, key)| async move {
        if left == 0 {
            return Ok(None);
        }
        blocking(move || {
            let (chunk, file) = next_chunk(file, left, &key)?;
            let left = left - chunk.len() as u64;
            Ok((!chunk.is_empty()).then_some((chunk, (file, left, key))))
        })
        .await
    })
    .boxed()
}

fn next_chunk(file: File, left: u64, key: &str) -> Result<(Bytes, File), SourceError> {
    let wanted = left.min(CHUNK as u64);
    let mut chunk = Vec::with_capacity(CHUNK.min(usize::try_from(wanted).unwrap_or(CHUNK)));
    let mut limited = file.take(wanted);
    limited.read_to_end(&mut chunk).map_err(|error| cannot_read(&error, Path::new(key)))?;
    Ok((chunk.into(), limited.into_inner()))
}

fn cannot_read(error: &io::Error, path: &Path) -> SourceError {
    failure::of_file(error, format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use futures::TryStreamExt;

    use super::super::{BackupSource, BackupSourceExt, ObjectStoreSource};
    use super::*;

    fn source(path: &Path) -> ObjectStoreSource {
        ObjectStoreSource::parse(path.to_str().unwrap()).unwrap()
    }

    async fn keys(path: &Path) -> Vec<String> {
        let backups = source(path).all().await.unwrap();
        let mut keys: Vec<String> = backups.into_iter().map(|backup| backup.key).collect();
        keys.sort();
        keys
    }

    fn directory(files: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for file in files {
            let path = directory.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        directory
    }

    async fn kind(path: &Path) -> SourceErrorKind {
        source(path).all().await.unwrap_err().kind()
    }

    #[tokio::test]
    async fn a_directory_is_everything_below_it() {
        let directory = directory(&["a.sql", "2026/b.sql", ".hidden/c.sql", "a.sql.md5"]);
        assert_eq!(keys(directory.path()).await, ["2026/b.sql", "a.sql"]);
    }

    #[tokio::test]
    async fn a_file_is_that_one_backup() {
        let directory = directory(&["a.sql", "b.sql"]);
        let source = source(&directory.path().join("b.sql"));
        let backup = source.latest().await.unwrap();
        assert_eq!(backup.key, "b.sql");
        assert_eq!(source.peek(&backup.parts[0], 99).await.unwrap(), "b.sql");
    }

    #[tokio::test]
    async fn a_file_is_that_one_backup_with_the_checksum_that_lies_beside_it() {
        let directory = directory(&["a.sql", "a.sql.sha256", "b.sql"]);
        for (name, checksum) in [("a.sql", Some("a.sql.sha256")), ("b.sql", None)] {
            let all = source(&directory.path().join(name)).all().await.unwrap();
            let found: Vec<_> = all.iter().map(|backup| &backup.key).collect();
            assert_eq!(found, [name]);
            assert_eq!(all[0].checksum.as_ref().map(|part| part.key.as_str()), checksum);
        }
    }

    #[tokio::test]
    async fn odd_names_are_listed_and_read() {
        let names = ["a b.sql", "a%20b.sql", "größe.sql", "x#1", "new\nline.sql"];
        let directory = directory(&names);
        let source = source(directory.path());
        for backup in source.all().await.unwrap() {
            assert!(names.contains(&backup.key.as_str()));
            let content = source.peek(&backup.parts[0], 99).await.unwrap();
            assert_eq!(content, backup.key.as_bytes());
        }
        assert_eq!(source.all().await.unwrap().len(), names.len());
    }

    #[tokio::test]
    async fn a_link_to_a_file_is_a_backup_and_a_broken_link_is_passed_over() {
        let directory = directory(&["a.sql"]);
        let link = |to: &str, name: &str| {
            std::os::unix::fs::symlink(to, directory.path().join(name)).unwrap();
        };
        link("a.sql", "latest.sql");
        link("gone.sql", "broken.sql");
        assert_eq!(keys(directory.path()).await, ["a.sql", "latest.sql"]);
    }

    #[tokio::test]
    async fn a_loop_of_links_ends() {
        let directory = directory(&["a.sql"]);
        std::os::unix::fs::symlink(".", directory.path().join("loop")).unwrap();
        assert_eq!(keys(directory.path()).await, ["a.sql"]);
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_found() {
        let directory = directory(&["a.sql"]);
        assert_eq!(kind(&directory.path().join("none")).await, SourceErrorKind::NotFound);
        assert_eq!(kind(&directory.path().join("none.sql")).await, SourceErrorKind::NotFound);
        assert_eq!(kind(&directory.path().join("a.sql/x")).await, SourceErrorKind::NotFound);
    }

    #[tokio::test]
    async fn a_file_cut_while_it_is_read_is_changed() {
        let directory = directory(&["a.sql"]);
        let path = directory.path().join("a.sql");
        fs::write(&path, vec![b'x'; 4 * CHUNK]).unwrap();
        let source = source(&path);
        let part = source.latest().await.unwrap().parts.remove(0);
        let mut stream = source.open(&part, None).await.unwrap();
        stream.try_next().await.unwrap();
        File::options().write(true).open(&path).unwrap().set_len(CHUNK as u64).unwrap();
        let error = stream.try_for_each(|_| async { Ok(()) }).await.unwrap_err();
        assert_eq!(SourceError::inside(&error).unwrap().kind(), SourceErrorKind::Changed);
    }

    #[tokio::test]
    async fn a_file_replaced_while_it_is_read_is_changed() {
        let directory = directory(&["a.sql", "b.sql"]);
        let path = directory.path().join("a.sql");
        let source = source(&path);
        let part = source.latest().await.unwrap().parts.remove(0);
        let mut stream = source.open(&part, None).await.unwrap();
        stream.try_next().await.unwrap();
        fs::rename(directory.path().join("b.sql"), &path).unwrap();
        let error = stream.try_next().await.unwrap_err();
        assert_eq!(SourceError::inside(&error).unwrap().kind(), SourceErrorKind::Changed);
    }

    #[tokio::test]
    async fn a_directory_that_is_a_dump_has_the_manifest_that_lies_beside_it() {
        let directory = directory(&["d/toc.dat", "d.pgsre.json", "e/toc.dat"]);
        for (name, content) in [("d", Some("d.pgsre.json")), ("e", None)] {
            let source = source(&directory.path().join(name));
            let backup = source.latest().await.unwrap();
            assert_eq!(backup.key, name);
            match (&backup.manifest, content) {
                (Some(part), Some(content)) => {
                    assert_eq!(source.peek(part, 99).await.unwrap(), content);
                }
                (found, expected) => assert_eq!(found.is_some(), expected.is_some(), "{name}"),
            }
        }
    }

    #[tokio::test]
    async fn a_key_does_not_leave_the_directory() {
        let directory = directory(&["a.sql"]);
        let source = source(directory.path());
        let mut part = source.latest().await.unwrap().parts.remove(0);
        part.key = "../x".to_owned();
        let error = source.open(&part, None).await.err().unwrap();
        assert_eq!(error.kind(), SourceErrorKind::Invalid);
    }

    /// Nobody is refused as root, so that the test runs itself again as another user then.
    #[tokio::test]
    async fn a_directory_that_may_not_be_entered_is_denied() {
        use std::os::unix::fs::PermissionsExt;

        let directory = directory(&["a.sql", "locked/b.sql", "lost+found/x", ".private/y"]);
        let mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        if fs::metadata("/proc/self").unwrap().uid() == 0 {
            mode(directory.path(), 0o755);
            return again_as_nobody(directory.path());
        }
        for locked in ["lost+found", ".private"] {
            mode(&directory.path().join(locked), 0o000);
        }
        assert_eq!(keys(directory.path()).await, ["a.sql", "locked/b.sql"]);
        mode(&directory.path().join("locked"), 0o000);
        assert_eq!(kind(directory.path()).await, SourceErrorKind::Denied);
        assert_eq!(kind(&directory.path().join("locked")).await, SourceErrorKind::Denied);
        assert_eq!(kind(&directory.path().join("locked/b.sql")).await, SourceErrorKind::Denied);
        for locked in ["locked", "lost+found", ".private"] {
            mode(&directory.path().join(locked), 0o755);
        }
    }

    fn again_as_nobody(scratch: &Path) {
        let program = scratch.join("test");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        let name = "source::local::tests::a_directory_that_may_not_be_entered_is_denied";
        let output = std::process::Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(&program)
            .args(["--exact", name])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }

    #[test]
    fn a_refusal_of_the_file_system_is_denied() {
        let error = cannot_read(&io::Error::from(io::ErrorKind::PermissionDenied), Path::new("/x"));
        assert_eq!(error.kind(), SourceErrorKind::Denied);
    }
}
