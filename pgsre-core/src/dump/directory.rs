//! A dump in the directory format: `pg_dump` writes it to this machine, and it is uploaded from
//! there, the table of contents last. Several connections cannot write into one stream.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use futures::{StreamExt, TryStreamExt};
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;

use super::digest::Digest;
use super::single::judge;
use super::steps::{Part, cancelled};
use super::{BackupEvent, BackupObserver, DumpError, DumpErrorKind};
use crate::postgres::Running;
use crate::source::{BackupDestination, ByteStream};

/// What makes a directory a dump.
const TOC: &str = "toc.dat";

/// Members that are uploaded at the same time.
const AT_ONCE: usize = 4;

const CHUNK: usize = 256 << 10;

/// A directory for one dump, removed when dropped.
pub(super) fn place() -> Result<tempfile::TempDir, DumpError> {
    let parent = std::env::var_os("PGSRE_TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
    tempfile::Builder::new().prefix("pgsre-dump-").tempdir_in(&parent).map_err(|error| {
        let context = format!("cannot make a directory for the dump in {}", parent.display());
        DumpError::new(DumpErrorKind::Io, context).with_cause(error)
    })
}

/// Lets the program run to its end; it writes into files.
pub(super) async fn run(
    mut running: Running,
    program: &str,
    stop: &CancellationToken,
) -> Result<(), DumpError> {
    let output = async { while let Ok(Some(_)) = running.next().await {} };
    if stop.run_until_cancelled(output).await.is_none() {
        running.stop().await;
        return Err(cancelled());
    }
    judge(program, running.ended().await, 1)
}

/// Uploads the files of a dump below `key`.
pub(super) async fn upload(
    directory: &Path,
    key: &str,
    destination: &dyn BackupDestination,
    observer: &dyn BackupObserver,
    stop: &CancellationToken,
) -> Result<Vec<Part>, DumpError> {
    let (members, toc) = members(directory, key)?;
    let each = |member: Member| member.upload(destination, observer);
    let uploading = async {
        let mut parts: Vec<Part> = futures::stream::iter(members)
            .map(each)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        parts.push(each(toc).await?);
        Ok(parts)
    };
    stop.run_until_cancelled(uploading).await.unwrap_or_else(|| Err(cancelled()))
}

/// The keys of a dump's members, whatever became of them.
pub(super) fn keys(directory: &Path, key: &str) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| format!("{key}/{}", entry.file_name().to_string_lossy())).collect()
}

struct Member {
    path: PathBuf,
    key: String,
}

/// All files but the table of contents, and that.
fn members(directory: &Path, key: &str) -> Result<(Vec<Member>, Member), DumpError> {
    let unreadable = |error| {
        let context = format!("cannot read the dump in {}", directory.display());
        DumpError::new(DumpErrorKind::Io, context).with_cause(error)
    };
    let mut members = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != TOC {
            members.push(Member { path: entry.path(), key: format!("{key}/{name}") });
        }
    }
    let toc = Member { path: directory.join(TOC), key: format!("{key}/{TOC}") };
    Ok((members, toc))
}

impl Member {
    async fn upload(
        self,
        destination: &dyn BackupDestination,
        observer: &dyn BackupObserver,
    ) -> Result<Part, DumpError> {
        let digest = Arc::new(Mutex::new(Digest::default()));
        let unreadable = |error| {
            let context = format!("cannot read {}", self.path.display());
            DumpError::new(DumpErrorKind::Io, context).with_cause(error)
        };
        let file = tokio::fs::File::open(&self.path).await.map_err(unreadable)?;
        let bytes = file.metadata().await.map_err(unreadable)?.len();
        let content = stream(file, Arc::clone(&digest));
        let listed = destination.write(&self.key, content, Some(bytes)).await?;
        observer.on_event(&BackupEvent::Bytes { bytes: listed.size });
        let digest = digest.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        Ok(Part { listed, sha256: digest.sha256() })
    }
}

/// A file's bytes, hashed as they go by.
fn stream(file: tokio::fs::File, digest: Arc<Mutex<Digest>>) -> ByteStream {
    let stream = futures::stream::try_unfold((file, digest), |(mut file, digest)| async move {
        let mut chunk = bytes::BytesMut::with_capacity(CHUNK);
        if file.read_buf(&mut chunk).await? == 0 {
            return Ok(None);
        }
        digest.lock().unwrap_or_else(std::sync::PoisonError::into_inner).update(&chunk);
        Ok::<_, std::io::Error>(Some((chunk.freeze(), (file, digest))))
    });
    stream.boxed()
}
