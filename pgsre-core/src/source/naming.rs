//! Which objects are backups, judged by their names.

use crate::backup::{Backup, BackupFormat, BackupPart};

mod member;
mod sidecar;

use member::Directories;
pub(crate) use member::is_dump_member;
pub(super) use sidecar::MANIFEST;
pub(super) use sidecar::{beside_directory, beside_object};

/// The last extension of what lies beside backups: checksums, signatures, reports and scripts.
const BESIDE: &[&str] = &[
    "sha256",
    "sha256sum",
    "sha1",
    "sha512",
    "md5",
    "sum",
    "asc",
    "sig",
    "txt",
    "md",
    "log",
    "json",
    "html",
    "csv",
    "xml",
    "yaml",
    "yml",
    "toml",
    "conf",
    "ini",
    "sh",
    "pdf",
];

/// The last extension of uploads that are not finished.
const UNFINISHED: &[&str] = &["tmp", "part", "partial", "incomplete", "filepart", "crdownload"];

const COMPRESSION: &[&str] = &["gz", "gzip", "zst", "zstd", "lz4", "bz2", "xz"];

/// The backups that these objects are: noise left out, the parts of directory-format dumps put
/// together, checksums and manifests laid to what they are of. `root` names a dump whose table of
/// contents lies in the source itself.
pub(super) fn backups(parts: Vec<BackupPart>, root: &str) -> Vec<Backup> {
    let (checksums, parts): (Vec<_>, Vec<_>) = parts
        .into_iter()
        .filter(|part| !is_hidden(&part.key))
        .partition(|part| sidecar::is_checksum(&part.key));
    let (manifests, parts): (Vec<_>, Vec<_>) =
        parts.into_iter().partition(|part| sidecar::is_manifest(&part.key));
    let (unfinished, parts): (Vec<_>, Vec<_>) =
        parts.into_iter().partition(|part| sidecar::is_unfinished_mark(&part.key));
    let mut directories = Directories::of(&parts);
    let mut backups = Vec::new();
    for part in parts.into_iter().filter(|part| !has_extension(&part.key, BESIDE)) {
        let other = directories.take(part);
        backups.extend(other.filter(|part| !has_extension(&part.key, UNFINISHED)).map(single));
    }
    let found = directories.into_iter();
    backups.extend(found.filter_map(|(path, parts)| directory(path, root, parts)));
    sidecar::attach(&mut backups, &checksums);
    sidecar::attach_manifests(&mut backups, manifests);
    sidecar::drop_globals(&mut backups);
    sidecar::drop_unfinished(&mut backups, &unfinished);
    backups
}

/// Whether the source itself is a directory-format dump.
pub(super) fn holds_toc(parts: &[BackupPart]) -> bool {
    parts.iter().any(|part| parent(&part.key).is_empty() && member::is_toc(&part.key))
}

fn single(part: BackupPart) -> Backup {
    Backup {
        key: part.key.clone(),
        format: format_of(&part.key),
        size: part.size,
        modified: part.modified,
        parts: vec![part],
        checksum: None,
        manifest: None,
    }
}

fn directory(path: String, root: &str, mut parts: Vec<BackupPart>) -> Option<Backup> {
    parts.sort_by(|a, b| a.key.cmp(&b.key));
    Some(Backup {
        key: if path.is_empty() { root.to_owned() } else { path },
        format: BackupFormat::Directory,
        size: parts.iter().map(|part| part.size).sum(),
        modified: parts.iter().map(|part| part.modified).max()?,
        parts,
        checksum: None,
        manifest: None,
    })
}

fn is_hidden(key: &str) -> bool {
    key.split('/').any(|segment| segment.starts_with('.') && segment != "..")
}

fn has_extension(key: &str, extensions: &[&str]) -> bool {
    let name = basename(key).to_ascii_lowercase();
    name.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
}

/// What a name alone says; the content has the last word.
fn format_of(key: &str) -> BackupFormat {
    let name = basename(key).to_ascii_lowercase();
    let mut extensions = name.split('.').skip(1).collect::<Vec<_>>();
    while extensions.last().is_some_and(|last| COMPRESSION.contains(last)) {
        extensions.pop();
    }
    match extensions.last() {
        Some(&"sql") => BackupFormat::Plain,
        Some(&"tar") => BackupFormat::Tar,
        Some(&"pgdump" | &"custom") => BackupFormat::Custom,
        _ => BackupFormat::Unknown,
    }
}

pub(super) fn basename(key: &str) -> &str {
    key.rsplit_once('/').map_or(key, |(_, name)| name)
}

fn parent(key: &str) -> &str {
    key.rsplit_once('/').map_or("", |(head, _)| head)
}

#[cfg(test)]
mod tests;
