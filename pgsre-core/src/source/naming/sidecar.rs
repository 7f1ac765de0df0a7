//! Which checksum and which manifest lie beside which backup.

use std::collections::{HashMap, HashSet};

use super::{basename, parent};
use crate::backup::{Backup, BackupFormat, BackupPart};

/// Behind the key of the one backup that it is of, in the order of their rank.
const OWN: &[&str] = &[".sha256", ".sha256sum"];

/// Lists of the files of a directory, in lower case, in the order of their rank.
const LISTS: &[&str] = &["sha256sums", "sha256sums.txt", "sha256sum", "sha256sum.txt"];

/// Behind the key of the backup that it is of; a directory-format dump's lies beside the directory.
pub(crate) const MANIFEST: &str = ".pgsre.json";

/// Behind the key of the backup that roles and other globals were saved with.
pub(crate) const GLOBALS: &str = ".globals.sql";

/// Behind the key of a backup that is being written or deleted. It counts as long as there is no
/// manifest: that is written after everything else, and deleted before.
pub(crate) const UNFINISHED: &str = ".pgsre.unfinished";

pub(super) fn is_manifest(key: &str) -> bool {
    key.ends_with(MANIFEST)
}

pub(super) fn is_unfinished_mark(key: &str) -> bool {
    key.ends_with(UNFINISHED)
}

/// Takes away the globals of other backups: alone, a file of that name is a backup.
pub(super) fn drop_globals(backups: &mut Vec<Backup>) {
    let keys: HashSet<String> = backups.iter().map(|backup| backup.key.clone()).collect();
    backups.retain(|backup| {
        backup.key.strip_suffix(GLOBALS).is_none_or(|of_backup| !keys.contains(of_backup))
    });
}

/// Takes away backups that are being written or deleted, so that nothing half looks whole.
pub(super) fn drop_unfinished(backups: &mut Vec<Backup>, marks: &[BackupPart]) {
    let marked: HashSet<&str> =
        marks.iter().filter_map(|mark| mark.key.strip_suffix(UNFINISHED)).collect();
    backups.retain(|backup| {
        let own = backup.key.strip_suffix(GLOBALS).unwrap_or(&backup.key);
        backup.manifest.is_some() || !(marked.contains(own) || marked.contains(backup.key.as_str()))
    });
}

/// Gives each backup its manifest.
pub(super) fn attach_manifests(backups: &mut [Backup], manifests: Vec<BackupPart>) {
    let mut by_backup: HashMap<String, BackupPart> = manifests
        .into_iter()
        .filter_map(|part| Some((part.key.strip_suffix(MANIFEST)?.to_owned(), part)))
        .collect();
    for backup in backups {
        let is_source = backup.format == BackupFormat::Directory && backup.directory() == Some("");
        let key = if is_source { format!("../{}", backup.key) } else { backup.key.clone() };
        backup.manifest = by_backup.remove(&key);
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

/// The manifest of a directory-format dump that is the source itself: the one key that leads out of
/// a source.
pub(in crate::source) fn beside_directory(name: &str) -> String {
    format!("../{name}{MANIFEST}")
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
