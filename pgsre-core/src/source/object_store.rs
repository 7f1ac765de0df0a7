//! [`ObjectStoreSource`]: files, buckets and memory.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use object_store::path::Path;

use super::local::LocalFiles;
use super::remote::RemoteObjects;
use super::store::Store;
use super::url::{Bucket, Cloud, Location, invalid};
use super::{
    BackupSource, ByteStream, RetryPolicy, SourceError, SourceErrorKind, SourceOptions, naming,
    resume,
};
use crate::backup::{Backup, BackupPart};

/// Backups in local files, or in an object store.
///
/// A source that names one file or object is that one backup; one that names a directory or prefix
/// is every backup below it, hidden files and sidecars (checksums, logs, unfinished uploads) left
/// out. A directory that `pg_dump -Fd` wrote is one backup.
///
/// ```
/// # use pgsre_core::source::{BackupSourceExt, ObjectStoreSource, SourceError};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), SourceError> {
/// let source = ObjectStoreSource::memory();
/// source.put("shop/2026-11-21.sql", "-- PostgreSQL database dump".into()).await?;
/// source.put("shop/2026-11-21.sql.sha256", "…".into()).await?;
///
/// assert_eq!(source.latest().await?.key, "shop/2026-11-21.sql");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ObjectStoreSource {
    store: Arc<dyn Store>,
    /// Without secrets.
    display: String,
    /// What a directory-format dump is called that is the source itself.
    root: String,
    retry: RetryPolicy,
}

impl ObjectStoreSource {
    /// Reads a path (`/var/backups/`, `./shop.sql.gz`) or a URL: `file:///var/backups/`,
    /// `s3://bucket/prefix/`, `gs://bucket/prefix/`, `az://container/prefix/`, `memory:///`.
    ///
    /// Nothing is looked at yet: what is not there is said when it is listed.
    ///
    /// S3 takes endpoint, region and credentials from the variables that other clients take
    /// (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`,
    /// `AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `AWS_PROFILE`), from
    /// `~/.aws`, from the machine's own role, and from the URL:
    /// `s3://bucket/prefix/?endpoint=http://minio:9000&region=eu-central-1`.
    ///
    /// # Errors
    /// [`SourceErrorKind::Invalid`] where it is no source, or where its settings are wrong.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        Self::parse_with(text, &SourceOptions::default())
    }

    /// As [`ObjectStoreSource::parse`], with the environment and the patience given.
    ///
    /// # Errors
    /// As [`ObjectStoreSource::parse`].
    pub fn parse_with(text: &str, options: &SourceOptions) -> Result<Self, SourceError> {
        let source = match Location::parse(text, &options.environment)? {
            Location::Files(path) => Self {
                root: file_name(&path),
                store: Arc::new(LocalFiles::new(path)),
                display: text.to_owned(),
                retry: RetryPolicy::default(),
            },
            Location::Memory(prefix) => Self::in_memory(&prefix)?,
            Location::Bucket(bucket) => Self::of_bucket(&bucket, options)?,
        };
        Ok(source.with_retry(options.retry.clone()))
    }

    /// As [`ObjectStoreSource::parse`], for a place where backups are written: what is named is a
    /// directory or a prefix, never one object, and uploads have more patience than reads.
    ///
    /// # Errors
    /// As [`ObjectStoreSource::parse`].
    pub fn parse_destination(text: &str) -> Result<Self, SourceError> {
        let options = SourceOptions { retry: RetryPolicy::uploads(), ..SourceOptions::default() };
        Self::parse_destination_with(text, &options)
    }

    /// As [`ObjectStoreSource::parse_destination`], with the environment and the patience given.
    ///
    /// # Errors
    /// As [`ObjectStoreSource::parse`].
    pub fn parse_destination_with(
        text: &str,
        options: &SourceOptions,
    ) -> Result<Self, SourceError> {
        match Location::parse(text, &options.environment)? {
            Location::Bucket(mut bucket) => {
                if !bucket.key.is_empty() && !bucket.key.ends_with('/') {
                    bucket.key.push('/');
                }
                Ok(Self::of_bucket(&bucket, options)?.with_retry(options.retry.clone()))
            }
            _ => Self::parse_with(text, options),
        }
    }

    /// The objects below `prefix` of any store of the `object_store` crate, or the one object of
    /// that key where `prefix` does not end in `/`. `display` must not hold secrets.
    ///
    /// # Errors
    /// [`SourceErrorKind::Invalid`] where `prefix` cannot be part of a key.
    pub fn new(
        store: Arc<dyn ObjectStore>,
        prefix: &str,
        display: impl Into<String>,
    ) -> Result<Self, SourceError> {
        let path = Path::parse(prefix).map_err(|error| {
            invalid(format!("{prefix:?} cannot be part of a key")).with_cause(error)
        })?;
        let root = path.filename().unwrap_or("root").to_owned();
        let may_be_object = !prefix.ends_with('/');
        Ok(Self {
            store: Arc::new(RemoteObjects::new(store, path, may_be_object)),
            display: display.into(),
            root,
            retry: RetryPolicy::default(),
        })
    }

    /// An empty store in memory: for tests and demonstrations.
    #[must_use]
    pub fn memory() -> Self {
        let store = RemoteObjects::new(Arc::new(InMemory::new()), Path::default(), false);
        Self {
            store: Arc::new(store),
            display: "memory:///".to_owned(),
            root: "root".to_owned(),
            retry: RetryPolicy::default(),
        }
    }

    /// The same source with other patience in resuming reads.
    #[must_use]
    pub fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Writes an object, `key` being relative to the source. A local file appears at once and
    /// whole.
    ///
    /// # Errors
    /// Where the store does not take it.
    pub async fn put(&self, key: &str, content: Bytes) -> Result<(), SourceError> {
        self.store.write(key, content).await
    }

    pub(super) fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn in_memory(prefix: &str) -> Result<Self, SourceError> {
        Self::new(Arc::new(InMemory::new()), prefix, format!("memory:///{prefix}"))
    }

    fn of_bucket(bucket: &Bucket, options: &SourceOptions) -> Result<Self, SourceError> {
        let store = open(bucket, options)?;
        let display = format!("{}://{}/{}", bucket.cloud.scheme(), bucket.name, bucket.key);
        Self::new(store, &bucket.key, display)
    }

    async fn backups(&self) -> Result<Vec<Backup>, SourceError> {
        let listed = self.store.list().await.map_err(|error| {
            let kind = error.kind();
            SourceError::new(kind, format!("cannot list {self}")).with_cause(error)
        })?;
        Ok(naming::backups(listed, &self.root))
    }
}

#[async_trait]
impl BackupSource for ObjectStoreSource {
    fn list(&self) -> BoxStream<'static, Result<Backup, SourceError>> {
        let source = self.clone();
        let listed = async move {
            let items: Vec<_> = match source.backups().await {
                Ok(backups) => backups.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            };
            futures::stream::iter(items)
        };
        futures::stream::once(listed).flatten().boxed()
    }

    async fn open(
        &self,
        part: &BackupPart,
        range: Option<Range<u64>>,
    ) -> Result<ByteStream, SourceError> {
        let range = range.unwrap_or(0..part.size);
        if range.start > range.end || range.end > part.size {
            return Err(SourceError::new(
                SourceErrorKind::Invalid,
                format!("{} has no bytes {range:?}: it has {}", part.key, part.size),
            ));
        }
        resume::open(Arc::clone(&self.store), part, range, self.retry.clone()).await
    }
}

impl fmt::Display for ObjectStoreSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.display)
    }
}

pub(super) fn open(
    bucket: &Bucket,
    options: &SourceOptions,
) -> Result<Arc<dyn ObjectStore>, SourceError> {
    match bucket.cloud {
        #[cfg(feature = "s3")]
        Cloud::S3 => super::cloud::s3(bucket, options),
        #[cfg(feature = "gcs")]
        Cloud::Gcs => super::cloud::gcs(bucket, options),
        #[cfg(feature = "azure")]
        Cloud::Azure => super::cloud::azure(bucket, options),
        #[cfg(not(all(feature = "s3", feature = "gcs", feature = "azure")))]
        absent => Err(not_compiled_in(absent, options)),
    }
}

#[cfg(not(all(feature = "s3", feature = "gcs", feature = "azure")))]
fn not_compiled_in(cloud: Cloud, _options: &SourceOptions) -> SourceError {
    let feature = match cloud {
        Cloud::S3 => "s3",
        Cloud::Gcs => "gcs",
        Cloud::Azure => "azure",
    };
    invalid(format!(
        "this build reads no {}:// sources: it was compiled without the feature {feature:?}",
        cloud.scheme()
    ))
}

fn file_name(path: &std::path::Path) -> String {
    path.file_name().map_or_else(|| "root".to_owned(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::BackupSourceExt;
    use super::super::conformance::{self, Fixture, FixtureError};
    use super::*;

    struct Source(ObjectStoreSource);

    #[async_trait]
    impl Fixture for Source {
        type Source = ObjectStoreSource;

        fn source(&self) -> &ObjectStoreSource {
            &self.0
        }

        async fn put(&self, key: &str, content: Bytes) -> Result<(), FixtureError> {
            Ok(self.0.put(key, content).await?)
        }
    }

    async fn filled(source: ObjectStoreSource, keys: &[&str]) -> ObjectStoreSource {
        for key in keys {
            source.put(key, "x".into()).await.unwrap();
        }
        source
    }

    #[tokio::test]
    async fn memory_keeps_the_promises_of_a_source() {
        assert_eq!(conformance::check(&Source(ObjectStoreSource::memory())).await, []);
    }

    #[tokio::test]
    async fn local_files_keep_the_promises_of_a_source() {
        let directory = tempfile::tempdir().unwrap();
        let source = ObjectStoreSource::parse(directory.path().to_str().unwrap()).unwrap();
        assert_eq!(conformance::check(&Source(source)).await, []);
    }

    #[tokio::test]
    async fn memory_and_a_directory_keep_the_promises_of_a_destination() {
        let memory = ObjectStoreSource::memory();
        assert_eq!(conformance::check_destination(&memory).await, []);
        let directory = tempfile::tempdir().unwrap();
        // A directory that is not there yet is made.
        let path = directory.path().join("new");
        let source = ObjectStoreSource::parse_destination(path.to_str().unwrap()).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(conformance::check_destination(&source).await, []);
        let unfinished = walk(&path).into_iter().filter(|name| name.ends_with(".tmp"));
        assert_eq!(unfinished.collect::<Vec<_>>(), Vec::<String>::new());
    }

    fn walk(directory: &std::path::Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        let names = entries.flat_map(|path| match path.is_dir() {
            true => walk(&path),
            false => vec![path.display().to_string()],
        });
        names.collect()
    }

    #[tokio::test]
    async fn a_prefix_is_everything_below_it_and_keys_are_relative() {
        let store = Arc::new(InMemory::new());
        let whole = ObjectStoreSource::new(store.clone(), "", "all").unwrap();
        filled(whole, &["shop/a.sql", "shop/x/b.sql", "shop2/c.sql"]).await;
        for prefix in ["shop", "shop/"] {
            let source = ObjectStoreSource::new(store.clone(), prefix, "some").unwrap();
            let mut keys: Vec<_> =
                source.all().await.unwrap().into_iter().map(|backup| backup.key).collect();
            keys.sort();
            assert_eq!(keys, ["a.sql", "x/b.sql"], "{prefix}");
        }
    }

    #[tokio::test]
    async fn the_key_of_an_object_is_that_one_backup() {
        let store = Arc::new(InMemory::new());
        let whole = ObjectStoreSource::new(store.clone(), "", "all").unwrap();
        filled(whole, &["shop/a.sql", "shop/a.sql.sha256", "shop/b.sql"]).await;
        let source = ObjectStoreSource::new(store, "shop/a.sql", "one").unwrap();
        let backups = source.all().await.unwrap();
        assert_eq!((backups.len(), backups[0].key.as_str()), (1, "a.sql"));
        assert_eq!(
            backups[0].checksum.as_ref().map(|part| part.key.as_str()),
            Some("a.sql.sha256")
        );
        assert_eq!(source.peek(&backups[0].parts[0], 9).await.unwrap(), "x");
    }

    #[tokio::test]
    async fn a_backup_is_found_by_its_key_or_the_end_of_it() {
        let source =
            filled(ObjectStoreSource::memory(), &["a/x.sql", "b/x.sql", "b/y.sql", "by.sql"]).await;
        assert_eq!(source.find("a/x.sql").await.unwrap().key, "a/x.sql");
        assert_eq!(source.find("y.sql").await.unwrap().key, "b/y.sql");
        let ambiguous = source.find("x.sql").await.unwrap_err();
        assert_eq!(ambiguous.kind(), SourceErrorKind::Invalid);
        assert!(ambiguous.to_string().contains("b/x.sql"));
        assert_eq!(source.find("z.sql").await.unwrap_err().kind(), SourceErrorKind::NotFound);
    }

    #[tokio::test]
    async fn the_newest_of_an_empty_source_is_not_found() {
        let error = ObjectStoreSource::memory().latest().await.unwrap_err();
        assert_eq!(error.kind(), SourceErrorKind::NotFound);
    }

    #[test]
    fn the_name_of_a_source_holds_no_secrets() {
        let options = SourceOptions {
            environment: [("HOME", "/nonexistent")].into_iter().collect(),
            ..SourceOptions::default()
        };
        let url = "s3://acme/shop/?access_key_id=A&secret_access_key=topsecret&region=eu";
        match ObjectStoreSource::parse_with(url, &options) {
            Ok(source) => {
                assert_eq!(source.to_string(), "s3://acme/shop/");
                assert!(!format!("{source:?}").contains("topsecret"));
            }
            Err(error) => assert!(error.to_string().contains("feature"), "{error}"),
        }
    }
}
