//! A directory, or a prefix of a bucket, as a user names it: for what is written beside backups.

use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::memory::InMemory;
use object_store::path::Path;

use super::object_store::open;
use super::url::{Location, invalid};
use super::{SourceError, SourceOptions};

/// What a path or URL names.
pub(crate) enum Place {
    /// A local directory, which may not be there yet.
    Directory(PathBuf),
    /// A prefix of an object store.
    Prefix {
        /// The store.
        store: Arc<dyn ObjectStore>,
        /// The prefix.
        prefix: Path,
        /// The URL, without settings: those may be secrets.
        display: String,
    },
}

impl Place {
    /// Reads a path or URL as [`ObjectStoreSource`](super::ObjectStoreSource) does; looks at no
    /// file and no network.
    pub(crate) fn parse(text: &str) -> Result<Self, SourceError> {
        let options = SourceOptions::default();
        match Location::parse(text, &options.environment)? {
            Location::Files(path) => Ok(Self::Directory(path)),
            Location::Memory(prefix) => {
                Self::prefix(Arc::new(InMemory::new()), &prefix, format!("memory:///{prefix}"))
            }
            Location::Bucket(bucket) => {
                let store = open(&bucket, &options)?;
                let scheme = bucket.cloud.scheme();
                let display = format!("{scheme}://{}/{}", bucket.name, bucket.key);
                Self::prefix(store, &bucket.key, display)
            }
        }
    }

    fn prefix(
        store: Arc<dyn ObjectStore>,
        prefix: &str,
        display: String,
    ) -> Result<Self, SourceError> {
        let prefix = Path::parse(prefix).map_err(|error| {
            invalid(format!("{prefix:?} cannot be part of a key")).with_cause(error)
        })?;
        Ok(Self::Prefix { store, prefix, display })
    }
}
