//! Who may look: whoever knows the token.

use std::fmt;

use axum::Form;
use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Web, packed, page};

const COOKIE: &str = "pgsre_dashboard";

/// What a viewer must know, kept as a digest.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    digest: [u8; 32],
    /// What a browser keeps in its place, so that the token itself lies nowhere.
    cookie: String,
}

impl Token {
    /// A token; `None` where it is shorter than 16 bytes, which could be guessed.
    #[must_use]
    pub fn new(token: &str) -> Option<Self> {
        if token.len() < 16 {
            return None;
        }
        let digest = digest(token.as_bytes());
        let cookie = digest_of_cookie(token).iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Self { digest, cookie })
    }

    /// Digests are compared: how long that takes says nothing of the token.
    fn is(&self, token: &str) -> bool {
        digest(token.as_bytes()) == self.digest
    }

    fn is_in(&self, headers: &HeaderMap) -> bool {
        let value = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = value(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        if bearer.is_some_and(|token| self.is(token)) {
            return true;
        }
        let cookies = value(header::COOKIE).unwrap_or_default();
        let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(name, value)| {
            name == COOKIE && digest(value.as_bytes()) == digest(self.cookie.as_bytes())
        })
    }
}

/// Never what it is.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn digest_of_cookie(token: &str) -> [u8; 32] {
    digest(format!("pgsre dashboard cookie {token}").as_bytes())
}

pub(super) async fn guard(
    State(web): State<Web>,
    OriginalUri(original): OriginalUri,
    request: Request,
    next: Next,
) -> Response {
    let Some(token) = &web.options.token else { return next.run(request).await };
    if token.is_in(request.headers()) {
        return next.run(request).await;
    }
    let base = web.base(&original, request.uri());
    let headers = request.headers();
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let answer = if accept.is_some_and(|accept| accept.contains("text/html")) {
        packed::html(page::login(&base, false), headers)
    } else {
        "a token is needed: send it as `Authorization: Bearer …`\n".into_response()
    };
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")], answer).into_response()
}

#[derive(Deserialize)]
pub(super) struct Answer {
    token: String,
}

pub(super) async fn login(
    State(web): State<Web>,
    OriginalUri(original): OriginalUri,
    uri: Uri,
    headers: HeaderMap,
    Form(answer): Form<Answer>,
) -> Response {
    let base = web.base(&original, &uri);
    let Some(token) = &web.options.token else {
        return Redirect::to(page::home(&base)).into_response();
    };
    if !token.is(answer.token.trim()) {
        let page = packed::html(page::login(&base, true), &headers);
        return (StatusCode::UNAUTHORIZED, page).into_response();
    }
    let path = page::home(&base);
    let cookie = format!("{COOKIE}={}; Path={path}; HttpOnly; SameSite=Strict", token.cookie);
    ([(header::SET_COOKIE, cookie)], Redirect::to(page::home(&base))).into_response()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn whoever_has_the_token_or_its_cookie_is_let_in_and_nobody_else() {
        let token = Token::new(TOKEN).unwrap();
        assert!(token.is_in(&headers(header::AUTHORIZATION, &format!("Bearer {TOKEN}"))));
        let cookie = format!("other=1; {COOKIE}={}", token.cookie);
        assert!(token.is_in(&headers(header::COOKIE, &cookie)));
        assert!(!token.is_in(&HeaderMap::new()));
        for value in ["Bearer ", "Bearer 0123456789abcdeF", TOKEN, "Basic 0123456789abcdef"] {
            assert!(!token.is_in(&headers(header::AUTHORIZATION, value)), "{value}");
        }
        for value in ["", "pgsre_dashboard", "pgsre_dashboard=", "pgsre_dashboard=0123456789abcdef"]
        {
            assert!(!token.is_in(&headers(header::COOKIE, value)), "{value}");
        }
    }

    #[test]
    fn a_token_that_could_be_guessed_is_none_and_one_that_is_kept_is_not_shown() {
        assert!(Token::new("short").is_none());
        let token = Token::new(TOKEN).unwrap();
        assert!(!token.cookie.contains(TOKEN) && format!("{token:?}") == "Token(…)");
    }
}
