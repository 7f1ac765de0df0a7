//! Backups in every format, as the objects that a store holds.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

pub use super::reading::{Objects, read, read_both_ways, read_objects};
use super::server::{Server, programs};

/// What every dump of a test has as its `\restrict` key, so that two of one database are equal.
const RESTRICT_KEY: &str = "--restrict-key=every";

/// How a database is dumped.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Whose `pg_dump`: its major version.
    pub major: u32,
    /// `-F`: `p`, `c`, `d` or `t`.
    pub format: &'static str,
    /// `-Z`: none where empty.
    pub compression: &'static str,
    /// Further arguments.
    pub arguments: &'static [&'static str],
}

impl Way {
    /// A way without further arguments.
    #[must_use]
    pub const fn new(major: u32, format: &'static str, compression: &'static str) -> Self {
        Self { major, format, compression, arguments: &[] }
    }

    /// The same with further arguments.
    #[must_use]
    pub const fn with(self, arguments: &'static [&'static str]) -> Self {
        Self { arguments, ..self }
    }

    /// The backup's key: its extension tells nothing but the format.
    #[must_use]
    pub fn key(self) -> &'static str {
        match (self.format, self.compression) {
            ("p", "" | "0" | "none") => "shop.sql",
            ("p", compression) if compression.starts_with("lz4") => "shop.sql.lz4",
            ("p", compression) if compression.starts_with("zstd") => "shop.sql.zst",
            ("p", _) => "shop.sql.gz",
            ("c", _) => "shop.dump",
            ("d", _) => "shop",
            ("t", _) => "shop.tar",
            (format, _) => panic!("{format} is no format"),
        }
    }
}

impl std::fmt::Display for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "pg_dump {} -F{}", self.major, self.format)?;
        if !self.compression.is_empty() {
            write!(f, " -Z{}", self.compression)?;
        }
        self.arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
    }
}

/// Dumps a database of this server, with the `pg_dump` of the way.
///
/// # Panics
/// Where `pg_dump` is not installed or fails.
pub fn dump(server: &Server, database: &str, way: Way) -> Objects {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join(way.key());
    let mut command = Command::new(programs(way.major).bindir().join("pg_dump"));
    command.arg("-d").arg(server.url(database)).arg(format!("-F{}", way.format));
    command.arg("-f").arg(&file).args(way.arguments);
    if !way.compression.is_empty() {
        command.arg(format!("-Z{}", way.compression));
    }
    // 16.2, which is packaged, is older than the option.
    if way.format == "p" && way.major != 16 {
        command.arg(RESTRICT_KEY);
    }
    let output = command.output().expect("pg_dump");
    assert!(output.status.success(), "{way}: {}", String::from_utf8_lossy(&output.stderr));
    objects(directory.path())
}

/// The files below a directory, as a store would list them.
///
/// # Panics
/// Where one cannot be read.
pub fn objects(root: &Path) -> Objects {
    let mut found = Objects::new();
    collect(root, "", &mut found);
    found
}

fn collect(directory: &Path, prefix: &str, found: &mut Objects) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), found);
        } else {
            found.insert(format!("{prefix}{name}"), std::fs::read(&path).expect("a file"));
        }
    }
}

/// Writes the objects below a new directory.
///
/// # Panics
/// Where that is not possible.
pub fn lay(objects: &Objects) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    lay_at(root.path(), objects);
    root
}

/// Writes the objects below this directory.
///
/// # Panics
/// Where that is not possible.
pub fn lay_at(root: &Path, objects: &Objects) {
    for (key, content) in objects {
        let path = root.join(key);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, content).expect("a file");
    }
}

/// The checksums of these objects as `sha256sum` writes them, to lie beside the backup: one file
/// beside a backup of one object, `SHA256SUMS` inside a directory.
#[must_use]
pub fn checksums(objects: &Objects) -> Objects {
    let mut list = Objects::new();
    for (key, content) in objects {
        let (place, name) = match key.rsplit_once('/') {
            Some((directory, name)) => (format!("{directory}/SHA256SUMS"), name),
            None => (format!("{key}.sha256"), key.as_str()),
        };
        let line = format!("{}  {name}\n", hexadecimal(&Sha256::digest(content)));
        list.entry(place).or_default().extend_from_slice(line.as_bytes());
    }
    list
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string");
        text
    })
}
