//! The files that pages need: our own, and uPlot.

use std::sync::OnceLock;

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::packed::{gzip, takes_gzip};

const STYLE: &str = concat!(
    include_str!("../../../templates/dashboard/vendor/uplot.css"),
    include_str!("../../../templates/dashboard/dashboard.css")
);

/// uPlot is under the MIT licence; its notice stands at its beginning.
const SCRIPT: &str = concat!(
    include_str!("../../../templates/dashboard/vendor/uplot.js"),
    "\n",
    include_str!("../../../templates/dashboard/dashboard.js")
);

const LICENCE: &str = include_str!("../../../templates/dashboard/vendor/uplot.LICENSE");

/// A year: an address changes with what it holds.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

struct Asset {
    name: &'static str,
    kind: &'static str,
    content: &'static str,
    packed: OnceLock<Vec<u8>>,
}

static ASSETS: [Asset; 3] = [
    asset_of("dashboard.css", "text/css; charset=utf-8", STYLE),
    asset_of("dashboard.js", "text/javascript; charset=utf-8", SCRIPT),
    asset_of("uplot.LICENSE", "text/plain; charset=utf-8", LICENCE),
];

const fn asset_of(name: &'static str, kind: &'static str, content: &'static str) -> Asset {
    Asset { name, kind, content, packed: OnceLock::new() }
}

pub(super) async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kept = [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, FOR_EVER)];
    if takes_gzip(&headers) {
        let packed = asset.packed.get_or_init(|| gzip(asset.content.as_bytes()));
        let how = [(header::CONTENT_ENCODING, "gzip"), (header::VARY, "accept-encoding")];
        return (kept, how, packed.clone()).into_response();
    }
    (kept, asset.content).into_response()
}

/// What tells these files from those of another release.
pub(super) fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let mut hash = Sha256::new();
        ASSETS.iter().for_each(|asset| hash.update(asset.content));
        hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    })
}
