//! What the errors of files and of the `object_store` crate mean, in the kinds of [`SourceError`].

use std::error::Error;
use std::io;

use super::{SourceError, SourceErrorKind as Kind};

/// The longest cause that is shown: a store may answer with a page of HTML.
const LONGEST_CAUSE: usize = 300;

/// Addresses of the services that hand out a cloud machine's own credentials.
const METADATA_SERVICES: &[&str] =
    &["169.254.169.254", "169.254.170.2", "metadata.google.internal"];

/// What `object_store` writes before the status of an answer; the type that holds the status is
/// not public.
const STATUS_MARK: &str = "status code: ";

/// Why, in one line, without what the error's outer layers repeat.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Reason(String);

/// An error of a file system.
pub(super) fn of_file(error: &io::Error, context: impl Into<String>) -> SourceError {
    SourceError::new(kind_of_io(error.kind()), context).with_cause(Reason(error.to_string()))
}

/// An error of an object store.
pub(super) fn of_store(error: &object_store::Error, context: impl Into<String>) -> SourceError {
    tracing::debug!(%error, "the object store answers with an error");
    let text = error.to_string();
    let context = context.into();
    if METADATA_SERVICES.iter().any(|service| text.contains(service)) {
        return no_credentials(context);
    }
    SourceError::new(kind(error, &text), context).with_cause(Reason(reason(error, &text)))
}

fn no_credentials(context: String) -> SourceError {
    SourceError::new(Kind::Denied, context).with_cause(Reason(
        "no credentials: the environment has none, and this machine has no metadata service that \
         hands them out"
            .to_owned(),
    ))
}

fn kind(error: &object_store::Error, text: &str) -> Kind {
    use object_store::Error as E;
    match error {
        E::NotFound { .. } => Kind::NotFound,
        E::AlreadyExists { .. } => Kind::Exists,
        E::PermissionDenied { .. } | E::Unauthenticated { .. } => Kind::Denied,
        E::Precondition { .. } | E::NotModified { .. } => Kind::Changed,
        E::InvalidPath { .. } | E::UnknownConfigurationKey { .. } => Kind::Invalid,
        _ => status(text)
            .map_or_else(|| kind_of_causes(error), |status| kind_of_status(status, text)),
    }
}

fn status(text: &str) -> Option<u16> {
    let (_, tail) = text.split_once(STATUS_MARK)?;
    tail.get(..3)?.parse().ok()
}

fn kind_of_status(status: u16, text: &str) -> Kind {
    match status {
        // S3 answers 400 to a session token that has run out.
        400 if ["ExpiredToken", "InvalidToken"].iter().any(|code| text.contains(code)) => {
            Kind::Denied
        }
        401 | 403 => Kind::Denied,
        404 => Kind::NotFound,
        412 | 416 => Kind::Changed,
        408 | 425 | 429 | 500..=599 => Kind::Unreachable,
        _ => Kind::Unreadable,
    }
}

fn kind_of_causes(error: &(dyn Error + 'static)) -> Kind {
    std::iter::successors(Some(error), |&error| error.source())
        .find_map(kind_of_cause)
        .unwrap_or(Kind::Unreadable)
}

fn kind_of_cause(cause: &(dyn Error + 'static)) -> Option<Kind> {
    #[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
    if cause.is::<object_store::client::HttpError>() {
        return Some(Kind::Unreachable);
    }
    let kind = cause.downcast_ref::<io::Error>().map(|error| kind_of_io(error.kind()))?;
    (kind != Kind::Unreadable).then_some(kind)
}

fn kind_of_io(kind: io::ErrorKind) -> Kind {
    use io::ErrorKind as E;
    match kind {
        E::NotFound | E::NotADirectory => Kind::NotFound,
        E::PermissionDenied | E::ReadOnlyFilesystem => Kind::Denied,
        E::AlreadyExists => Kind::Exists,
        E::TimedOut
        | E::ConnectionRefused
        | E::ConnectionReset
        | E::ConnectionAborted
        | E::NotConnected
        | E::BrokenPipe
        | E::HostUnreachable
        | E::NetworkUnreachable
        | E::NetworkDown
        | E::StaleNetworkFileHandle
        | E::UnexpectedEof => Kind::Unreachable,
        _ => Kind::Unreadable,
    }
}

/// The innermost cause; of an answer its status and what its XML says.
fn reason(error: &object_store::Error, text: &str) -> String {
    if let Some((_, answer)) = text.split_once(STATUS_MARK) {
        let status = answer.split([':', '<']).next().unwrap_or_default().trim();
        let said: Vec<&str> =
            ["Code", "Message"].iter().filter_map(|tag| element(answer, tag)).collect();
        let said = if said.is_empty() { String::new() } else { format!(": {}", said.join(": ")) };
        return shortened(&format!("the store answers {status}{said}"));
    }
    let innermost =
        std::iter::successors(Some(error as &(dyn Error + 'static)), |&error| error.source())
            .last();
    shortened(&innermost.map_or_else(|| text.to_owned(), ToString::to_string))
}

fn element<'t>(xml: &'t str, tag: &str) -> Option<&'t str> {
    let (_, tail) = xml.split_once(&format!("<{tag}>"))?;
    tail.split_once("</").map(|(content, _)| content.trim()).filter(|content| !content.is_empty())
}

fn shortened(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(LONGEST_CAUSE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn generic(text: &str) -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: Reason(text.to_owned()).into() }
    }

    #[test]
    fn the_status_of_an_answer_decides_the_kind() {
        let cases = [
            ("403 Forbidden: <Error><Code>AccessDenied</Code></Error>", Kind::Denied),
            ("404 Not Found: ", Kind::NotFound),
            ("400 Bad Request: <Code>ExpiredToken</Code>", Kind::Denied),
            ("416 Range Not Satisfiable: ", Kind::Changed),
            ("503 Service Unavailable: ", Kind::Unreachable),
            ("301 Moved Permanently: ", Kind::Unreadable),
        ];
        for (answer, expected) in cases {
            let error = generic(&format!("Server returned non-2xx status code: {answer}"));
            assert_eq!(of_store(&error, "x").kind(), expected, "{answer}");
        }
    }

    #[test]
    fn the_cause_is_what_the_store_said_and_not_its_xml() {
        let error = generic(
            "Server returned non-2xx status code: 403 Forbidden: <?xml?><Error><Code>AccessDenied\
             </Code><Message>no</Message></Error>",
        );
        let error = of_store(&error, "cannot list");
        assert_eq!(
            crate::finding::chain(&error),
            "cannot list: the store answers 403 Forbidden: AccessDenied: no"
        );
    }

    #[test]
    fn a_missing_metadata_service_means_that_there_are_no_credentials() {
        let error = generic("error sending request PUT http://169.254.169.254/latest/api/token");
        assert_eq!(of_store(&error, "x").kind(), Kind::Denied);
    }

    #[test]
    fn a_refused_connection_is_found_among_the_causes() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let error = object_store::Error::Generic { store: "S3", source: refused.into() };
        assert_eq!(of_store(&error, "x").kind(), Kind::Unreachable);
    }

    #[test]
    fn a_page_of_html_is_cut_to_a_line() {
        let error = of_store(&generic(&"é\n".repeat(900)), "x");
        let cause = error.source().unwrap().to_string();
        assert!(cause.chars().count() == LONGEST_CAUSE + 1 && !cause.contains('\n'));
    }
}
