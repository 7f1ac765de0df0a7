//! What a statement says will exist after it.

use super::Declaration;

/// The objects that exist after a statement, which is in UTF-8.
#[must_use]
pub fn declarations(_sql: &str) -> Vec<Declaration> {
    Vec::new()
}
