//! The statements that are tried: `tests/migrations/*.sql`.
//!
//! A file's first part, to the line `-- cases`, is the schema that its statements find, with rows.
//! Behind it each statement is a case of its own and finds the schema untouched. Comments before a
//! statement say more: `-- given SQL` runs before it, `-- session SQL` at the start of its transaction,
//! `-- since N` and `-- until N` bound the versions. Other comments are comments.

use std::path::Path;

/// A file.
#[derive(Clone, Debug)]
pub struct Group {
    /// The file's name without its ending.
    pub name: String,
    /// The schema and its rows.
    pub schema: String,
    /// What is tried on it.
    pub cases: Vec<Case>,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Case {
    /// What runs before it.
    pub given: String,
    /// A setting of its session, if it is not the usual one.
    pub session: String,
    /// The statement.
    pub statement: String,
    since: u32,
    until: u32,
}

impl Case {
    /// Whether this version has it.
    pub fn is_for(&self, major: u32) -> bool {
        (self.since..=self.until).contains(&major)
    }
}

/// The files below `tests/migrations`, in the order of their names.
///
/// # Panics
/// Where a file cannot be read.
pub fn groups() -> Vec<Group> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let entries = std::fs::read_dir(&directory).expect("tests/migrations");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| group(path)).collect()
}

fn group(path: &Path) -> Group {
    let text = std::fs::read_to_string(path).expect("a file");
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let (schema, rest) = text.split_once("-- cases\n").expect("a line `-- cases`");
    Group { name, schema: schema.to_owned(), cases: cases(rest) }
}

fn cases(text: &str) -> Vec<Case> {
    let fresh = || Case {
        given: String::new(),
        session: String::new(),
        statement: String::new(),
        since: 0,
        until: 99,
    };
    let (mut cases, mut case) = (Vec::new(), fresh());
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if let Some(comment) = line.strip_prefix("-- ") {
            read_comment(comment, &mut case);
            continue;
        }
        case.statement.push_str(line);
        case.statement.push('\n');
        let quoted = case.statement.matches("$$").count() % 2 == 1;
        if line.ends_with(';') && !quoted {
            cases.push(std::mem::replace(&mut case, fresh()));
        }
    }
    assert!(case.statement.is_empty(), "a statement without its semicolon: {}", case.statement);
    cases
}

fn read_comment(comment: &str, case: &mut Case) {
    let number = |text: &str| text.trim().parse().expect("a version");
    if let Some(sql) = comment.strip_prefix("given ") {
        case.given.push_str(sql);
        case.given.push('\n');
    } else if let Some(sql) = comment.strip_prefix("session ") {
        case.session = sql.to_owned();
    } else if let Some(version) = comment.strip_prefix("since ") {
        case.since = number(version);
    } else if let Some(version) = comment.strip_prefix("until ") {
        case.until = number(version);
    }
}
