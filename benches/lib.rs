//! Benchmarks: rivals and pgsre in turn, as ratios from one run.
//!
//! All of them restore dumps of the same made-up shop. `PGSRE_BENCH_MB` says how large its database
//! is, 2048 by default; `cargo test --benches` runs each benchmark once with a tiny one.

mod parameters;
mod pgsre;
mod rivals;
mod server;
mod shop;
mod statements;
mod summary;
mod usage;

pub use parameters::Parameters;
pub use pgsre::Pgsre;
pub use rivals::Rivals;
pub use server::{RivalServer, chosen_settings};
pub use shop::Shop;
pub use statements::fill_statements;
pub use summary::{Summary, median};
pub use usage::{Usage, Watch, resident_memory};

/// How one piece of work went.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// From its begin to its end.
    pub seconds: f64,
    /// What the clients took: the server's share is not in here.
    pub clients: Usage,
    /// User and system time of the server in seconds, where it was a server of the benchmark's own.
    pub server_cpu: Option<f64>,
}
