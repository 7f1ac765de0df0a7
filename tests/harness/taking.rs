//! Taking backups as a user does, and what they leave.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::server::programs;

/// The names of all files below a directory, hidden ones too, sorted. A directory that is not there
/// has none.
#[must_use]
pub fn files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    collect(directory, directory, &mut found);
    found.sort();
    found
}

fn collect(root: &Path, directory: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
            found.push(name);
        }
    }
}

/// The SHA-256 of a file, in hexadecimal.
///
/// # Panics
/// Where it cannot be read.
#[must_use]
pub fn sha256(file: &Path) -> String {
    let content = std::fs::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Demands that what lies in `directory` is what the manifest of this backup says: sizes and SHA-256
/// of its parts and globals. Returns the manifest.
///
/// # Panics
/// Where it is not.
pub fn assert_as_manifest_says(directory: &Path, key: &str) -> Value {
    let path = directory.join(format!("{key}.pgsre.json"));
    let text = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let manifest: Value = serde_json::from_slice(&text).expect("a manifest");
    let parts = manifest["parts"].as_array().expect("parts");
    let globals = Some(&manifest["globals"]).filter(|globals| !globals.is_null());
    assert!(!parts.is_empty());
    for part in parts.iter().chain(globals) {
        let name = part["name"].as_str().expect("a name");
        let inside = directory.join(key).join(name);
        let file = if inside.is_file() { inside } else { directory.join(name) };
        let size = std::fs::metadata(&file).expect("a part").len();
        assert_eq!((part["size"].as_u64(), &part["sha256"]), (Some(size), &sha256(&file).into()));
    }
    let listed = files(&directory.join(key)).len();
    assert!(listed == 0 || listed == parts.len(), "{listed} files, {} parts", parts.len());
    manifest
}

/// A directory with a `pg_dump` and a `pg_dumpall` of their own, for `PGSRE_PG_BINDIR`. `dump` is
/// what `pg_dump` does, as a shell sees it: `$REAL` is the real one.
///
/// # Panics
/// Where it cannot be written.
pub fn pretended(place: &Path, dump: &str) -> PathBuf {
    let bindir = place.join("pretended");
    std::fs::create_dir_all(&bindir).expect("a directory");
    for (name, script) in [("pg_dump", dump), ("pg_dumpall", "\"$REAL\" \"$@\"")] {
        let real = programs(15).bindir().join(name);
        let text = format!(
            "#!/bin/bash\nREAL='{}'\n[ \"$1\" = --version ] && exec \"$REAL\" --version\n\
             set -o pipefail\n{script}\n",
            real.display()
        );
        let path = bindir.join(name);
        std::fs::write(&path, text).expect("a script");
        let permissions = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&path, permissions).expect("permissions");
    }
    bindir
}
