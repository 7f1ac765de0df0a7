//! Real servers, real dumps, and drills of them.

pub mod alertmanager;
pub mod archive;
pub mod cli;
pub mod contents;
pub mod drill;
pub mod guard;
pub mod harm;
pub mod hook;
pub mod pooler;
pub mod reading;
pub mod readme;
pub mod relay;
pub mod s3;
pub mod server;
pub mod smtp;
pub mod standby;
pub mod taking;
pub mod tally;
pub mod tar;
pub mod truth;
pub mod watching;
