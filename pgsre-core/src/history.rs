//! Drill reports over time.
