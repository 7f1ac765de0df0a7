//! The dead man's switch of a watcher.

use std::time::Duration;

use super::AlertError;
use super::http::Endpoint;

/// Calls a URL to say that a watcher is alive and its alerts are out, as healthchecks.io and its like
/// expect it. They raise the alarm when it is *not* called: so call it only after a whole cycle of
/// reading, judging and telling, with no alert left waiting.
///
/// The URL's path is a secret and appears nowhere.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    endpoint: Endpoint,
}

impl Heartbeat {
    /// A heartbeat that asks for `url`.
    ///
    /// # Errors
    /// Where `url` is not one of http or https. The message does not repeat it.
    pub fn new(url: &str) -> Result<Self, AlertError> {
        Ok(Self { endpoint: Endpoint::parse(url)? })
    }

    /// Another time-out than ten seconds.
    ///
    /// # Errors
    /// Where TLS cannot be set up.
    pub fn with_timeout(mut self, timeout: Duration) -> Result<Self, AlertError> {
        self.endpoint.set_timeout(timeout)?;
        Ok(self)
    }

    /// Says once that all is well.
    ///
    /// # Errors
    /// Where the monitor was not reached or refused. The next beat says the same, so that there is
    /// no need to try this one again.
    pub async fn beat(&self) -> Result<(), AlertError> {
        self.endpoint.ping().await
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::alert::test_server::{Answer, TestServer};

    #[tokio::test]
    async fn a_beat_is_one_request() {
        let server = TestServer::start([Answer::status("200 OK")]).await;
        Heartbeat::new(&server.url("/s3cret")).unwrap().beat().await.unwrap();
        let heads: Vec<_> = server.requests().into_iter().map(|request| request.head).collect();
        assert_eq!(heads.len(), 1);
        assert!(heads[0].starts_with("get /s3cret http/1.1"), "{heads:?}");
    }

    #[tokio::test]
    async fn a_beat_that_is_not_heard_is_an_error_without_secrets() {
        let server = TestServer::start([Answer::status("404 Not Found")]).await;
        let heartbeat = Heartbeat::new(&server.url("/s3cret")).unwrap();
        let said = format!("{heartbeat:?} {}", heartbeat.beat().await.unwrap_err());
        assert!(said.contains("404") && !said.contains("s3cret"), "{said}");
    }
}
