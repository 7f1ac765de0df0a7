//! Real servers, real dumps, and drills of them.

pub mod cli;
pub mod drill;
pub mod readme;
pub mod s3;
pub mod server;
