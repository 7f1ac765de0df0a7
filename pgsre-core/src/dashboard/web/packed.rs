//! Answers, compressed where the browser takes that, under headers that let a page do nothing else.

use std::io::Write;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Nothing runs or loads but our own files; nobody else frames a page or is told where it was.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'self'";

pub(super) async fn guarded_by_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

pub(super) fn html(page: Result<String, askama::Error>, headers: &HeaderMap) -> Response {
    match page {
        Ok(page) => packed("text/html; charset=utf-8", page.into_bytes(), headers),
        Err(_) => axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

pub(super) fn json(json: Vec<u8>, headers: &HeaderMap) -> Response {
    packed("application/json", json, headers)
}

fn packed(kind: &'static str, content: Vec<u8>, headers: &HeaderMap) -> Response {
    let kind = [(header::CONTENT_TYPE, kind), (header::VARY, "accept-encoding")];
    if takes_gzip(headers) {
        (kind, [(header::CONTENT_ENCODING, "gzip")], gzip(&content)).into_response()
    } else {
        (kind, content).into_response()
    }
}

pub(super) fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let is_gzip = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        parts.next() == Some("gzip") && !parts.any(|part| matches!(part, "q=0" | "q=0.0"))
    };
    accepted.is_some_and(|accepted| accepted.split(',').any(is_gzip))
}

pub(super) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    // Into memory nothing fails.
    let _ = packed.write_all(content);
    packed.finish().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_packed_is_what_was_given() {
        let content = b"six panels ".repeat(1000);
        let packed = gzip(&content);
        let mut again = Vec::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut again).unwrap();
        assert!(again == content && packed.len() < content.len() / 10);
    }

    #[test]
    fn only_a_browser_that_takes_gzip_is_given_it() {
        let takes = |value: &str| {
            takes_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())]))
        };
        assert!(takes("gzip") && takes("br, gzip;q=0.5"));
        assert!(
            !takes("br")
                && !takes("gzip;q=0")
                && !takes("gzipped")
                && !takes_gzip(&HeaderMap::new())
        );
    }
}
