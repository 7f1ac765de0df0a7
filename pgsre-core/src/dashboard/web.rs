//! The dashboard as web pages: an axum [`Router`] that any service can nest.
//!
//! Pages are whole without a script; with one they are live. Nothing is asked of another host, no
//! page runs a script of its own, and a viewer causes no query on any database: all see what was
//! rendered once for each reading.

use std::sync::Arc;

use axum::Router;
use axum::extract::{OriginalUri, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;

use super::{Dashboard, Range};

mod assets;
mod drawn;
mod live;
mod packed;
mod page;
mod token;

pub use token::Token;

/// How the pages are served.
#[derive(Clone, Debug, Default)]
pub struct WebOptions {
    /// What a viewer must know; everybody may look where `None`.
    pub token: Option<Token>,
    /// Where a proxy that cuts off a part of the path serves the pages, such as `/db`. A router
    /// that is nested finds out by itself.
    pub base: Option<String>,
    /// Buttons, for a demo.
    pub controls: Vec<Control>,
}

/// A button that does something: for a demo, never for a real server.
#[derive(Clone)]
pub struct Control {
    /// Its name in addresses: letters and hyphens.
    pub name: &'static str,
    /// What stands on it.
    pub label: &'static str,
    /// What it does.
    pub press: Arc<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What the pages share.
#[derive(Clone, Debug)]
struct Web {
    dashboard: Dashboard,
    options: Arc<WebOptions>,
    drawn: Arc<drawn::Drawn>,
    live: Arc<live::Rendered>,
}

impl Dashboard {
    /// The pages, to be served by themselves or nested: `app.nest("/db", dashboard.router(…))`.
    /// From then on the dashboard follows its watcher.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn router(&self, options: WebOptions) -> Router {
        let followed = self.clone();
        tokio::spawn(async move { followed.follow().await });
        let web = Web {
            dashboard: self.clone(),
            options: Arc::new(options),
            drawn: Arc::default(),
            live: Arc::default(),
        };
        let guarded = Router::new()
            .route("/", get(overview))
            .route("/server/{name}", get(server))
            .route("/server/{name}/charts", get(charts))
            .route("/server/{name}/live", get(live::live))
            .route("/server/{name}/board.json", get(board))
            .route("/control/{name}", post(control))
            .route_layer(middleware::from_fn_with_state(web.clone(), token::guard));
        guarded
            .route("/login", post(token::login))
            .route("/assets/{file}", get(assets::asset))
            .layer(middleware::map_response(packed::guarded_by_headers))
            .with_state(web)
    }
}

impl Web {
    /// The path before that of a page of ours.
    fn base(&self, original: &Uri, own: &Uri) -> String {
        if let Some(base) = &self.options.base {
            return base.trim_end_matches('/').to_owned();
        }
        let path = original.path();
        path.strip_suffix(own.path().trim_end_matches('/'))
            .unwrap_or(path)
            .trim_end_matches('/')
            .to_owned()
    }
}

/// What addresses ask for.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    range: Option<String>,
}

impl Asked {
    fn range(&self) -> Range {
        self.range.as_deref().and_then(|text| text.parse().ok()).unwrap_or_default()
    }
}

async fn overview(
    State(web): State<Web>,
    OriginalUri(original): OriginalUri,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let base = web.base(&original, &uri);
    let boards = web.dashboard.overview(Timestamp::now());
    match boards.as_slice() {
        [one] => {
            Redirect::temporary(&format!("{base}/server/{}", page::path(&one.name))).into_response()
        }
        _ => packed::html(page::overview(&base, boards), &headers),
    }
}

async fn server(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    OriginalUri(original): OriginalUri,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let base = web.base(&original, &uri);
    match web.dashboard.board(&name, Timestamp::now()) {
        Some(board) => packed::html(page::server(&web, &base, &board, asked.range()), &headers),
        None => not_watched(),
    }
}

async fn board(State(web): State<Web>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    match web.dashboard.board(&name, Timestamp::now()) {
        Some(board) => match serde_json::to_vec(&board) {
            Ok(json) => packed::json(json, &headers),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
        None => not_watched(),
    }
}

async fn charts(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    if !web.dashboard.watches(&name) {
        return not_watched();
    }
    match web.drawn.charts(&web.dashboard, &name, asked.range()).await {
        Ok(json) => packed::json(json.to_vec(), &headers),
        Err(error) => {
            tracing::warn!(error = %crate::finding::chain(&error), "the history cannot be read");
            (StatusCode::SERVICE_UNAVAILABLE, "the history cannot be read\n").into_response()
        }
    }
}

async fn control(
    State(web): State<Web>,
    Path(name): Path<String>,
    OriginalUri(original): OriginalUri,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    // Another site's page may send a form here; only ours may press a button.
    if !is_from_our_page(&headers) {
        return (StatusCode::FORBIDDEN, "only the page's own buttons may do that\n")
            .into_response();
    }
    match web.options.controls.iter().find(|control| control.name == name) {
        Some(control) => {
            (control.press)();
            Redirect::to(page::home(&web.base(&original, &uri))).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Whether a browser says that our own page sent this. One that does not know `Sec-Fetch-Site`, or
/// is not on a secure way to us, names the origin; without either it is no page of ours.
fn is_from_our_page(headers: &HeaderMap) -> bool {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = value("sec-fetch-site") {
        return site == "same-origin";
    }
    let origin = value("origin").and_then(|origin| origin.split_once("://"));
    origin.is_some_and(|(_, host)| value("host") == Some(host))
}

fn not_watched() -> Response {
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/plain")], "no such server is watched\n")
        .into_response()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn is_ours(sent: &[(&'static str, &str)]) -> bool {
        let headers = sent
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()));
        is_from_our_page(&headers.collect())
    }

    #[test]
    fn our_own_page_may_press_a_button_and_no_other_and_nobody_without_one() {
        let host = ("host", "127.0.0.1:8080");
        assert!(is_ours(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(is_ours(&[host, ("origin", "http://127.0.0.1:8080")]));
        for other in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
            ("origin", "http://evil.example"),
            ("origin", "http://127.0.0.1:8081"),
            ("origin", "null"),
            ("accept", "*/*"),
        ] {
            assert!(!is_ours(&[host, other]), "{other:?}");
        }
        let ours = ("origin", "http://127.0.0.1:8080");
        assert!(!is_ours(&[host, ours, ("sec-fetch-site", "cross-site")]));
        assert!(!is_ours(&[ours]));
    }
}
