//! S3 and its compatibles.

use std::sync::Arc;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use url::Url;

use super::super::url::{Bucket, invalid};
use super::super::{Environment, SourceError, SourceOptions, profile};
use super::{Opened, client, retry, unknown, unusable};

/// Where other clients look for the endpoint too, first come first served.
const ENDPOINT_VARIABLES: &[&str] = &["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];

/// The variables of which any one says that credentials do not come from a file.
const CREDENTIAL_VARIABLES: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// Settings of the URL win over variables, variables over the profile's files.
pub(in super::super) fn open(bucket: &Bucket, options: &SourceOptions) -> Opened {
    let environment = &options.environment;
    let mut builder = AmazonS3Builder::new()
        .with_client_options(client(&options.retry))
        .with_retry(retry(&options.retry));
    let profile = profile::read(environment)?;
    builder = with_profile(builder, &profile, environment);
    builder = with_variables(builder, environment);
    builder = with_settings(builder, bucket)?;
    if let Some(endpoint) = endpoint(bucket, environment, &profile) {
        builder = with_endpoint(builder, bucket, &endpoint)?;
    }
    let store = builder.with_bucket_name(&bucket.name).build();
    Ok(Arc::new(store.map_err(|error| unusable(bucket, error))?))
}

fn with_profile(
    mut builder: AmazonS3Builder,
    profile: &profile::Profile,
    environment: &Environment,
) -> AmazonS3Builder {
    let files_only = CREDENTIAL_VARIABLES.iter().all(|name| environment.value(name).is_none());
    let credentials = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];
    let wanted = credentials.iter().filter(|_| files_only).chain(&["region"]);
    for name in wanted {
        if let (Some(value), Ok(key)) = (profile.get(*name), name.parse()) {
            builder = builder.with_config(key, value);
        }
    }
    builder
}

fn with_variables(mut builder: AmazonS3Builder, environment: &Environment) -> AmazonS3Builder {
    let mut variables: Vec<_> = environment.starting_with("AWS_").collect();
    // AWS_REGION has precedence over AWS_DEFAULT_REGION.
    variables.sort_by_key(|(name, _)| *name == "AWS_REGION");
    for (name, value) in variables {
        match name.to_ascii_lowercase().parse() {
            Ok(AmazonS3ConfigKey::DefaultRegion) => builder = builder.with_region(value),
            Ok(key) if !is_place(&key) => builder = builder.with_config(key, value),
            _ => {}
        }
    }
    builder
}

fn with_settings(
    mut builder: AmazonS3Builder,
    bucket: &Bucket,
) -> Result<AmazonS3Builder, SourceError> {
    for (name, value) in bucket.settings.iter().filter(|(name, _)| name != "endpoint") {
        builder = match name.as_str() {
            "path_style" => builder.with_virtual_hosted_style_request(value == "false"),
            "virtual_hosted" => builder.with_virtual_hosted_style_request(value != "false"),
            _ => match name.to_ascii_lowercase().parse() {
                Ok(key) if !is_place(&key) => builder.with_config(key, value),
                _ => return Err(unknown(bucket, name)),
            },
        };
    }
    Ok(builder)
}

/// What only the URL, or the search for the endpoint, decides.
fn is_place(key: &AmazonS3ConfigKey) -> bool {
    use AmazonS3ConfigKey as K;
    matches!(key, K::Bucket | K::Endpoint | K::S3Endpoint)
}

fn endpoint(
    bucket: &Bucket,
    environment: &Environment,
    profile: &profile::Profile,
) -> Option<String> {
    let set = bucket.settings.iter().find(|(name, _)| name == "endpoint");
    let variable = || ENDPOINT_VARIABLES.iter().find_map(|name| environment.value(name));
    set.map(|(_, value)| value.as_str())
        .or_else(variable)
        .or_else(|| profile.get("endpoint_url").map(String::as_str))
        .map(str::to_owned)
}

/// An endpoint over plain HTTP is meant as such.
fn with_endpoint(
    builder: AmazonS3Builder,
    bucket: &Bucket,
    endpoint: &str,
) -> Result<AmazonS3Builder, SourceError> {
    let mut url = Url::parse(endpoint)
        .map_err(|error| invalid("the S3 endpoint is no URL".to_owned()).with_cause(error))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("the S3 endpoint holds no credentials; use variables".to_owned()));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("the S3 endpoint starts with http:// or https://".to_owned()));
    }
    let virtual_hosted =
        builder.get_config_value(&AmazonS3ConfigKey::VirtualHostedStyleRequest).as_deref()
            == Some("true");
    if virtual_hosted {
        let host = format!("{}.{}", bucket.name, url.host_str().unwrap_or_default());
        url.set_host(Some(&host)).map_err(|error| {
            invalid(format!("{host} is no host; use path style")).with_cause(error)
        })?;
    }
    let allow_http = url.scheme() == "http";
    let builder = builder.with_endpoint(url.as_str().trim_end_matches('/'));
    Ok(if allow_http { builder.with_allow_http(true) } else { builder })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::super::url::Location;
    use super::*;

    fn built(url: &str, variables: &[(&str, &str)]) -> Result<String, SourceError> {
        let environment = Environment::from_iter(variables.iter().copied());
        let Location::Bucket(bucket) = Location::parse(url, &environment)? else {
            return Err(invalid("no bucket".to_owned()));
        };
        let options = SourceOptions { environment, ..SourceOptions::default() };
        open(&bucket, &options).map(|store| store.to_string())
    }

    #[test]
    fn the_usual_variables_are_enough() {
        let keys = [("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "S")];
        assert!(built("s3://acme/shop/", &keys).unwrap().contains("acme"));
    }

    #[test]
    fn a_key_without_its_secret_is_refused() {
        assert!(built("s3://acme/", &[("AWS_ACCESS_KEY_ID", "A")]).is_err());
    }

    #[test]
    fn an_endpoint_with_credentials_is_refused_without_being_repeated() {
        let error = built("s3://acme/", &[("AWS_ENDPOINT_URL", "http://u:topsecret@h")]);
        assert!(!format!("{:?}", error.unwrap_err()).contains("topsecret"));
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        assert!(built("s3://acme/?reigon=eu", &[]).unwrap_err().to_string().contains("reigon"));
        assert!(built("s3://acme/?bucket=other", &[]).is_err());
    }

    #[test]
    fn a_variable_that_names_a_bucket_changes_nothing() {
        assert!(built("s3://acme/", &[("AWS_BUCKET", "other")]).unwrap().contains("acme"));
    }
}
