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
mod tests;
