//! Reading what a user names as a source: a path, or a URL.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::{Environment, SourceError, SourceErrorKind};

/// What a path or URL names.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Location {
    /// A local directory or file.
    Files(PathBuf),
    /// A prefix of an empty store in memory.
    Memory(String),
    /// A bucket of a cloud.
    Bucket(Bucket),
}

/// A bucket, and what lies where in it.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Bucket {
    pub(super) cloud: Cloud,
    pub(super) name: String,
    /// As written, so that a final `/` says that it is a prefix. Never percent-decoded: keys are
    /// literal, as in other S3 clients.
    pub(super) key: String,
    /// `?name=value&…`; values may be secrets.
    pub(super) settings: Vec<(String, String)>,
}

/// Whose object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cloud {
    S3,
    Gcs,
    Azure,
}

impl Cloud {
    pub(super) const fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Gcs => "gs",
            Self::Azure => "az",
        }
    }
}

impl Location {
    /// Reads a path or URL; looks at no file and no network.
    pub(super) fn parse(text: &str, environment: &Environment) -> Result<Self, SourceError> {
        match text.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => {
                Self::of_url(&scheme.to_ascii_lowercase(), rest)
            }
            _ => Self::of_path(text, environment),
        }
    }

    fn of_url(scheme: &str, rest: &str) -> Result<Self, SourceError> {
        match scheme {
            "file" => of_file_url(rest),
            "memory" => Ok(Self::Memory(rest.trim_start_matches('/').to_owned())),
            "s3" | "s3a" => bucket(Cloud::S3, rest).map(Self::Bucket),
            "gs" | "gcs" => bucket(Cloud::Gcs, rest).map(Self::Bucket),
            "az" | "azure" => bucket(Cloud::Azure, rest).map(Self::Bucket),
            other => Err(invalid(format!(
                "{other}:// is no source of backups; known are file://, s3://, gs://, az:// and \
                 memory://"
            ))),
        }
    }

    fn of_path(text: &str, environment: &Environment) -> Result<Self, SourceError> {
        if text.is_empty() {
            return Err(invalid("the source is empty".to_owned()));
        }
        if text.contains('\0') {
            return Err(invalid("a path holds no zero byte".to_owned()));
        }
        let home = environment.value("HOME");
        Ok(Self::Files(match (text.strip_prefix("~/"), home) {
            (Some(below), Some(home)) => PathBuf::from(home).join(below),
            _ => PathBuf::from(text),
        }))
    }
}

/// RFC 8089: the authority is empty or this host, and the path is percent-encoded.
fn of_file_url(rest: &str) -> Result<Location, SourceError> {
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        return Err(invalid(format!(
            "file://{rest} has no absolute path; write file:///directory/ or a plain path"
        )));
    }
    let decoded = percent_decode_str(path).decode_utf8();
    let decoded = decoded.map_err(|_| invalid("a file:// URL that is not UTF-8".to_owned()))?;
    Ok(Location::Files(PathBuf::from(decoded.as_ref())))
}

fn bucket(cloud: Cloud, rest: &str) -> Result<Bucket, SourceError> {
    let scheme = cloud.scheme();
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (name, key) = place.split_once('/').unwrap_or((place, ""));
    if name.contains('@') {
        return Err(invalid(format!(
            "a {scheme}:// URL holds no credentials; put them into the environment"
        )));
    }
    if name.is_empty() {
        return Err(invalid(format!(
            "{scheme}:// names no bucket; write {scheme}://bucket/prefix/"
        )));
    }
    let settings = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    Ok(Bucket { cloud, name: name.to_owned(), key: key.to_owned(), settings })
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

pub(super) fn invalid(context: String) -> SourceError {
    SourceError::new(SourceErrorKind::Invalid, context)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn parse(text: &str) -> Result<Location, SourceError> {
        Location::parse(text, &Environment::from_iter([("HOME", "/home/sre")]))
    }

    fn files(path: &str) -> Location {
        Location::Files(PathBuf::from(path))
    }

    #[test]
    fn a_path_is_taken_literally() {
        for path in ["/var/backups", "./x.sql", "a b/c%20d.sql", "größe.sql", "what?.sql"] {
            assert_eq!(parse(path).unwrap(), files(path));
        }
        assert_eq!(parse("~/backups").unwrap(), files("/home/sre/backups"));
    }

    #[test]
    fn a_file_url_is_decoded() {
        assert_eq!(parse("file:///var/a%20b/").unwrap(), files("/var/a b/"));
        assert_eq!(parse("file:///var/a b/").unwrap(), files("/var/a b/"));
        assert_eq!(parse("file://localhost/var").unwrap(), files("/var"));
        assert_eq!(parse("file://host/var").unwrap_err().kind(), SourceErrorKind::Invalid);
    }

    #[test]
    fn a_key_of_a_bucket_is_literal_and_its_query_is_settings() {
        let Location::Bucket(bucket) =
            parse("s3://acme/shop/a%20b?endpoint=http%3A%2F%2Fh&region=eu").unwrap()
        else {
            unreachable!("a bucket")
        };
        assert_eq!((bucket.name.as_str(), bucket.key.as_str()), ("acme", "shop/a%20b"));
        assert_eq!(bucket.settings[0], ("endpoint".to_owned(), "http://h".to_owned()));
    }

    #[test]
    fn credentials_in_a_url_are_refused_without_being_repeated() {
        let error = parse("s3://key:topsecret@acme/shop").unwrap_err();
        assert_eq!(error.kind(), SourceErrorKind::Invalid);
        assert!(!format!("{error} {error:?}").contains("topsecret"));
    }

    #[test]
    fn an_unknown_scheme_is_refused() {
        assert_eq!(parse("ftp://x/y").unwrap_err().kind(), SourceErrorKind::Invalid);
        assert_eq!(parse("s3:///prefix").unwrap_err().kind(), SourceErrorKind::Invalid);
        assert_eq!(parse("").unwrap_err().kind(), SourceErrorKind::Invalid);
    }
}
