//! What the integration tests share: real servers, real dumps, and drills of them.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that lacks its part fails"
)]

pub mod harness;
