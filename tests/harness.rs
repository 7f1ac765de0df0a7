//! Real servers, real dumps, and drills of them.

pub mod s3;
