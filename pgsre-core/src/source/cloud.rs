//! Opening the object stores of clouds, and whatever speaks their protocols.

use std::sync::Arc;

use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use super::url::{Bucket, invalid};
use super::{RetryPolicy, SourceError};

#[cfg(any(feature = "gcs", feature = "azure"))]
mod others;
#[cfg(feature = "s3")]
mod s3;

#[cfg(feature = "azure")]
pub(super) use others::azure;
#[cfg(feature = "gcs")]
pub(super) use others::gcs;
#[cfg(feature = "s3")]
pub(super) use s3::open as s3;

type Opened = Result<Arc<dyn ObjectStore>, SourceError>;

/// A whole read may take hours: only silence has a time-out.
fn client(policy: &RetryPolicy) -> ClientOptions {
    ClientOptions::new()
        .with_timeout_disabled()
        .with_connect_timeout(policy.connect_timeout)
        .with_read_timeout(policy.read_timeout)
}

fn retry(policy: &RetryPolicy) -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: policy.first_backoff,
            max_backoff: policy.longest_backoff,
            base: 2.0,
        },
        max_retries: policy.request_retries,
        retry_timeout: policy.request_budget,
    }
}

/// Values may be secrets, so only names are repeated.
fn unknown(bucket: &Bucket, setting: &str) -> SourceError {
    let scheme = bucket.cloud.scheme();
    invalid(format!("a {scheme}:// URL has no setting {setting:?}"))
}

fn unusable(bucket: &Bucket, error: object_store::Error) -> SourceError {
    let place = format!("{}://{}", bucket.cloud.scheme(), bucket.name);
    invalid(format!("{place} cannot be opened with these settings")).with_cause(error)
}
