//! Posting JSON, and pinging: what the sinks over HTTP share.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use url::Url;

use super::AlertError;

/// The time-out of one attempt, the connection included.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// More of an answer than this is not read.
const ANSWER_BYTES: usize = 300;

/// Where to post. `Display` and `Debug` say scheme and host only: the rest may be secret.
#[derive(Clone)]
pub(super) struct Endpoint {
    url: Url,
    headers: HeaderMap,
    /// What must not be repeated, beside the URL and the headers.
    secrets: Vec<String>,
    /// Statuses that are success; every 2xx where there are none.
    success: Vec<u16>,
    client: Client,
}

impl Endpoint {
    pub(super) fn parse(text: &str) -> Result<Self, AlertError> {
        let url = Url::parse(text.trim()).map_err(|error| {
            AlertError::permanent("the alerter's URL is not one").with_cause(error)
        })?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(AlertError::permanent("the alerter's URL must be one of http or https"));
        }
        Ok(Self {
            url,
            headers: HeaderMap::new(),
            secrets: Vec::new(),
            success: Vec::new(),
            client: client(TIMEOUT)?,
        })
    }

    /// Adds a header to every request; its value is held as a secret.
    pub(super) fn add_header(&mut self, name: &str, value: &str) -> Result<(), AlertError> {
        let name = name.parse::<HeaderName>().map_err(|error| {
            AlertError::permanent(format!("{name:?} is no name of a header")).with_cause(error)
        })?;
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            AlertError::permanent(format!(
                "the value of header {name} holds a character that none may"
            ))
        })?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(())
    }

    /// Holds something back from errors that an answer may repeat.
    pub(super) fn hold_back(&mut self, secret: &str) {
        self.secrets.push(secret.to_owned());
    }

    /// Makes these statuses success, and no others.
    pub(super) fn accept_only(&mut self, success: impl IntoIterator<Item = u16>) {
        self.success = success.into_iter().collect();
    }

    /// Leads to a path below the URL's own; each segment is escaped.
    pub(super) fn below(&self, segments: &[&str]) -> Self {
        let mut below = self.clone();
        if let Ok(mut path) = below.url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        below
    }

    /// The same with a parameter in its query.
    pub(super) fn asking(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// Whether the URL names no more than a host.
    pub(super) fn is_bare(&self) -> bool {
        self.url.path() == "/"
    }

    pub(super) fn set_timeout(&mut self, timeout: Duration) -> Result<(), AlertError> {
        self.client = client(timeout)?;
        Ok(())
    }

    /// Posts `body` as JSON; anything but a 2xx answer is an error.
    pub(super) async fn post(&self, body: &impl Serialize) -> Result<(), AlertError> {
        let json = serde_json::to_vec(body).map_err(|error| {
            AlertError::permanent("cannot write the alert as JSON").with_cause(error)
        })?;
        self.send_body(Method::POST, "application/json", json).await
    }

    /// Sends `body` as it is; anything but success is an error.
    pub(super) async fn send_body(
        &self,
        method: Method,
        content_type: &str,
        body: Vec<u8>,
    ) -> Result<(), AlertError> {
        let request = self
            .client
            .request(method, self.url.clone())
            .header(CONTENT_TYPE, content_type)
            .headers(self.headers.clone())
            .body(body);
        self.send(request).await
    }

    /// Asks for the URL; anything but a 2xx answer is an error.
    pub(super) async fn ping(&self) -> Result<(), AlertError> {
        self.send(self.client.get(self.url.clone()).headers(self.headers.clone())).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<(), AlertError> {
        let response = request.send().await.map_err(|error| self.not_answered(error))?;
        if self.is_success(response.status()) { Ok(()) } else { Err(self.refused(response).await) }
    }

    fn is_success(&self, status: StatusCode) -> bool {
        if self.success.is_empty() {
            status.is_success()
        } else {
            self.success.contains(&status.as_u16())
        }
    }

    fn not_answered(&self, error: reqwest::Error) -> AlertError {
        let what = if error.is_timeout() {
            "no answer in time from"
        } else if error.is_connect() {
            "cannot connect to"
        } else {
            "the exchange broke off with"
        };
        AlertError::transient(format!("{what} {self}")).with_cause(error.without_url())
    }

    async fn refused(&self, response: Response) -> AlertError {
        let status = response.status();
        let pause = retry_after(response.headers());
        let answer = self.answer(response).await;
        let context = format!("{self} answered {status}{answer}");
        if is_transient(status) {
            AlertError::transient(context).with_retry_after(pause)
        } else {
            AlertError::permanent(context)
        }
    }

    /// The beginning of a refusal's body, which says why (`: invalid_payload`), if it is short text.
    async fn answer(&self, mut response: Response) -> String {
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_BYTES {
                return String::new();
            }
        }
        let text = String::from_utf8(body).unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() || self.gives_secrets_away(&text) {
            String::new()
        } else {
            format!(": {text}")
        }
    }

    fn gives_secrets_away(&self, text: &str) -> bool {
        let path = self.url.path().trim_matches('/');
        let query = self.url.query().unwrap_or_default();
        let headers = self.headers.values().filter_map(|value| value.to_str().ok());
        // `Authorization: Bearer …` may be repeated without its first word.
        let words =
            headers.flat_map(|value| std::iter::once(value).chain(value.split(' ').skip(1)));
        [path, query, self.url.password().unwrap_or_default()]
            .into_iter()
            .chain(words)
            .chain(self.secrets.iter().map(String::as_str))
            .any(|secret| !secret.is_empty() && text.contains(secret))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.url.scheme(), self.url.host_str().unwrap_or_default())?;
        self.url.port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("Endpoint")
            .field("url", &format_args!("{self}"))
            .field("headers", &headers)
            .finish_non_exhaustive()
    }
}

fn client(timeout: Duration) -> Result<Client, AlertError> {
    Client::builder()
        .timeout(timeout)
        .redirect(Policy::custom(redirect))
        .user_agent(concat!("pgsre/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| {
            AlertError::permanent("cannot set up TLS for the alerter")
                .with_cause(error.without_url())
        })
}

/// Follows a redirect only where the body goes along (307, 308) and the host stays the same: an
/// alert turned into a GET is lost, and one sent elsewhere carries its secrets there.
fn redirect(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let keeps_body =
        matches!(attempt.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let same_host =
        attempt.previous().last().is_some_and(|from| from.origin() == attempt.url().origin());
    if keeps_body && same_host && attempt.previous().len() <= 3 {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

fn is_transient(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

/// RFC 9110, section 10.2.3: seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(date.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn only_scheme_and_host_of_an_endpoint_are_shown() {
        let mut endpoint =
            Endpoint::parse("https://u:pw@hooks.example:8443/T0/secret?k=v").unwrap();
        endpoint.add_header("Authorization", "Bearer hush").unwrap();
        assert_eq!(endpoint.to_string(), "https://hooks.example:8443");
        let debug = format!("{endpoint:?}");
        assert!(debug.contains("authorization"), "{debug}");
        for secret in ["pw", "secret", "k=v", "hush"] {
            assert!(!debug.contains(secret), "{debug}");
        }
    }

    #[test]
    fn what_is_no_web_address_is_refused_without_being_repeated() {
        for text in ["", "hooks.example/secret", "ftp://host/secret", "file:///secret"] {
            let error = Endpoint::parse(text).unwrap_err();
            assert!(!crate::finding::chain(&error).contains("secret"), "{error}");
            assert!(!error.is_transient());
        }
    }

    #[test]
    fn a_pause_is_read_in_seconds_or_as_a_date() {
        let pause = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(pause("17"), Some(Duration::from_secs(17)));
        assert_eq!(pause("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(pause("soon"), None);
    }
}
