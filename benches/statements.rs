//! A server that has seen many statements.

use pgsre_core::postgres::Session;

/// Runs statements that differ, of 10 kB each.
///
/// # Panics
/// Where one fails.
pub async fn fill_statements(session: &Session, statements: usize) {
    let comment = "x".repeat(10_000);
    for columns in 0..statements {
        // Each has another number of columns in one of two places.
        let (left, right) = (vec!["a"; columns / 70 + 1], vec!["1"; columns % 70 + 1]);
        let sql = format!(
            "select {} from (select 1) as l (a), (select {}) as r /* {comment} */",
            left.join(", "),
            right.join(", "),
        );
        session.query_typed(&sql, &[]).await.expect("a row");
    }
}
