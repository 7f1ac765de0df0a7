//! Which objects are backups, judged by their names.

use std::collections::BTreeMap;

use crate::backup::{Backup, BackupFormat, BackupPart};

/// The last extension of what lies beside backups: checksums, signatures, reports, scripts, and
/// uploads that are not finished.
const NOISE: &[&str] = &[
    "sha256",
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
    "tmp",
    "part",
    "partial",
    "incomplete",
    "filepart",
    "crdownload",
];

const COMPRESSION: &[&str] = &["gz", "gzip", "zst", "zstd", "lz4", "bz2", "xz"];

/// The table of contents that makes a directory a dump (`pg_dump -Fd`).
const TOC: &str = "toc.dat";

/// The backups that these objects are: noise left out, the parts of directory-format dumps put
/// together. `root` names a dump whose table of contents lies in the source itself.
pub(super) fn backups(parts: Vec<BackupPart>, root: &str) -> Vec<Backup> {
    let parts: Vec<BackupPart> = parts.into_iter().filter(|part| !is_noise(&part.key)).collect();
    let mut directories: BTreeMap<String, Vec<BackupPart>> = parts
        .iter()
        .filter(|part| basename(&part.key) == TOC)
        .map(|part| (parent(&part.key).to_owned(), Vec::new()))
        .collect();
    let mut backups = Vec::new();
    for part in parts {
        match directory_of(&part.key, &directories) {
            Some(directory) => directories.entry(directory).or_default().push(part),
            None => backups.push(single(part)),
        }
    }
    backups.extend(directories.into_iter().filter_map(|(key, parts)| {
        let key = if key.is_empty() { root.to_owned() } else { key };
        directory(key, parts)
    }));
    backups
}

/// The outermost directory with a table of contents that `key` lies in.
fn directory_of(key: &str, directories: &BTreeMap<String, Vec<BackupPart>>) -> Option<String> {
    if directories.is_empty() {
        return None;
    }
    let ends = std::iter::once(0).chain(key.match_indices('/').map(|(at, _)| at));
    ends.map(|end| &key[..end]).find(|head| directories.contains_key(*head)).map(str::to_owned)
}

fn single(part: BackupPart) -> Backup {
    Backup {
        key: part.key.clone(),
        format: format_of(&part.key),
        size: part.size,
        modified: part.modified,
        parts: vec![part],
        checksum: None,
    }
}

fn directory(key: String, mut parts: Vec<BackupPart>) -> Option<Backup> {
    parts.sort_by(|a, b| a.key.cmp(&b.key));
    Some(Backup {
        key,
        format: BackupFormat::Directory,
        size: parts.iter().map(|part| part.size).sum(),
        modified: parts.iter().map(|part| part.modified).max()?,
        parts,
        checksum: None,
    })
}

fn is_noise(key: &str) -> bool {
    let hidden = key.split('/').any(|segment| segment.starts_with('.'));
    let name = basename(key).to_ascii_lowercase();
    hidden || name.rsplit_once('.').is_some_and(|(_, extension)| NOISE.contains(&extension))
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
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn keys(keys: &[&str]) -> Vec<(String, BackupFormat, usize)> {
        let part = |key: &&str| BackupPart {
            key: (*key).to_owned(),
            size: 1,
            modified: Timestamp::UNIX_EPOCH,
            etag: None,
        };
        let mut found: Vec<_> = backups(keys.iter().map(part).collect(), "root")
            .into_iter()
            .map(|backup| (backup.key, backup.format, backup.parts.len()))
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    #[test]
    fn sidecars_hidden_files_and_unfinished_uploads_are_no_backups() {
        let listed =
            ["a.sql.gz", "a.sql.gz.sha256", "a.pgsre.json", ".a.sql", ".x/b.sql", "c.sql.part"];
        assert_eq!(keys(&listed), [("a.sql.gz".to_owned(), BackupFormat::Plain, 1)]);
    }

    #[test]
    fn a_directory_with_a_table_of_contents_is_one_backup() {
        let listed = ["d/shop/0001.dat.gz", "d/shop/toc.dat", "d/shop/blobs/1", "d/other.tar"];
        assert_eq!(
            keys(&listed),
            [
                ("d/other.tar".to_owned(), BackupFormat::Tar, 1),
                ("d/shop".to_owned(), BackupFormat::Directory, 3)
            ]
        );
    }

    #[test]
    fn a_source_that_is_itself_a_directory_dump_is_one_backup() {
        assert_eq!(
            keys(&["0001.dat", "toc.dat"]),
            [("root".to_owned(), BackupFormat::Directory, 2)]
        );
    }

    #[test]
    fn a_name_that_says_nothing_is_of_unknown_format() {
        assert_eq!(format_of("x/latest"), BackupFormat::Unknown);
        assert_eq!(format_of("x/shop.dump"), BackupFormat::Unknown);
        assert_eq!(format_of("x/shop.SQL.zst"), BackupFormat::Plain);
        assert_eq!(format_of("x/shop.pgdump"), BackupFormat::Custom);
    }
}
