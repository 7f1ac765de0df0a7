//! Pages over HTTP: `/metrics`, `/healthz` and the dashboard. No page asks a database: it shows what the loop
//! published last.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use pgsre_core::dashboard::{Control, Dashboard, Token, WebOptions};
use pgsre_core::watch::{ExpositionFormat, Watched, exposition};
use tokio::sync::watch::Receiver;
use tokio_util::sync::CancellationToken;

use crate::error::CommandError;
use patient::PatientListener;

mod patient;

/// What pages are made of.
type Known = Receiver<Arc<Watched>>;

const WELCOME: &str = "pgsre watch\n\n/dashboard the six panels\n/metrics   for Prometheus\n\
                       /healthz   200 while the loop does its work, else 503\n";

/// A server of pages that is bound, so that an address that is taken is known at once.
#[derive(Debug)]
pub(crate) struct Pages {
    listener: PatientListener,
    address: SocketAddr,
}

impl Pages {
    /// Takes the address; port 0 is any free one.
    ///
    /// # Errors
    /// Where it is no address, or is taken.
    pub(crate) async fn bind(address: &str) -> Result<Self, CommandError> {
        let hint = "give another with --listen HOST:PORT";
        let failed = |error: std::io::Error| {
            CommandError::usage(format!("cannot listen on {address:?}"))
                .with_hint(hint)
                .with_cause(error)
        };
        let listener = tokio::net::TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener: PatientListener::new(listener), address })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is stopped.
    pub(crate) async fn serve(self, router: Router, stop: CancellationToken) {
        let served = axum::serve(self.listener, router);
        // It ends when it is stopped only: accepting never fails for good.
        stop.run_until_cancelled(async { served.await }).await;
    }
}

/// The pages of `pgsre watch`.
pub(crate) fn of_watch(known: Known, dashboard: Option<Router>) -> Router {
    let router = figures(known).route("/", get(async || WELCOME));
    match dashboard {
        Some(dashboard) => router.nest("/dashboard", dashboard),
        None => router,
    }
}

/// The pages of `pgsre dashboard`.
pub(crate) fn alone(known: Known, dashboard: Router) -> Router {
    dashboard.merge(figures(known))
}

/// The dashboard. Without a token it answers only under names of this machine: else a page of
/// another site, whose name was made to lead here, could read it (DNS rebinding).
pub(crate) fn dashboard(
    dashboard: &Dashboard,
    token: Option<Token>,
    controls: Vec<Control>,
) -> Router {
    let is_open = token.is_none();
    let router = dashboard.router(WebOptions { token, controls, base: None });
    if is_open { router.layer(middleware::from_fn(here_only)) } else { router }
}

async fn here_only(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok());
    if host.is_some_and(is_here) {
        return next.run(request).await;
    }
    let why = "without a token the dashboard answers as localhost or 127.0.0.1 only; give \
               --token-file to open it under another name\n";
    (StatusCode::FORBIDDEN, why).into_response()
}

/// Whether a `Host` names this machine, whatever its port.
fn is_here(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn figures(known: Known) -> Router {
    Router::new().route("/metrics", get(metrics)).route("/healthz", get(health)).with_state(known)
}

async fn metrics(State(known): State<Known>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let format = ExpositionFormat::accepted(accept.unwrap_or_default());
    let watched = Arc::clone(&known.borrow());
    let page = exposition(&watched, format, Timestamp::now());
    ([(header::CONTENT_TYPE, format.content_type())], page).into_response()
}

async fn health(State(known): State<Known>) -> Response {
    let trouble = known.borrow().trouble(Timestamp::now());
    match trouble {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(trouble) => (StatusCode::SERVICE_UNAVAILABLE, format!("{trouble}\n")),
    }
    .into_response()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::time::Duration;

    use tokio::sync::watch;

    use super::*;

    fn known(started: Timestamp) -> Known {
        watch::Sender::new(Arc::new(Watched::starting(started, Duration::from_secs(10))))
            .subscribe()
    }

    #[tokio::test]
    async fn a_loop_that_stalls_is_unavailable_with_a_reason_and_one_that_runs_is_well() {
        let well = health(State(known(Timestamp::now()))).await;
        assert_eq!(well.status(), StatusCode::OK);
        let stalled = health(State(known(Timestamp::now() - Duration::from_secs(60)))).await;
        assert_eq!(stalled.status(), StatusCode::SERVICE_UNAVAILABLE);
        let body = axum::body::to_bytes(stalled.into_body(), 1024).await.unwrap();
        assert!(body.starts_with(b"no cycle has ended"), "{body:?}");
    }

    #[tokio::test]
    async fn the_format_is_the_one_that_was_asked_for() {
        let mut headers = HeaderMap::new();
        let plain = metrics(State(known(Timestamp::now())), headers.clone()).await;
        assert_eq!(plain.headers()[header::CONTENT_TYPE], ExpositionFormat::Text.content_type());
        headers.insert(header::ACCEPT, "application/openmetrics-text".parse().unwrap());
        let open = metrics(State(known(Timestamp::now())), headers).await;
        let expected = ExpositionFormat::OpenMetrics.content_type();
        assert_eq!(open.headers()[header::CONTENT_TYPE], expected);
    }

    #[test]
    fn names_of_this_machine_are_known_and_no_others() {
        for host in
            ["localhost", "localhost:8080", "127.0.0.1:1", "127.8.0.1", "[::1]:8080", "[::1]"]
        {
            assert!(is_here(host), "{host}");
        }
        for host in
            ["", "evil.example", "localhost.evil.example:80", "10.0.0.1", "127.0.0.1.evil:8"]
        {
            assert!(!is_here(host), "{host}");
        }
    }

    #[tokio::test]
    async fn an_address_that_is_taken_or_none_is_an_error_that_says_what_to_do() {
        let first = Pages::bind("127.0.0.1:0").await.unwrap();
        for address in [first.address().to_string(), "nonsense".to_owned()] {
            let error = Pages::bind(&address).await.unwrap_err();
            assert!(error.hint().contains("--listen"), "{address}");
        }
    }
}
