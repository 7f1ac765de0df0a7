//! A query that is called thousands of times a second for a row each: N + 1.

use super::{Advice, AdviceKind};
use crate::queries::text::Text;
use crate::queries::window::{QueryWindow, Window};

/// From how many calls a second on.
const LEAST_RATE: f64 = 1000.0;

/// More rows than this a call are no lookup of single things.
const MOST_ROWS: f64 = 2.0;

/// A shorter window has too few calls for a rate.
const SHORTEST: f64 = 1.0;

pub(super) fn advice(window: &Window, query: &QueryWindow, text: &Text) -> Option<Advice> {
    let counted = &query.counted;
    let seconds = window.seconds();
    let rate = counted.calls as f64 / seconds.max(f64::MIN_POSITIVE);
    let rows = counted.rows as f64 / (counted.calls as f64).max(1.0);
    // BEGIN, SET and the like are as many as transactions, which is another matter.
    let reads =
        text.text.trim_start().get(..6).is_some_and(|verb| verb.eq_ignore_ascii_case("select"));
    let is_many = seconds >= SHORTEST && rate >= LEAST_RATE && rows <= MOST_ROWS;
    (reads && is_many && query.key.toplevel).then(|| Advice {
        kind: AdviceKind::ManyCalls,
        query: Some(query.key),
        message: format!("is called {rate:.0} times a second, for {rows:.1} rows each"),
        fix:
            "fetch what belongs together at once (WHERE id = ANY ($1), a join), or keep it in the \
              application"
                .to_owned(),
        evidence: [("calls_per_second", rate), ("rows_per_call", rows)].into(),
    })
}
