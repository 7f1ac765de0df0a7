//! Which checksum and which manifest lie beside which backup.

use std::collections::HashMap;

use super::{basename, parent};
use crate::backup::{Backup, BackupFormat, BackupPart};

/// Behind the key of the one backup that it is of, in the order of their rank.
const OWN: &[&str] = &[".sha256", ".sha256sum"];

/// Lists of the files of a directory, in lower case, in the order of their rank.
const LISTS: &[&str] = &["sha256sums", "sha256sums.txt", "sha256sum", "sha256sum.txt"];

/// Behind the key of the backup that it is of; a directory-format dump's lies beside the directory.
const MANIFEST: &str = ".pgsre.json";

pub(super) fn is_manifest(key: &str) -> bool {
    key.ends_with(MANIFEST)
}

/// Gives each backup its manifest.
pub(super) fn attach_manifests(backups: &mut [Backup], manifests: Vec<BackupPart>) {
    let mut by_backup: HashMap<String, BackupPart> = manifests
        .into_iter()
        .filter_map(|part| Some((part.key.strip_suffix(MANIFEST)?.to_owned(), part)))
        .collect();
    for backup in backups {
        backup.manifest = by_backup.remove(&backup.key);
    }
}

pub(super) fn is_checksum(key: &str) -> bool {
    let name = basename(key).to_ascii_lowercase();
    OWN.iter().any(|ending| name.ends_with(ending)) || LISTS.contains(&name.as_str())
}

/// What may lie beside the one object `name`, for sources that look at a single object.
pub(in crate::source) fn beside_object(name: &str) -> impl Iterator<Item = String> {
    let own = OWN.iter().map(move |ending| format!("{name}{ending}"));
    let manifest = std::iter::once(format!("{name}{MANIFEST}"));
    own.chain(manifest).chain(["SHA256SUMS", "sha256sums.txt"].map(str::to_owned))
}

/// Gives each backup its checksum: its own before a list, a list inside of a directory-format dump
/// before one beside it.
pub(super) fn attach(backups: &mut [Backup], checksums: &[BackupPart]) {
    let by_key: HashMap<String, &BackupPart> = checksums
        .iter()
        .map(|part| (join(parent(&part.key), &basename(&part.key).to_ascii_lowercase()), part))
        .collect();
    for backup in backups {
        let found = candidates(backup).into_iter().find_map(|key| by_key.get(&key));
        backup.checksum = found.map(|part| (*part).clone());
    }
}

fn candidates(backup: &Backup) -> Vec<String> {
    let beside = |path: &str| -> Vec<String> {
        let (directory, name) = (parent(path), basename(path).to_ascii_lowercase());
        let own = OWN.iter().map(|ending| join(directory, &format!("{name}{ending}")));
        own.chain(lists_in(directory)).collect()
    };
    if backup.format != BackupFormat::Directory {
        return beside(&backup.key);
    }
    let Some(directory) = backup.directory() else { return Vec::new() };
    let mut found: Vec<String> = lists_in(directory).collect();
    if !directory.is_empty() {
        found.extend(beside(directory));
    }
    found
}

fn lists_in(directory: &str) -> impl Iterator<Item = String> {
    LISTS.iter().map(move |name| join(directory, name))
}

fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}
