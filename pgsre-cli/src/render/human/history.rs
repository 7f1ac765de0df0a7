//! Past drills.

