//! Google Cloud Storage and Azure Blob Storage.

#[cfg(any(feature = "gcs", feature = "azure"))]
use std::sync::Arc;

use super::super::SourceOptions;
use super::super::url::Bucket;
use super::{Opened, client, retry, unknown, unusable};

/// Credentials come from `GOOGLE_*` variables, or from the machine itself.
#[cfg(feature = "gcs")]
pub(in super::super) fn gcs(bucket: &Bucket, options: &SourceOptions) -> Opened {
    use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};

    let mut builder = GoogleCloudStorageBuilder::new()
        .with_client_options(client(&options.retry))
        .with_retry(retry(&options.retry));
    for (name, value) in options.environment.starting_with("GOOGLE_") {
        if let Ok(key) = name.to_ascii_lowercase().parse() {
            builder = builder.with_config(key, value);
        }
    }
    for (name, value) in &bucket.settings {
        let key: GoogleConfigKey = name.parse().map_err(|_| unknown(bucket, name))?;
        builder = builder.with_config(key, value);
    }
    let store = builder.with_bucket_name(&bucket.name).build();
    Ok(Arc::new(store.map_err(|error| unusable(bucket, error))?))
}

/// Account and credentials come from `AZURE_*` variables, or from the machine itself.
#[cfg(feature = "azure")]
pub(in super::super) fn azure(bucket: &Bucket, options: &SourceOptions) -> Opened {
    use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};

    let mut builder = MicrosoftAzureBuilder::new()
        .with_client_options(client(&options.retry))
        .with_retry(retry(&options.retry));
    for (name, value) in options.environment.starting_with("AZURE_") {
        if let Ok(key) = name.to_ascii_lowercase().parse() {
            builder = builder.with_config(key, value);
        }
    }
    for (name, value) in &bucket.settings {
        let key: AzureConfigKey = name.parse().map_err(|_| unknown(bucket, name))?;
        builder = builder.with_config(key, value);
    }
    let store = builder.with_container_name(&bucket.name).build();
    Ok(Arc::new(store.map_err(|error| unusable(bucket, error))?))
}
