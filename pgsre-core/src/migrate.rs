//! Schema changes: what a statement really does, and how to do it safely.
