//! Objects in a store of the `object_store` crate.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{
    GetOptions, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
};
use tokio::sync::OnceCell;

use super::store::{Opened, Store};
use super::{ByteStream, SourceError, SourceErrorKind, failure, naming};
use crate::backup::BackupPart;

mod upload;

/// Everything below a prefix, or the one object of that key.
pub(super) struct RemoteObjects {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// Whether the prefix may be the key of one object, which only the store can say.
    may_be_object: bool,
    resolved: OnceCell<Place>,
}

/// What the prefix turned out to be, and where keys start.
#[derive(Clone, Debug)]
enum Place {
    Prefix(Path),
    ObjectIn(Path),
}

impl RemoteObjects {
    pub(super) fn new(store: Arc<dyn ObjectStore>, prefix: Path, may_be_object: bool) -> Self {
        let may_be_object = may_be_object && !prefix.is_root();
        Self { store, prefix, may_be_object, resolved: OnceCell::new() }
    }

    /// Asks once; a failure is asked again the next time.
    async fn place(&self) -> Result<&Place, SourceError> {
        self.resolved.get_or_try_init(|| self.resolve()).await
    }

    async fn resolve(&self) -> Result<Place, SourceError> {
        if !self.may_be_object {
            return Ok(Place::Prefix(self.prefix.clone()));
        }
        match self.store.head(&self.prefix).await {
            Ok(_) => Ok(Place::ObjectIn(self.prefix.parent().unwrap_or_default())),
            Err(object_store::Error::NotFound { .. }) => Ok(Place::Prefix(self.prefix.clone())),
            Err(error) => self.resolve_by_listing(error).await,
        }
    }

    /// A policy may allow to list and refuse the question about one object.
    async fn resolve_by_listing(&self, refused: object_store::Error) -> Result<Place, SourceError> {
        let below = self.store.list(Some(&self.prefix)).next().await;
        match below {
            Some(Ok(_)) => Ok(Place::Prefix(self.prefix.clone())),
            _ => Err(failure::of_store(&refused, format!("cannot read {}", self.prefix))),
        }
    }

    async fn location(&self, key: &str) -> Result<Path, SourceError> {
        let base = match self.place().await? {
            Place::Prefix(base) | Place::ObjectIn(base) => base,
        };
        let full = if base.filename().is_some_and(|name| naming::beside_directory(name) == key) {
            format!("{base}{}", naming::MANIFEST)
        } else if base.is_root() {
            key.to_owned()
        } else {
            format!("{base}/{key}")
        };
        Path::parse(full).map_err(|error| {
            SourceError::new(SourceErrorKind::Invalid, format!("{key:?} is no key"))
                .with_cause(error)
        })
    }

    /// Whether an object without content stands for a folder: consoles make such objects with a
    /// key that ends in `/`, which the listing drops.
    async fn is_folder_marker(&self, part: &BackupPart, others: &[BackupPart]) -> bool {
        if part.size > 0 || naming::basename(&part.key).contains('.') {
            return false;
        }
        let inside = format!("{}/", part.key);
        if part.key.is_empty() || others.iter().any(|other| other.key.starts_with(&inside)) {
            return true;
        }
        match self.location(&part.key).await {
            Ok(location) => {
                matches!(
                    self.store.head(&location).await,
                    Err(object_store::Error::NotFound { .. })
                )
            }
            Err(_) => false,
        }
    }

    /// For stores without conditions: two that create at the same moment are not seen.
    async fn create_unguarded(
        &self,
        key: &str,
        location: &Path,
        content: Bytes,
    ) -> Result<(), SourceError> {
        match self.store.head(location).await {
            Err(object_store::Error::NotFound { .. }) => {
                let put = self.store.put(location, content.into()).await;
                put.map(drop).map_err(|error| cannot_write(&error, key))
            }
            Err(error) => Err(cannot_write(&error, key)),
            Ok(_) => Err(SourceError::new(
                SourceErrorKind::Exists,
                format!("cannot write {key}: it is there already"),
            )),
        }
    }

    async fn list_object(&self) -> Result<Vec<BackupPart>, SourceError> {
        let meta = self.store.head(&self.prefix).await;
        let meta = meta
            .map_err(|error| failure::of_store(&error, format!("cannot read {}", self.prefix)))?;
        let name = self.prefix.filename().unwrap_or_default().to_owned();
        let mut found = self.checksums_beside(&name).await;
        found.push(part(name, &meta));
        Ok(found)
    }

    /// Without the right to list, a store says "denied" of what is not there: so only what is found
    /// counts.
    async fn checksums_beside(&self, name: &str) -> Vec<BackupPart> {
        let mut found = Vec::new();
        for key in naming::beside_object(name) {
            let Ok(location) = self.location(&key).await else { continue };
            if let Ok(meta) = self.store.head(&location).await {
                found.push(part(key, &meta));
            }
        }
        found
    }

    /// Of a directory-format dump that is the source itself.
    async fn manifest_beside(&self, base: &Path) -> Option<BackupPart> {
        let key = naming::beside_directory(base.filename()?);
        let location = self.location(&key).await.ok()?;
        let meta = self.store.head(&location).await.ok()?;
        Some(part(key, &meta))
    }

    async fn list_prefix(&self, base: &Path) -> Result<Vec<BackupPart>, SourceError> {
        let listed: Vec<ObjectMeta> =
            self.store.list(Some(base)).try_collect().await.map_err(|error| {
                let place =
                    if base.is_root() { "the bucket".to_owned() } else { format!("{base}/") };
                failure::of_store(&error, format!("cannot list {place}"))
            })?;
        let parts: Vec<BackupPart> =
            listed.iter().map(|meta| part(relative(&meta.location, base), meta)).collect();
        let mut objects = Vec::with_capacity(parts.len());
        for part in &parts {
            if !self.is_folder_marker(part, &parts).await {
                objects.push(part.clone());
            }
        }
        if naming::holds_toc(&objects) {
            objects.extend(self.manifest_beside(base).await);
        }
        Ok(objects)
    }
}

/// The store's own `Debug` may hold credentials.
impl fmt::Debug for RemoteObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteObjects").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for RemoteObjects {
    async fn list(&self) -> Result<Vec<BackupPart>, SourceError> {
        match self.place().await? {
            Place::Prefix(base) => self.list_prefix(base).await,
            Place::ObjectIn(_) => self.list_object().await,
        }
    }

    async fn read(&self, part: &BackupPart, range: Range<u64>) -> Result<Opened, SourceError> {
        let location = self.location(&part.key).await?;
        let whole = range == (0..part.size);
        let options = GetOptions {
            if_match: part.etag.clone().filter(|etag| is_strong(etag)),
            range: (!whole && !range.is_empty()).then(|| range.clone().into()),
            head: !whole && range.is_empty(),
            ..GetOptions::default()
        };
        let result = self
            .store
            .get_opts(&location, options)
            .await
            .map_err(|error| failure::of_store(&error, format!("cannot read {}", part.key)))?;
        demand_unchanged(part, &result.meta)?;
        Ok(opened(result, part.key.clone(), range.is_empty()))
    }

    async fn write(&self, key: &str, content: Bytes) -> Result<(), SourceError> {
        let location = self.location(key).await?;
        let written = self.store.put(&location, content.into()).await;
        written.map(drop).map_err(|error| cannot_write(&error, key))
    }

    async fn create(&self, key: &str, content: Bytes) -> Result<(), SourceError> {
        let location = self.location(key).await?;
        let options = PutOptions::from(PutMode::Create);
        match self.store.put_opts(&location, content.clone().into(), options).await {
            Ok(_) => Ok(()),
            Err(
                object_store::Error::NotImplemented { .. }
                | object_store::Error::NotSupported { .. },
            ) => self.create_unguarded(key, &location, content).await,
            Err(error) => Err(cannot_write(&error, key)),
        }
    }

    async fn write_stream(
        &self,
        key: &str,
        content: ByteStream,
        about: Option<u64>,
    ) -> Result<BackupPart, SourceError> {
        let location = self.location(key).await?;
        upload::upload(&*self.store, &location, key, content, about).await
    }

    async fn delete(&self, key: &str) -> Result<(), SourceError> {
        let location = self.location(key).await?;
        match self.store.delete(&location).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failure::of_store(&error, format!("cannot delete {key}"))),
        }
    }
}

fn cannot_write(error: &object_store::Error, key: &str) -> SourceError {
    failure::of_store(error, format!("cannot write {key}"))
}

fn opened(result: GetResult, key: String, empty: bool) -> Opened {
    let etag = result.meta.e_tag.clone();
    if empty {
        return Opened { body: futures::stream::empty().boxed(), etag };
    }
    let body = result
        .into_stream()
        .map_err(move |error| failure::of_store(&error, format!("the reading of {key} broke off")));
    Opened { body: body.boxed(), etag }
}

fn relative(location: &Path, base: &Path) -> String {
    let full = location.as_ref();
    full.strip_prefix(base.as_ref()).unwrap_or(full).trim_start_matches('/').to_owned()
}

fn part(key: String, meta: &ObjectMeta) -> BackupPart {
    BackupPart { key, size: meta.size, modified: modified(meta), etag: meta.e_tag.clone() }
}

fn modified(meta: &ObjectMeta) -> Timestamp {
    let nanoseconds =
        i32::try_from(meta.last_modified.timestamp_subsec_nanos()).unwrap_or_default();
    Timestamp::new(meta.last_modified.timestamp(), nanoseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The entity tag decides; where the listing had none, the time, which a response has in whole
/// seconds (RFC 9110, 8.8.2).
fn demand_unchanged(listed: &BackupPart, meta: &ObjectMeta) -> Result<(), SourceError> {
    let same = match (&listed.etag, &meta.e_tag) {
        (Some(listed), Some(seen)) => bare(listed) == bare(seen),
        _ => listed.modified.as_second() == meta.last_modified.timestamp(),
    };
    if same && listed.size == meta.size {
        return Ok(());
    }
    let context = format!(
        "{} was replaced: {} bytes when listed, {} now",
        listed.key, listed.size, meta.size
    );
    Err(SourceError::new(SourceErrorKind::Changed, context))
}

/// Only strong tags may be demanded (RFC 9110, 13.1.1).
fn is_strong(etag: &str) -> bool {
    !etag.starts_with("W/")
}

/// Some stores quote their tags in responses and not in listings.
fn bare(etag: &str) -> &str {
    etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"')
}
