#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;

use super::*;

struct Memory(HashMap<PathBuf, String>);

impl ConfigFiles for Memory {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn is_open_to_all(&self, _: &Path) -> bool {
        false
    }
}

fn memory(files: &[(&str, &str)]) -> Memory {
    Memory(files.iter().map(|(path, text)| (path.into(), (*text).to_owned())).collect())
}

fn ini(text: &str) -> Ini {
    read(Path::new("p.ini"), &memory(&[("p.ini", text)])).unwrap()
}

fn entries(ini: &Ini) -> Vec<(&str, &str, &str, usize)> {
    let entry = |entry: &'_ Entry| entry.place.line;
    ini.entries
        .iter()
        .map(|e| (e.section.as_str(), e.key.as_str(), e.value.as_str(), entry(e)))
        .collect()
}

#[test]
fn comments_begin_a_line_and_never_end_one() {
    let ini = ini("; a\n# b\n[pgbouncer]\r\n  pool_mode = session ; no comment\r\n\n");
    assert_eq!(entries(&ini), [("pgbouncer", "pool_mode", "session ; no comment", 4)]);
    assert!(ini.faults.is_empty());
}

#[test]
fn names_are_quoted_or_plain_and_an_entry_may_follow_its_section() {
    let ini = ini("[databases] * = host=a\n'my db'=dbname=x\nother.db-1 =\n");
    assert_eq!(
        entries(&ini),
        [
            ("databases", "*", "host=a", 1),
            ("databases", "my db", "dbname=x", 2),
            ("databases", "other.db-1", "", 3)
        ]
    );
}

#[test]
fn a_line_that_is_nothing_is_a_fault_with_its_number_and_the_rest_is_read() {
    let ini =
        ini("[pgbouncer]\npool mode = x\n[broken\n'open = x\n'' = x\nverbose=1\n%includes x\n");
    let lines: Vec<_> = ini.faults.iter().map(|fault| fault.place.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 7]);
    assert_eq!(entries(&ini), [("pgbouncer", "verbose", "1", 6)]);
}

#[test]
fn an_included_file_goes_on_in_the_same_section_and_is_found_beside_its_includer() {
    let files = memory(&[
        ("/etc/p/p.ini", "[pgbouncer]\n%include more.ini\nverbose=2\n"),
        ("/etc/p/more.ini", "pool_mode = session\n[users]\nann = pool_mode=session\n"),
    ]);
    let ini = read(Path::new("/etc/p/p.ini"), &files).unwrap();
    let of = |e: &Entry| (e.section.clone(), e.place.path.display().to_string(), e.place.line);
    let read: Vec<_> = ini.entries.iter().map(of).collect();
    let expected = [
        ("pgbouncer", "/etc/p/more.ini", 1),
        ("users", "/etc/p/more.ini", 3),
        ("users", "/etc/p/p.ini", 3),
    ];
    let expected = expected.map(|(section, path, line)| (section.into(), path.into(), line));
    assert_eq!(read, expected);
}

#[test]
fn a_file_that_includes_itself_ends_in_a_fault() {
    let ini = ini("%include p.ini\n%include p.ini\n");
    assert!(ini.faults.iter().any(|fault| fault.message.contains("deep")));
    assert!(ini.files.len() <= MOST_FILES);
    assert!(read(Path::new("none.ini"), &memory(&[])).is_err());
}

#[test]
fn no_text_makes_it_panic() {
    let pieces = ["[", "]", "'", "=", "%include ", "\n", "é", ";", "a", " ", "\0", "''", "\r"];
    for a in pieces {
        for b in pieces {
            for c in pieces {
                let text = format!("{a}{b}{c}");
                drop(ini(&text));
                drop(connstr::parse(&text));
            }
        }
    }
}
