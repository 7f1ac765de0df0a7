//! pgsre
fn main() {}
