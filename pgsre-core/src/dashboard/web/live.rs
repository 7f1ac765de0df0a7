//! Readings as they come, by server-sent events: each is rendered once, whoever looks.
//!
//! An event's id is the time of its reading. A viewer that was cut off says which it saw last: where
//! it missed one it is told to read its charts anew, so that no hole is left in them.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch::Receiver;

use super::{Web, not_watched, page};
use crate::dashboard::PanelKind;
use crate::dashboard::chart::{is_drawn, named_by};
use crate::monitor::{Metric, Reading};
use crate::watch::{Watched, WatchedServer};

/// How often a connection without news says that it is there.
const STILL_HERE: Duration = Duration::from_secs(10);

/// What viewers of each server were told last.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    last: Mutex<HashMap<String, OfServer>>,
}

/// What was rendered, and of what.
type OfServer = (Arc<WatchedServer>, Arc<Told>);

#[derive(Debug)]
struct Told {
    id: i64,
    json: String,
}

/// One event.
#[derive(Serialize)]
struct News {
    at: i64,
    now: i64,
    title: String,
    html: String,
    points: BTreeMap<&'static str, BTreeMap<String, Option<f64>>>,
    gone: Vec<String>,
}

pub(super) async fn live(
    State(web): State<Web>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !web.dashboard.watches(&name) {
        return not_watched();
    }
    let seen = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let viewer = Viewer {
        known: web.dashboard.inner.known.clone(),
        web,
        server: name,
        seen: seen.and_then(|id| id.parse().ok()),
        was_away: seen.is_some(),
        told: None,
    };
    Sse::new(events(viewer)).keep_alive(KeepAlive::new().interval(STILL_HERE)).into_response()
}

/// Somebody who looks at one server.
struct Viewer {
    web: Web,
    known: Receiver<Arc<Watched>>,
    server: String,
    /// The last event that it saw before it was cut off.
    seen: Option<i64>,
    was_away: bool,
    told: Option<i64>,
}

fn events(viewer: Viewer) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold(viewer, |mut viewer| async move {
        let event = viewer.next().await?;
        Some((Ok(event), viewer))
    })
}

impl Viewer {
    /// The next event; `None` where the server is watched no longer, or nobody watches.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let told = self.web.told(&self.server, &self.known)?;
            if let Some(told) = told.filter(|told| self.told != Some(told.id)) {
                if std::mem::take(&mut self.was_away) && self.seen != Some(told.id) {
                    return Some(Event::default().event("reset").data("{}"));
                }
                self.told = Some(told.id);
                let id = told.id.to_string();
                return Some(Event::default().event("reading").id(id).data(&told.json));
            }
            self.known.changed().await.ok()?;
        }
    }
}

impl Web {
    /// What is told of a server now; nothing before its first reading.
    fn told(&self, server: &str, known: &Receiver<Arc<Watched>>) -> Option<Option<Arc<Told>>> {
        let seen = Arc::clone(known.borrow().servers.get(server)?);
        let Some(reading) = seen.reading.clone() else { return Some(None) };
        let mut last = self.live.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, told)) = last.get(server)
            && Arc::ptr_eq(of, &seen)
        {
            return Some(Some(Arc::clone(told)));
        }
        let now = Timestamp::now();
        let board = self.dashboard.board(server, now)?;
        let news = News {
            at: reading.at.as_millisecond(),
            now: now.as_millisecond(),
            title: format!("{}: {} – pgsre", board.name, board.state),
            html: page::board(&board).unwrap_or_default(),
            points: points(&reading),
            gone: gone(&reading),
        };
        let json = serde_json::to_string(&news).unwrap_or_default();
        let told = Arc::new(Told { id: news.at, json });
        last.insert(server.to_owned(), (seen, Arc::clone(&told)));
        Some(Some(told))
    }
}

/// A reading's figures as the charts call them.
fn points(reading: &Reading) -> BTreeMap<&'static str, BTreeMap<String, Option<f64>>> {
    let of_panel = |kind: PanelKind| {
        let mut points = BTreeMap::new();
        for (metric, name) in kind.charted() {
            for sample in reading.samples_of(*metric) {
                if kind != PanelKind::Disk || is_drawn(&sample.labels) {
                    points.insert(named_by(name, &sample.labels), sample.value);
                }
            }
        }
        (kind.as_str(), points)
    };
    PanelKind::ALL.into_iter().map(of_panel).collect()
}

fn gone(reading: &Reading) -> Vec<String> {
    let all = reading.samples_of(Metric::ReplicationConnected);
    let gone = all.filter(|sample| sample.value == Some(0.0));
    gone.map(|sample| named_by("replica", &sample.labels)).collect()
}
