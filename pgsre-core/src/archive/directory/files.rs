//! The objects of a directory, held against its table of contents.

use std::collections::BTreeMap;

use crate::archive::data::Codec;
use crate::archive::members::{self, LargeObjects, Members, Role, TOC};
use crate::archive::script::DataEntry;
use crate::archive::{ArchiveError, ArchiveErrorKind};
use crate::backup::{Backup, BackupPart};
use crate::source::is_dump_member;

/// One object of the directory.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) codec: Codec,
    pub(super) part: BackupPart,
}

/// All of them: first by their names, then by what they are.
#[derive(Debug)]
pub(super) struct Files {
    listed: Vec<File>,
    by_role: BTreeMap<Role, File>,
}

impl Files {
    /// What lies in the directory itself: `pg_dump` makes no directories inside.
    pub(super) fn of(backup: &Backup) -> Result<Self, ArchiveError> {
        let Some(directory) = backup.directory() else {
            return Err(ArchiveError::empty("the backup has no object at all"));
        };
        let listed = backup.parts.iter().filter_map(|part| {
            let name = part.key.strip_prefix(directory)?.trim_start_matches('/');
            let (_, codec) = members::split_codec(name);
            (!name.contains('/')).then(|| File { name: name.to_owned(), codec, part: part.clone() })
        });
        Ok(Self { listed: listed.collect(), by_role: BTreeMap::new() })
    }

    pub(super) fn take_toc(&mut self) -> Result<File, ArchiveError> {
        let is_toc = |file: &File| members::split_codec(&file.name).0 == TOC;
        let mut tocs: Vec<File> = self.listed.iter().filter(|file| is_toc(file)).cloned().collect();
        self.listed.retain(|file| !is_toc(file));
        match (tocs.pop(), tocs.pop()) {
            (Some(toc), None) if toc.part.size == 0 => {
                Err(empty(&toc.name, "the table of contents"))
            }
            (Some(toc), None) => Ok(toc),
            (Some(one), Some(two)) => Err(twice(&two.name, &one.name)),
            (None, _) => Err(ArchiveError::truncated(
                "the backup is the data files of a directory-format dump without its toc.dat: what \
                 they are is not known",
            )),
        }
    }

    /// Says what each file is. What only looks like one of a dump is not in its table of contents;
    /// others that lie there do not belong to it.
    pub(super) fn assign(&mut self, members: &Members) -> Result<(), ArchiveError> {
        for file in std::mem::take(&mut self.listed) {
            let Some((role, _)) = members.role(&file.name) else {
                if is_dump_member(&file.name) {
                    return Err(members::unknown(&file.name));
                }
                self.listed.push(file);
                continue;
            };
            let name = file.name.clone();
            if let Some(other) = self.by_role.insert(role, file) {
                return Err(twice(&other.name, &name));
            }
        }
        Ok(())
    }

    /// Demands the files that the table of contents names, and that something is in them.
    pub(super) fn demand(&self, members: &Members, data: &[DataEntry]) -> Result<(), ArchiveError> {
        let missing = members.names().filter(|(_, role)| !self.by_role.contains_key(role));
        let missing: Vec<String> = missing.map(|(name, _)| name.to_owned()).collect();
        if !missing.is_empty() {
            return Err(self.explain(members::missing("directory", missing, data.len())));
        }
        for (_, role) in members.names() {
            let file = self.file(role)?;
            if file.part.size == 0 {
                return Err(empty(&file.name, &members::of_role(role, data)));
            }
        }
        Ok(())
    }

    /// Demands a file for each large object that is listed, and none for any other.
    pub(super) fn demand_large_objects(
        &self,
        large_objects: &mut LargeObjects,
    ) -> Result<(), ArchiveError> {
        let known = large_objects.count();
        for (role, file) in &self.by_role {
            if let Role::LargeObject(oid) = role {
                large_objects.find(*oid, &file.name)?;
                if file.part.size == 0 && file.codec == Codec::Gzip {
                    return Err(empty(&file.name, &format!("large object {oid}")));
                }
            }
        }
        if large_objects.count() > known {
            // Files that no list names, in an archive that announces no large objects.
            large_objects.demand_listed()?;
        }
        let missing: Vec<String> = large_objects.not_found().collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(self.explain(members::missing("directory's large objects", missing, known)))
    }

    pub(super) fn file(&self, role: Role) -> Result<&File, ArchiveError> {
        self.by_role.get(&role).ok_or_else(|| {
            ArchiveError::new(ArchiveErrorKind::Unsupported, "a file of the directory is not known")
                .with_hint("this is a fault of pgsre: please report it")
        })
    }

    /// What cannot be told from damage where no checksum says what the files must be: a large object
    /// that is empty from one whose file was emptied.
    pub(super) fn unproved(&self) -> Option<String> {
        let mut empty = self.large_objects().filter(|file| file.part.size == 0);
        let first = empty.next()?;
        Some(format!(
            "{} files of large objects, {} among them, are empty: so is the file of an empty one, \
             and one that was emptied (compress with gzip, or keep a SHA256SUMS beside them)",
            1 + empty.count(),
            first.name
        ))
    }

    /// What no reader can see where no checksum says what the files must be: how long a large object
    /// is stands nowhere but in its own file.
    pub(super) fn unguarded(&self) -> Option<String> {
        let open = self.large_objects().filter(|file| file.codec == Codec::None).count();
        (open > 0).then(|| format!("{open} files of large objects do not say where they must end"))
    }

    fn large_objects(&self) -> impl Iterator<Item = &File> {
        let files = self.by_role.iter();
        files.filter_map(|(role, file)| matches!(role, Role::LargeObject(_)).then_some(file))
    }

    /// The same error, where what is missing is there under another name.
    fn explain(&self, error: ArchiveError) -> ArchiveError {
        let is_unfinished =
            |file: &&File| file.name.rsplit_once('.').is_some_and(|(name, _)| is_dump_member(name));
        match self.listed.iter().find(is_unfinished) {
            Some(file) => error.within(&format!("{} looks like an unfinished upload", file.name)),
            None if self.by_role.is_empty() => error.with_hint(
                "where only toc.dat was named, name the directory; else the upload was cut short",
            ),
            None => error,
        }
    }
}

fn empty(name: &str, what: &str) -> ArchiveError {
    ArchiveError::truncated(format!("{name}, {what}, is empty: even of an empty table it is not"))
}

fn twice(one: &str, two: &str) -> ArchiveError {
    ArchiveError::corrupt(format!("{one} and {two} are the same file of the dump"))
        .with_hint("files of two dumps seem to be mixed: write each dump to a place of its own")
}
