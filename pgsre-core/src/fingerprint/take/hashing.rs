//! The queries that count and hash: what follows `SELECT`, of three columns.
//!
//! A row's hash is that of its text as `record_out` prints it, 64 bits by `hashtextextended`, which
//! hash partitioning keeps stable across major versions; a table's is the sum over its rows. The
//! text is compared byte by byte in the database's encoding, so collations do not matter, and
//! encodings do.

use super::relations::Table;
use crate::postgres::quote_identifier;

/// Bytes that a large object is hashed by, as a server of the usual block size stores them.
pub(super) const PIECE: u32 = 2048;

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closeness {
    Count,
    /// One row of so many.
    Sample(u32),
    Whole,
}

/// Blocks of a table, the last one left out; to its end without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blocks {
    pub(super) from: u64,
    pub(super) to: Option<u64>,
}

impl Blocks {
    fn condition(self) -> String {
        let from = format!("ctid >= '({},0)'::tid", self.from);
        match self.to {
            Some(to) => format!(" WHERE {from} AND ctid < '({to},0)'::tid"),
            None => format!(" WHERE {from}"),
        }
    }
}

/// Rows, hash and sampled rows of one table or some blocks of it.
pub(super) fn table(table: &Table, closeness: Closeness, blocks: Option<Blocks>) -> String {
    let condition = match (blocks, &table.condition) {
        (Some(blocks), _) => blocks.condition(),
        (None, Some(condition)) => format!(" {condition}"),
        (None, None) => String::new(),
    };
    let figures = figures(closeness, &row(&table.columns), &row(table.key_or_row()));
    format!("{figures} FROM ONLY {}{condition}", table.name)
}

/// What of one row decides whether it is in a sample.
impl Table {
    fn key_or_row(&self) -> &[String] {
        if self.key.is_empty() { &self.columns } else { &self.key }
    }
}

/// A row of these columns as text.
pub(super) fn row(columns: &[String]) -> String {
    let columns: Vec<_> = columns.iter().map(|name| quote_identifier(name)).collect();
    format!("ROW({})::text", columns.join(", "))
}

/// The second seed keeps the choice of rows independent of their hashes.
fn picks(what: &str, one_in: u32) -> String {
    format!("hashtextextended(({what}) COLLATE \"C\", 1) % {}::int8 = 0", one_in.max(1))
}

fn sum(what: &str, filter: &str) -> String {
    format!("coalesce(sum(hashtextextended(({what}) COLLATE \"C\", 0)){filter}, 0)::text")
}

fn figures(closeness: Closeness, row: &str, key: &str) -> String {
    match closeness {
        Closeness::Count => "count(*)::text, NULL::text, NULL::text".to_owned(),
        Closeness::Whole => format!("count(*)::text, {}, NULL::text", sum(row, "")),
        Closeness::Sample(one_in) => {
            let filter = format!(" FILTER (WHERE {})", picks(key, one_in));
            format!("count(*)::text, {}, (count(*){filter})::text", sum(row, &filter))
        }
    }
}

/// How large objects can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Their pages, as a superuser may.
    Pages,
    /// One by one through the functions for clients.
    Functions,
}

/// Each large object with its length.
const LENGTHS_OF_PAGES: &str = "\
    SELECT m.oid, coalesce((SELECT l.pageno::int8 * 2048 + length(l.data) FROM pg_largeobject l \
                             WHERE l.loid = m.oid ORDER BY l.pageno DESC LIMIT 1), 0) AS length \
      FROM pg_largeobject_metadata m";

/// The same; 262144 opens for reading (`INV_READ`), 2 seeks from the end (`SEEK_END`).
const LENGTHS_BY_FUNCTIONS: &str = "\
    SELECT m.oid, lo_lseek64(f.fd, 0, 2) AS length, lo_close(f.fd) AS closed \
      FROM pg_largeobject_metadata m \
     CROSS JOIN LATERAL (SELECT lo_open(m.oid, 262144) AS fd OFFSET 0) AS f OFFSET 0";

/// Bytes of all large objects, and the hash of their identifiers and lengths.
pub(super) fn large_object_lengths(access: Access) -> String {
    let lengths = lengths(access);
    let sum = sum("oid::text || ':' || length::text", "");
    format!("coalesce(sum(length), 0)::text, {sum}, NULL::text FROM ({lengths}) AS o")
}

fn lengths(access: Access) -> &'static str {
    match access {
        Access::Pages => LENGTHS_OF_PAGES,
        Access::Functions => LENGTHS_BY_FUNCTIONS,
    }
}

/// Pieces of large objects that are not all zeros, and the hash of identifiers, places and bytes.
///
/// A hole reads as zeros, and a page may be stored short: zeros at a piece's end do not count, since
/// the lengths are hashed apart. (A leading byte keeps those at its beginning; `rtrim` of bytes is
/// younger than 13.)
pub(super) fn large_object_pieces(
    access: Access,
    closeness: Closeness,
    blocks: Option<Blocks>,
) -> String {
    let pieces = match access {
        Access::Pages => {
            let condition = blocks.map(Blocks::condition).unwrap_or_default();
            format!(
                "SELECT loid AS oid, pageno::int8 AS piece, data FROM pg_largeobject{condition}"
            )
        }
        Access::Functions => format!(
            "SELECT o.oid, g.piece, lo_get(o.oid, g.piece * {PIECE}, {PIECE}) AS data \
               FROM ({LENGTHS_BY_FUNCTIONS}) AS o, \
                    LATERAL generate_series(0, (o.length - 1) / {PIECE}) AS g (piece) \
              WHERE o.length > 0"
        ),
    };
    let sampled = match closeness {
        Closeness::Sample(one_in) => format!(" WHERE {}", picks("oid::text", one_in)),
        _ => String::new(),
    };
    let sum = sum("oid::text || ':' || piece::text || ':' || encode(bytes, 'hex')", "");
    format!(
        "count(*)::text, {sum}, NULL::text \
           FROM (SELECT oid, piece, btrim('\\x01'::bytea || data, '\\x00'::bytea) AS bytes \
                   FROM ({pieces}) AS p{sampled} OFFSET 0) AS t \
          WHERE bytes <> '\\x01'::bytea"
    )
}
