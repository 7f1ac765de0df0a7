//! The PostgreSQL servers installed on this machine.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::environment::Environment;
use super::version::ServerVersion;

/// How long a program may take to print its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where distributions put servers. A `*` stands for one directory's name or a part of it.
const USUAL_PLACES: &[&str] = &[
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/lib64/pgsql/bin",
    "/usr/local/pgsql/bin",
    "/usr/local/pgsql*/bin",
    "/usr/local/bin",
    "/usr/bin",
    "/usr/libexec/postgresql*",
    "/usr/lib/postgresql*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/opt/homebrew/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/opt/local/lib/postgresql*/bin",
    "/opt/postgresql*/bin",
    "/opt/pgsql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/run/current-system/sw/bin",
    "/nix/var/nix/profiles/default/bin",
];

/// The programs of one installed server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerPrograms {
    bindir: PathBuf,
    version: ServerVersion,
}

impl ServerPrograms {
    /// Every server found on this machine, the newest first. `PGSRE_PG_BINDIR`, one or several
    /// directories with colons between, is looked at alone where it is set; else `PATH`,
    /// `pg_config --bindir` and the usual places.
    ///
    /// Runs each server's `--version`: blocks for some milliseconds each.
    #[must_use]
    pub fn discover() -> Vec<Self> {
        Self::discover_in(&Environment::of_process())
    }

    /// As [`discover`](Self::discover), in given surroundings.
    #[must_use]
    pub fn discover_in(environment: &Environment) -> Vec<Self> {
        let mut seen = BTreeSet::new();
        let mut found: Vec<_> = candidates(environment)
            .iter()
            .filter_map(|directory| program_directory(directory))
            .filter(|bindir| seen.insert(bindir.clone()))
            .filter_map(|bindir| Self::at(&bindir))
            .collect();
        // A stable sort: among equals, what was found first.
        found.sort_by_key(|programs| std::cmp::Reverse(programs.version));
        found
    }

    /// The server in one directory, if there is one.
    #[must_use]
    pub fn at(bindir: &Path) -> Option<Self> {
        let bindir = program_directory(bindir)?;
        let text = output_of(&bindir.join("postgres"), &["--version"])?;
        let version = ServerVersion::parse(&text)?;
        Some(Self { bindir, version })
    }

    /// The directory of the programs.
    #[must_use]
    pub fn bindir(&self) -> &Path {
        &self.bindir
    }

    /// The server's version.
    #[must_use]
    pub fn version(&self) -> ServerVersion {
        self.version
    }

    /// The path of one program, such as `pg_dump`, where it is installed with the server.
    #[must_use]
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        Some(self.bindir.join(name)).filter(|path| is_executable(path))
    }
}

pub(super) fn candidates(environment: &Environment) -> Vec<PathBuf> {
    if let Some(named) = environment.variable("PGSRE_PG_BINDIR").filter(|text| !text.is_empty()) {
        return std::env::split_paths(named).collect();
    }
    let path: Vec<_> = environment
        .variable("PATH")
        .map(|path| std::env::split_paths(path).filter(|dir| dir.is_absolute()).collect())
        .unwrap_or_default();
    let configured = path
        .iter()
        .map(|directory| directory.join("pg_config"))
        .find(|program| is_executable(program))
        .and_then(|program| output_of(&program, &["--bindir"]))
        .map(|text| PathBuf::from(text.trim()));
    let usual = USUAL_PLACES.iter().flat_map(|pattern| matching_directories(pattern));
    let own = environment.home.iter().map(|home| home.join(".nix-profile/bin"));
    path.iter().cloned().chain(configured).chain(usual).chain(own).collect()
}

/// The directory where `postgres` and `initdb` really lie: `/usr/local/bin` may hold links only,
/// and a server finds its share directory from where it lies.
fn program_directory(directory: &Path) -> Option<PathBuf> {
    let is_complete =
        |dir: &Path| is_executable(&dir.join("postgres")) && is_executable(&dir.join("initdb"));
    let real = std::fs::canonicalize(directory.join("postgres")).ok()?.parent()?.to_owned();
    if is_complete(&real) {
        return Some(real);
    }
    std::fs::canonicalize(directory).ok().filter(|directory| is_complete(directory))
}

pub(super) fn is_executable(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn matching_directories(pattern: &str) -> Vec<PathBuf> {
    let mut matches = vec![PathBuf::from("/")];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        matches = match part.split_once('*') {
            None => matches.into_iter().map(|dir| dir.join(part)).filter(|d| d.is_dir()).collect(),
            Some((before, after)) => {
                matches.iter().flat_map(|dir| entries_like(dir, before, after)).collect()
            }
        };
    }
    matches
}

fn entries_like(directory: &Path, before: &str, after: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let fits = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| {
            name.strip_prefix(before).is_some_and(|rest| rest.ends_with(after)) && path.is_dir()
        })
    };
    let mut found: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(fits).collect();
    found.sort();
    found
}

/// What a program prints within [`PATIENCE`].
pub(super) fn output_of(program: &Path, arguments: &[&str]) -> Option<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if started.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(2));
            }
            _ => {
                tracing::warn!(program = %program.display(), "a program gave no answer in time");
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    };
    let mut text = String::new();
    // A pipe holds more than any version line, so nothing was blocked on it.
    child.stdout.take()?.take(4096).read_to_string(&mut text).ok()?;
    status.success().then_some(text)
}
