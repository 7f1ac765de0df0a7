//! Reading pgbouncer.ini as PgBouncer does (`lib/usual/cfparser.c`), with line numbers.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) mod connstr;

/// Files may include others this deeply: PgBouncer's `MAX_INCLUDE`.
const DEEPEST: usize = 10;

/// Bytes of one file that are read.
const LARGEST: u64 = 4 << 20;

/// Files that one configuration may consist of, and settings that it may hold.
const MOST_FILES: usize = 256;
const MOST_ENTRIES: usize = 100_000;

/// Mistakes that are told.
const MOST_FAULTS: usize = 1_000;

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// The file, as it was named.
    pub(super) path: Arc<Path>,
    /// The line, from 1.
    pub(super) line: usize,
}

/// One `key = value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) section: String,
    pub(super) key: String,
    pub(super) value: String,
    pub(super) place: Place,
}

/// The beginning of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) place: Place,
}

/// Where PgBouncer would stop reading, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) place: Place,
    pub(super) message: String,
}

/// What the files hold, in the order in which they are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Ini {
    pub(super) sections: Vec<Section>,
    pub(super) entries: Vec<Entry>,
    pub(super) faults: Vec<Fault>,
    pub(super) files: Vec<Arc<Path>>,
}

/// Where configurations lie: this machine, or the memory of a test.
pub trait ConfigFiles {
    /// The text of a file.
    ///
    /// # Errors
    /// Where it cannot be read, or is larger than a configuration is.
    fn read(&self, path: &Path) -> io::Result<String>;

    /// Whether every user of the machine may read it.
    fn is_open_to_all(&self, path: &Path) -> bool;
}

/// The files of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalFiles;

impl ConfigFiles for LocalFiles {
    fn read(&self, path: &Path) -> io::Result<String> {
        use std::io::Read as _;
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a directory"));
        }
        file.take(LARGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "is larger than 4 MiB"));
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn is_open_to_all(&self, path: &Path) -> bool {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
    }
}

/// Reads a configuration and what it includes. A mistake is noted and the next line read, where
/// PgBouncer would stop.
///
/// # Errors
/// Where the first file cannot be read.
pub(super) fn read(path: &Path, files: &dyn ConfigFiles) -> io::Result<Ini> {
    let text = files.read(path)?;
    let mut reader = Reader { ini: Ini::default(), section: String::new(), files };
    reader.file(path, &text, 0);
    Ok(reader.ini)
}

struct Reader<'f> {
    ini: Ini,
    section: String,
    files: &'f dyn ConfigFiles,
}

/// What one line holds.
#[derive(Debug, PartialEq, Eq)]
enum Line<'t> {
    Nothing,
    Include(&'t str),
    /// A section, and what follows it on the same line.
    Section(&'t str, &'t str),
    Entry(&'t str, &'t str),
    Wrong(&'static str),
}

impl Reader<'_> {
    fn file(&mut self, path: &Path, text: &str, depth: usize) {
        let path: Arc<Path> = Arc::from(path);
        self.ini.files.push(Arc::clone(&path));
        for (at, line) in text.split('\n').enumerate() {
            let place = Place { path: Arc::clone(&path), line: at + 1 };
            let mut parts = VecDeque::from([line]);
            while let Some(part) = parts.pop_front() {
                if let Some(rest) = self.line(read_line(part), &place, depth) {
                    parts.push_back(rest);
                }
            }
        }
    }

    /// Takes one line in; what of it follows a section.
    fn line<'t>(&mut self, line: Line<'t>, place: &Place, depth: usize) -> Option<&'t str> {
        let place = place.clone();
        match line {
            Line::Nothing => {}
            Line::Include(name) => self.include(name, place, depth),
            Line::Section(name, rest) => {
                name.clone_into(&mut self.section);
                self.ini.sections.push(Section { name: name.to_owned(), place });
                return Some(rest);
            }
            Line::Entry(key, value) if self.ini.entries.len() < MOST_ENTRIES => {
                self.ini.entries.push(Entry {
                    section: self.section.clone(),
                    key: key.to_owned(),
                    value: value.to_owned(),
                    place,
                });
            }
            Line::Entry(..) => {}
            Line::Wrong(_) if self.ini.faults.len() >= MOST_FAULTS => {}
            Line::Wrong(message) => {
                self.ini.faults.push(Fault { place, message: message.to_owned() });
            }
        }
        None
    }

    fn include(&mut self, name: &str, place: Place, depth: usize) {
        let message = if depth >= DEEPEST {
            format!("files include each other more than {DEEPEST} deep")
        } else if self.ini.files.len() >= MOST_FILES {
            format!("more than {MOST_FILES} files are included")
        } else {
            match self.find(name, &place.path) {
                Ok((path, text)) => return self.file(&path, &text, depth + 1),
                Err(error) => format!("the included file {name:?} cannot be read: {error}"),
            }
        };
        if self.ini.faults.len() < MOST_FAULTS {
            self.ini.faults.push(Fault { place, message });
        }
    }

    /// PgBouncer looks from its working directory; who lints stands elsewhere, so a relative name is
    /// also looked for beside the file that includes it.
    fn find(&self, name: &str, from: &Path) -> io::Result<(PathBuf, String)> {
        let given = PathBuf::from(name);
        let error = match self.files.read(&given) {
            Ok(text) => return Ok((given, text)),
            Err(error) => error,
        };
        let beside = from.parent().map(|parent| parent.join(name)).ok_or(error)?;
        self.files.read(&beside).map(|text| (beside, text))
    }
}

fn read_line(line: &str) -> Line<'_> {
    let line = line.trim_matches(is_space);
    if let Some(name) = line.strip_prefix("%include").filter(|rest| rest.starts_with([' ', '\t'])) {
        return Line::Include(name.trim_matches(is_space));
    }
    match line.chars().next() {
        None | Some('#' | ';') => Line::Nothing,
        Some('\u{feff}') => Line::Wrong("the file begins with a byte order mark"),
        Some('[') => match line.get(1..).and_then(|rest| rest.split_once(']')) {
            Some((name, rest)) => Line::Section(name, rest),
            None => Line::Wrong("a section's name lacks its closing bracket"),
        },
        Some('\'') => match line.get(1..).and_then(|rest| rest.split_once('\'')) {
            Some(("", _)) => Line::Wrong("a quoted name is empty"),
            Some((key, rest)) => entry(key, rest),
            None => Line::Wrong("a quoted name lacks its closing quote"),
        },
        Some(_) => {
            let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-*".contains(c);
            let end = line.find(|c| !is_name(c)).unwrap_or(line.len());
            let (key, rest) = line.split_at(end);
            entry(key, rest)
        }
    }
}

fn entry<'t>(key: &'t str, rest: &'t str) -> Line<'t> {
    match rest.trim_start_matches([' ', '\t']).strip_prefix('=') {
        Some(value) => Line::Entry(key, value.trim_matches(is_space)),
        None => Line::Wrong(
            "neither a section nor `name = value`; a name holds letters, digits and _ . - * unless \
             it stands in single quotes",
        ),
    }
}

/// C's `isspace`.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '\x0b' | '\x0c')
}

#[cfg(test)]
mod tests;
