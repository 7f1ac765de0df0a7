//! The client programs on this machine: `pg_dump` and its kind, and running one of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::error::{PostgresError, PostgresErrorKind};
use super::programs::{candidates, is_executable, output_of};
use super::version::ServerVersion;

mod running;

pub(crate) use running::{Ended, Running};

/// An installed client program, such as `pg_dump`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientProgram {
    path: PathBuf,
    version: ServerVersion,
    described: String,
}

impl ClientProgram {
    /// Every installed program of this name, the newest first. Looked for where
    /// [`ServerPrograms`](super::ServerPrograms) are, but no server need be installed.
    ///
    /// Runs each one's `--version`: blocks for some milliseconds each.
    #[must_use]
    pub fn discover(name: &str) -> Vec<Self> {
        Self::discover_in(name, &Environment::of_process())
    }

    /// As [`discover`](Self::discover), in given surroundings.
    #[must_use]
    pub fn discover_in(name: &str, environment: &Environment) -> Vec<Self> {
        let mut seen = BTreeSet::new();
        let mut found: Vec<_> = candidates(environment)
            .iter()
            .filter_map(|directory| std::fs::canonicalize(directory.join(name)).ok())
            // A wrapper that chooses a version by itself has another name.
            .filter(|path| path.file_name().is_some_and(|own| own == name))
            .filter(|path| seen.insert(path.clone()))
            .filter_map(|path| Self::at(&path))
            .collect();
        found.sort_by_key(|program| std::cmp::Reverse(program.version));
        found
    }

    /// The program at this path, if it is one that tells its version.
    #[must_use]
    pub fn at(path: &Path) -> Option<Self> {
        let text = Some(path).filter(|path| is_executable(path))?;
        let text = output_of(text, &["--version"])?;
        let version = ServerVersion::parse(&text)?;
        Some(Self { path: path.to_owned(), version, described: text.trim().to_owned() })
    }

    /// The one among `found` that fits a server of this version best: of its own major version, else
    /// of the next newer one. An older one refuses to work, and what a much newer one writes may not
    /// load into the server that it came from.
    ///
    /// # Errors
    /// [`NoServer`](PostgresErrorKind::NoServer), naming what was found instead.
    pub fn for_server(
        name: &str,
        found: Vec<Self>,
        server: ServerVersion,
    ) -> Result<Self, PostgresError> {
        let seen: Vec<String> = found.iter().map(|program| program.version.to_string()).collect();
        let fitting = found.into_iter().filter(|p| p.version.major() >= server.major());
        let best = fitting.min_by_key(|p| (p.version.major(), std::cmp::Reverse(p.version)));
        best.ok_or_else(|| {
            let instead = match seen.as_slice() {
                [] => "none is installed here".to_owned(),
                seen => format!("here is only {}", seen.join(", ")),
            };
            PostgresError::new(
                PostgresErrorKind::NoServer,
                format!(
                    "a server of version {server} needs {name} {major} or newer, and {instead}",
                    major = server.major()
                ),
            )
        })
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> ServerVersion {
        self.version
    }

    /// As it names itself: `pg_dump (PostgreSQL) 15.18`.
    #[must_use]
    pub fn described(&self) -> &str {
        &self.described
    }

    /// Another program of the same installation.
    #[must_use]
    pub fn sibling(&self, name: &str) -> Option<Self> {
        Self::at(&self.path.with_file_name(name))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn program(num: u32) -> ClientProgram {
        let version = ServerVersion::from_num(num);
        ClientProgram { path: PathBuf::from("/x/pg_dump"), version, described: String::new() }
    }

    fn chosen(found: &[u32], server: u32) -> Result<u32, PostgresError> {
        let found = found.iter().map(|num| program(*num)).collect();
        ClientProgram::for_server("pg_dump", found, ServerVersion::from_num(server))
            .map(|program| program.version.num())
    }

    #[test]
    fn a_server_is_dumped_by_the_newest_program_of_its_own_major_version() {
        assert_eq!(chosen(&[180_001, 150_018, 150_004], 150_009).unwrap(), 150_018);
    }

    #[test]
    fn without_one_of_its_own_the_next_newer_major_version_dumps() {
        assert_eq!(chosen(&[180_001, 170_005, 140_002], 150_009).unwrap(), 170_005);
    }

    #[test]
    fn an_older_program_is_no_use_and_the_error_says_what_is_there() {
        let error = chosen(&[140_002, 130_011], 150_009).unwrap_err().to_string();
        assert!(error.contains("15.9") && error.contains("only 14.2, 13.11"), "{error}");
        assert!(chosen(&[], 150_009).unwrap_err().to_string().contains("none is installed"));
    }
}
