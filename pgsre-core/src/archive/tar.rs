//! Tar: what `pg_dump -Ft` writes, or a directory-format dump that was packed up.

use std::collections::HashSet;
use std::io::BufRead;

use super::data;
use super::decompress::Input;
use super::members::{self, LargeObjects, Members, Role};
use super::reader::{Job, Outbox, Stop};
use super::script::{DataEntry, Script};
use super::{ArchiveError, ArchiveErrorKind, ArchiveItem};
use crate::backup::{BackupFormat, Compression};
use crate::source::is_dump_member;

mod container;
mod header;

pub(super) use container::Container;
use container::Member;

/// A copy of the script, which `pg_dump -Ft` writes behind everything else for people.
const SCRIPT: &str = "restore.sql";

/// Reads a tar; `compression` is that around it.
///
/// Its members come in the order in which they lie in it, whatever that is: only the table of
/// contents must be the first.
pub(super) fn read(
    input: Input,
    compression: Compression,
    job: &Job,
    outbox: &mut Outbox,
) -> Result<(), Stop> {
    let mut container = Container::new(input);
    let first = first_member(&mut container)?;
    let toc = members::read_toc(&mut container, &job.options)?;
    let inner = toc.header.compression;
    let script = Script::of(toc, &job.options)?;
    let shown = if compression == Compression::None { inner } else { compression };
    outbox.send_preamble(script.preamble(BackupFormat::Tar, shown))?;
    for item in script.before_data() {
        outbox.push(item?)?;
    }
    let mut walk = Walk::new(&script, &first)?;
    while let Some(member) = container.next()? {
        walk.read(&member, &mut container, job, outbox)?;
    }
    walk.finish()?;
    for item in script.after_data() {
        outbox.push(item?)?;
    }
    let mut summary = outbox.summary().clone();
    summary.bytes_read = job.objects.bytes_read();
    outbox.push(ArchiveItem::End(summary))?;
    outbox.flush()
}

fn first_member(container: &mut Container<impl BufRead>) -> Result<Member, ArchiveError> {
    let first = container.next()?;
    let Some(first) = first else {
        return Err(ArchiveError::empty("the tar holds no file"));
    };
    match first.name.rsplit('/').next() {
        Some(members::TOC) => Ok(first),
        _ => Err(no_dump(&first.name)),
    }
}

/// Says what a tar is that does not begin with a table of contents.
fn no_dump(first: &str) -> ArchiveError {
    let unsupported = |message| ArchiveError::new(ArchiveErrorKind::Unsupported, message);
    let name = first.rsplit('/').next().unwrap_or(first);
    if is_dump_member(name) {
        return unsupported(format!(
            "the tar is a directory-format dump that was packed with {name} first: what its files \
             are is known only behind toc.dat"
        ))
        .with_hint(
            "pack it with toc.dat in front (cd shop && tar cf ../shop.tar toc.dat [0-9]*.dat* \
             blob*), or keep the directory as it is",
        );
    }
    if is_of_base_backup(first) {
        return unsupported("the tar is a base backup (pg_basebackup), not a dump".to_owned())
            .with_hint("verify base backups with pg_verifybackup; drills restore dumps");
    }
    unsupported(format!("the tar begins with {first}, not with the toc.dat of a dump"))
        .with_hint("drill what pg_dump wrote itself, not a tar around it")
}

/// What lies at the top of a data directory, and WAL files.
fn is_of_base_backup(first: &str) -> bool {
    let top = first.split('/').next().unwrap_or(first);
    let is_wal = top.len() == 24 && top.bytes().all(|byte| byte.is_ascii_hexdigit());
    let known =
        ["backup_label", "tablespace_map", "backup_manifest", "PG_VERSION", "base", "global"];
    is_wal || known.contains(&top) || top.starts_with("pg_") || top.starts_with("PG_")
}

/// What was seen of the members, and what is still to come.
struct Walk<'a> {
    script: &'a Script,
    members: Members,
    large_objects: LargeObjects,
    seen: HashSet<Role>,
    /// The directory in the tar in which all of it lies, with its `/`.
    root: String,
    is_of_pg_dump: bool,
    /// The script was seen: nothing comes behind it.
    is_complete: bool,
}

impl<'a> Walk<'a> {
    fn new(script: &'a Script, first: &Member) -> Result<Self, ArchiveError> {
        Ok(Self {
            script,
            members: Members::of(script.header(), script.data())?,
            large_objects: LargeObjects::of(script.data())?,
            seen: HashSet::new(),
            root: first.name.strip_suffix(members::TOC).unwrap_or_default().to_owned(),
            is_of_pg_dump: first.is_of_pg_dump && first.name == members::TOC,
            is_complete: false,
        })
    }

    fn read(
        &mut self,
        member: &Member,
        input: &mut dyn BufRead,
        job: &Job,
        outbox: &mut Outbox,
    ) -> Result<(), Stop> {
        let name = member.name.strip_prefix(&self.root).unwrap_or(&member.name);
        if self.is_complete {
            return Err(members::unknown(name).into());
        }
        if self.is_of_pg_dump && name == SCRIPT {
            self.is_complete = true;
            return Ok(());
        }
        let Some((role, codec)) = self.members.role(name) else {
            let is_foreign = !self.is_of_pg_dump && !is_dump_member(name);
            return if is_foreign { Ok(()) } else { Err(members::unknown(name).into()) };
        };
        let within = |stop: Stop| stop.map(|error| error.within(name));
        let entry = self.take(role, name)?;
        let codec = match role {
            Role::LargeObject(_) => members::codec_of_large_object(codec, member.size),
            _ => codec,
        };
        let mut unpacked = codec.unpack(input).map_err(|error| error.within(name))?;
        match role {
            Role::Table(_) => {
                data::table(&mut unpacked, entry, self.script.header(), &job.options, outbox)
                    .map_err(within)
            }
            Role::LargeObject(oid) => {
                data::large_object(&mut unpacked, oid, entry.line, outbox).map_err(within)
            }
            Role::List(at) => {
                let mut list = std::io::BufReader::new(unpacked);
                Ok(self.large_objects.read_list(&mut list, name, at)?)
            }
        }
    }

    /// The entry of a member that comes for the first time.
    fn take(&mut self, role: Role, name: &str) -> Result<&'a DataEntry, ArchiveError> {
        let at = match role {
            Role::LargeObject(oid) => self.large_objects.find(oid, name)?,
            Role::Table(at) | Role::List(at) if self.seen.insert(role) => at,
            _ => return Err(ArchiveError::corrupt(format!("{name} comes twice in the tar"))),
        };
        self.script.data().get(at).ok_or_else(|| members::unknown(name))
    }

    fn finish(&self) -> Result<(), ArchiveError> {
        let files = self.members.names().filter(|(_, role)| !self.seen.contains(role));
        let mut missing: Vec<String> = files.map(|(name, _)| name.to_owned()).collect();
        missing.extend(self.large_objects.not_found());
        if !missing.is_empty() {
            let of = self.script.data().len() + self.large_objects.count();
            return Err(members::missing("tar", missing, of));
        }
        self.large_objects.demand_listed()?;
        if self.is_of_pg_dump && !self.is_complete {
            return Err(members::missing(
                "tar",
                vec![SCRIPT.to_owned()],
                self.script.data().len() + 2,
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
