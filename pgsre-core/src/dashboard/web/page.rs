//! Pages: the server's, the overview, the question for a token.

use askama::Template;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::assets::version;
use super::{Control, Web};
use crate::dashboard::{Range, ServerBoard};

const RELEASE: &str = env!("CARGO_PKG_VERSION");

#[derive(Template)]
#[template(path = "dashboard/page.html")]
struct Page<'a> {
    base: &'a str,
    home: &'a str,
    path: String,
    version: &'static str,
    release: &'static str,
    board: &'a ServerBoard,
    several: bool,
    controls: &'a [Control],
    range: Range,
    ranges: [Range; 6],
    span: u64,
    at: i64,
    now: i64,
}

#[derive(Template)]
#[template(path = "dashboard/board.html")]
struct Board<'a> {
    board: &'a ServerBoard,
}

#[derive(Template)]
#[template(path = "dashboard/overview.html")]
struct Overview<'a> {
    base: &'a str,
    home: &'a str,
    version: &'static str,
    release: &'static str,
    title: String,
    boards: Vec<Listed>,
    now: i64,
}

#[derive(Template)]
#[template(path = "dashboard/login.html")]
struct Login<'a> {
    base: &'a str,
    version: &'static str,
    wrong: bool,
}

struct Listed {
    board: ServerBoard,
    path: String,
}

/// A server's name as a part of an address.
pub(super) fn path(name: &str) -> String {
    utf8_percent_encode(name, NON_ALPHANUMERIC).to_string()
}

/// The first page: a router that is nested has it at its own path, without a slash behind.
pub(super) fn home(base: &str) -> &str {
    if base.is_empty() { "/" } else { base }
}

pub(super) fn server(
    web: &Web,
    base: &str,
    board: &ServerBoard,
    range: Range,
) -> Result<String, askama::Error> {
    let page = Page {
        base,
        home: home(base),
        path: path(&board.name),
        version: version(),
        release: RELEASE,
        board,
        several: web.dashboard.watches_several(),
        controls: &web.options.controls,
        range,
        ranges: Range::ALL,
        span: range.span().as_secs(),
        at: board.at.map_or(0, Timestamp::as_millisecond),
        now: Timestamp::now().as_millisecond(),
    };
    page.render()
}

/// What of a server's page changes with a reading.
pub(super) fn board(board: &ServerBoard) -> Result<String, askama::Error> {
    Board { board }.render()
}

pub(super) fn overview(base: &str, boards: Vec<ServerBoard>) -> Result<String, askama::Error> {
    let worst = boards.first().map_or_else(String::new, |board| format!(": {}", board.state));
    let listed = boards.into_iter().map(|board| Listed { path: path(&board.name), board });
    let page = Overview {
        base,
        home: home(base),
        version: version(),
        release: RELEASE,
        title: format!("Servers{worst}"),
        boards: listed.collect(),
        now: Timestamp::now().as_millisecond(),
    };
    page.render()
}

pub(super) fn login(base: &str, wrong: bool) -> Result<String, askama::Error> {
    Login { base, version: version(), wrong }.render()
}
