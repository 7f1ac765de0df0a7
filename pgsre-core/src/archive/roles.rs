//! Which roles a statement needs.

/// The roles that must exist for a statement, which is in UTF-8, to run: never `PUBLIC`,
/// `CURRENT_USER` and their like, nor a role that the statement itself creates or drops.
#[must_use]
pub fn roles_mentioned(_sql: &str) -> Vec<String> {
    Vec::new()
}
