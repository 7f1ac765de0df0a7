//! An S3 server on this machine, a policy in it, and a line to it that breaks.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use pgsre_core::source::{Environment, ObjectStoreSource, RetryPolicy, SourceError, SourceOptions};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s::{S3Result, s3_error};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The one key that the server knows.
pub const ACCESS_KEY: &str = "pgsre";
/// Its secret.
pub const SECRET_KEY: &str = "correct horse";
/// The one bucket that there is at first.
pub const BUCKET: &str = "backups";

/// A running S3 server (`s3s-fs`); stops when dropped.
#[derive(Debug)]
pub struct S3Server {
    root: tempfile::TempDir,
    /// `host:port`.
    address: String,
    server: JoinHandle<()>,
}

impl S3Server {
    /// Starts a server that refuses the S3 operations named, for example `GetObject`.
    ///
    /// # Errors
    /// Where no port or directory is to be had.
    pub async fn start(denied: &'static [&'static str]) -> std::io::Result<Self> {
        let root = tempfile::tempdir()?;
        std::fs::create_dir(root.path().join(BUCKET))?;
        let files = s3s_fs::FileSystem::new(root.path())
            .map_err(|error| std::io::Error::other(format!("{error:?}")))?;
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        builder.set_access(Policy { denied });
        let service = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let server = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(socket), service.clone());
                tokio::spawn(async move { drop(connection.await) });
            }
        });
        Ok(Self { root, address, server })
    }

    /// `host:port`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Writes an object into the bucket, past the policy.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn put(&self, key: &str, content: &[u8]) -> std::io::Result<()> {
        std::fs::write(self.place(key)?, content)
    }

    /// Copies a file into the bucket, past the policy.
    ///
    /// # Errors
    /// Where it cannot be copied.
    pub fn put_file(&self, key: &str, file: &Path) -> std::io::Result<()> {
        std::fs::copy(file, self.place(key)?).map(drop)
    }

    /// The keys of all objects of the bucket.
    #[must_use]
    pub fn objects(&self) -> Vec<String> {
        super::taking::files(&self.root.path().join(BUCKET))
    }

    /// Parts of uploads that were neither completed nor aborted.
    ///
    /// # Panics
    /// Where the server's directory cannot be read.
    #[must_use]
    pub fn unfinished_uploads(&self) -> usize {
        let entries = std::fs::read_dir(self.root.path()).expect("a directory");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        names.filter(|name| name.to_string_lossy().contains("upload")).count()
    }

    fn place(&self, key: &str) -> std::io::Result<PathBuf> {
        let path = self.root.path().join(BUCKET).join(key);
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        Ok(path)
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Refuses some operations, as a bucket's policy does.
struct Policy {
    denied: &'static [&'static str],
}

#[async_trait::async_trait]
impl S3Access for Policy {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        if cx.credentials().is_none() || self.denied.contains(&cx.s3_op().name()) {
            return Err(s3_error!(AccessDenied));
        }
        Ok(())
    }
}

/// A source below a server or line at `address`, with credentials and little patience.
///
/// # Errors
/// As [`ObjectStoreSource::parse`].
pub fn source(address: &str, place: &str, secret: &str) -> Result<ObjectStoreSource, SourceError> {
    let endpoint = format!("http://{address}");
    let variables = [
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", secret),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", &endpoint),
    ];
    let retry = RetryPolicy {
        connect_timeout: Duration::from_secs(1),
        request_retries: 2,
        request_budget: Duration::from_secs(3),
        first_backoff: Duration::from_millis(10),
        longest_backoff: Duration::from_millis(50),
        ..RetryPolicy::default()
    };
    let environment = Environment::from_iter(variables);
    ObjectStoreSource::parse_with(&format!("s3://{place}"), &SourceOptions { retry, environment })
}

/// A line to a server that breaks; stops when dropped.
#[derive(Debug)]
pub struct Line {
    address: String,
    carried: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

/// How a [`Line`] breaks.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// Each connection breaks after that many bytes from the server.
    EachAfter(u64),
    /// After that many bytes from the server, over all connections, nothing comes any more.
    ForGoodAfter(u64),
}

impl Line {
    /// A line to `server` (`host:port`).
    ///
    /// # Errors
    /// Where no port is to be had.
    pub async fn to(server: &str, fault: Fault) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let carried = Arc::new(AtomicU64::new(0));
        let (server, counter) = (server.to_owned(), Arc::clone(&carried));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, counter) = (server.clone(), Arc::clone(&counter));
                tokio::spawn(async move { drop(carry(client, &server, fault, &counter).await) });
            }
        });
        Ok(Self { address, carried, task })
    }

    /// `host:port` of the near end.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Bytes that came from the server so far, headers included.
    #[must_use]
    pub fn carried(&self) -> u64 {
        self.carried.load(Ordering::Relaxed)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(
    client: TcpStream,
    server: &str,
    fault: Fault,
    carried: &AtomicU64,
) -> std::io::Result<()> {
    let (mut from_server, mut to_server) = TcpStream::connect(server).await?.into_split();
    let (mut from_client, mut to_client) = client.into_split();
    let upward =
        tokio::spawn(
            async move { tokio::io::copy(&mut from_client, &mut to_server).await.map(drop) },
        );
    let mut buffer = vec![0; 16 << 10];
    let mut own = 0;
    loop {
        let left = match fault {
            Fault::EachAfter(limit) => limit.saturating_sub(own),
            Fault::ForGoodAfter(limit) => limit.saturating_sub(carried.load(Ordering::Relaxed)),
        };
        let room = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = from_server.read(&mut buffer[..room]).await?;
        if read == 0 {
            break;
        }
        to_client.write_all(&buffer[..read]).await?;
        own += read as u64;
        carried.fetch_add(read as u64, Ordering::Relaxed);
    }
    upward.abort();
    Ok(())
}
