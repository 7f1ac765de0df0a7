//! When a growing figure reaches its bound, and how sure that is.
