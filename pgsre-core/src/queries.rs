//! The queries that make the load: windows over `pg_stat_statements`.
//!
//! A [`Snapshot`] holds the counters of every statement, without its text; a [`Window`] is the
//! difference of two, and says what it cannot know: a reset, an eviction, what a role may not see.
//! [`Latency`] estimates percentiles and bounds them, [`regressions`] compares a window with what
//! was before it, [`Texts`] fetches the texts of the few statements that are shown. Nothing here
//! ever resets the statistics, which are other tools' too.
//!
//! ```no_run
//! # async fn read() -> Result<(), Box<dyn std::error::Error>> {
//! use pgsre_core::postgres::{ConnectConfig, Database};
//! use pgsre_core::queries::{Extension, Order, Snapshot, Window};
//!
//! let config = ConnectConfig::parse("postgres://pgsre@db1/shop")?;
//! let session = Database::connect(config).await?.session().await?;
//! let extension = Extension::find(&session).await?;
//! let from = Snapshot::take(&session, &extension).await?;
//! tokio::time::sleep(std::time::Duration::from_secs(60)).await;
//! let window = Window::between(&from, &Snapshot::take(&session, &extension).await?);
//! for query in window.top(Order::Total, 10) {
//!     println!("{} {} calls, {:.1} ms", query.key.query_id, query.counted.calls, query.counted.mean_ms());
//! }
//! # Ok(())
//! # }
//! ```

mod advice;
mod ask;
mod error;
mod extension;
mod histogram;
mod history;
mod lookout;
mod masked;
mod moments;
mod percentile;
mod probe;
mod rank;
mod regression;
mod statements;
mod text;
mod window;
mod worst;

pub use advice::{Advice, AdviceKind, Advised, Unplanned, advise};
pub use error::{QueriesError, QueriesErrorKind};
pub use extension::Extension;
pub use histogram::{Histogram, Histograms};
pub use history::SnapshotStore;
pub use moments::Moments;
pub use percentile::{Latency, Method, Percentile};
pub use probe::QueryLoad;
pub use rank::Order;
pub use regression::{Regression, RegressionKind, regressions};
pub use statements::{Counters, Hidden, Snapshot, StatementKey};
pub use text::{Names, Text, Texts};
pub use window::{Gap, QueryWindow, Window};
pub use worst::{HeavyQueries, HeavyQuery, WorstQueries};
