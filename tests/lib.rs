//! What the integration tests share: real servers, real dumps, and drills of them.

pub mod harness;
