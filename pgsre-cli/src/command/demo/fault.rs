//! Five ways in which a backup breaks without a word, as facts of the field.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

/// A way to break a backup.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    /// A short name, also of its directory.
    pub(super) name: &'static str,
    /// What happened to the backup.
    pub(super) story: &'static str,
    harm: fn(&str) -> io::Result<Vec<u8>>,
}

impl Fault {
    /// The broken backup, gzipped, made of a sound plain dump.
    ///
    /// # Errors
    /// Where the dump does not look as expected.
    pub(super) fn harm(&self, dump: &str) -> io::Result<Vec<u8>> {
        (self.harm)(dump)
    }
}

/// The five.
pub(super) const FAULTS: [Fault; 5] = [
    Fault {
        name: "cut-in-data",
        story: "pg_dump was killed between two rows",
        harm: |dump| gzip(cut_inside_copy(dump)?),
    },
    Fault {
        name: "cut-after-data",
        story: "the disk was full after the rows, before the keys",
        harm: |dump| gzip(before(dump, "ADD CONSTRAINT")?),
    },
    Fault { name: "cut-upload", story: "the upload of the .gz stopped", harm: cut_gzip },
    Fault {
        name: "doubled-row",
        story: "a row is there twice",
        harm: |dump| gzip(&doubled_row(dump)?),
    },
    Fault {
        name: "shell-command",
        story: "somebody hid a shell command in it",
        harm: |dump| gzip(&hidden_command(dump)),
    },
];

/// What the hidden command says, so that the demo can tell that it ran.
pub(super) const OWNED: &str = "a shell command of the backup ran";

/// A gzip of the text.
pub(super) fn gzip(text: &str) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}

fn unexpected(what: &str) -> io::Error {
    io::Error::other(format!("the example's dump has no {what}"))
}

fn before<'d>(dump: &'d str, mark: &str) -> io::Result<&'d str> {
    let at = dump.find(mark).ok_or_else(|| unexpected(mark))?;
    let line = dump.get(..at).and_then(|head| head.rfind("\n--\n-- Name")).unwrap_or(at);
    dump.get(..line + 1).ok_or_else(|| unexpected(mark))
}

/// The rows of a table: where they begin and end in the dump.
fn rows(dump: &str, table: &str) -> io::Result<std::ops::Range<usize>> {
    let copy = format!("COPY public.{table} (");
    let head = dump.find(&copy).ok_or_else(|| unexpected(&copy))?;
    let find = |from: usize, mark: &str| {
        dump.get(from..).and_then(|rest| rest.find(mark)).map(|at| from + at)
    };
    let begin = find(head, ";\n").map(|at| at + 2);
    let end = begin.and_then(|begin| find(begin, "\n\\.\n")).map(|at| at + 1);
    begin.zip(end).map(|(begin, end)| begin..end).ok_or_else(|| unexpected(&copy))
}

fn cut_inside_copy(dump: &str) -> io::Result<&str> {
    let rows = rows(dump, "order_items")?;
    let middle = rows.start + rows.len() / 3;
    let line = dump.as_bytes().iter().skip(middle).position(|byte| *byte == b'\n');
    line.and_then(|line| dump.get(..=middle + line)).ok_or_else(|| unexpected("rows"))
}

fn cut_gzip(dump: &str) -> io::Result<Vec<u8>> {
    let mut whole = gzip(dump)?;
    whole.truncate(whole.len() * 3 / 5);
    Ok(whole)
}

fn doubled_row(dump: &str) -> io::Result<String> {
    let rows = rows(dump, "customers")?;
    let (head, rest) = dump.split_at(rows.start);
    let row = rest.split_inclusive('\n').next().ok_or_else(|| unexpected("row"))?;
    Ok([head, row, rest].concat())
}

fn hidden_command(dump: &str) -> String {
    format!("\\! echo {OWNED}\n{dump}")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const DUMP: &str = "--\n-- PostgreSQL database dump\n--\n\nCOPY public.customers (id) FROM \
                        stdin;\n1\n2\n\\.\n\nCOPY public.order_items (id) FROM \
                        stdin;\n1\n2\n3\n\\.\n\n--\n-- Name: k\n--\n\nALTER TABLE ONLY \
                        public.customers\n    ADD CONSTRAINT k PRIMARY KEY (id);\n";

    #[test]
    fn every_fault_changes_the_dump_and_says_how() {
        let sound = gzip(DUMP).unwrap();
        for fault in FAULTS {
            assert_ne!(fault.harm(DUMP).unwrap(), sound, "{}", fault.name);
            assert!(
                fault.harm("nothing of the sort").is_err()
                    || fault.name.contains("-command")
                    || fault.name == "cut-upload"
            );
        }
    }

    #[test]
    fn a_cut_in_data_ends_with_a_whole_row() {
        let cut = cut_inside_copy(DUMP).unwrap();
        assert!(cut.ends_with("stdin;\n1\n2\n"), "{cut}");
        assert!(before(DUMP, "ADD CONSTRAINT").unwrap().ends_with("\\.\n\n"));
    }

    #[test]
    fn a_doubled_row_stands_beside_its_twin() {
        assert!(doubled_row(DUMP).unwrap().contains("stdin;\n1\n1\n2\n"));
    }
}
