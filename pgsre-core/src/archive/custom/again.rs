//! The table of contents, written once more behind the data.
//!
//! From 16 on, `pg_dump -Fc > file` opens its output for appending, but believes that it can seek
//! in it: the second writing of the table of contents, which says where the data lies and is meant
//! to overwrite the first, comes to lie behind the last block.

use std::collections::HashMap;
use std::io::{BufRead, Read};
use std::sync::Arc;

use super::counted::Counted;
use crate::archive::reader::Job;
use crate::archive::script::Script;
use crate::archive::toc::{DataPlace, Entry, Toc};
use crate::archive::{ArchiveError, ReadOptions};
use crate::backup::BackupPart;

/// Where each block begins, by dump ID.
pub(super) type Places = HashMap<i32, u64>;

/// Demands the end of the file behind the last block, or the table of contents again and then the
/// end. `found` is where the blocks were.
pub(super) fn read_end(
    input: &mut Counted<impl BufRead>,
    found: &Places,
    script: &Script,
    options: &ReadOptions,
) -> Result<(), ArchiveError> {
    if input.is_at_end()? {
        return Ok(());
    }
    let at = input.position();
    let behind = |what: &str| {
        ArchiveError::corrupt(format!(
            "bytes stand behind the last block of data, at byte {at}: {what}"
        ))
    };
    let written = entries(input, script, options).map_err(|error| {
        error.within(&format!("in what stands behind the last block of data, at byte {at}"))
    })?;
    match written.and_then(|entries| places(&entries)) {
        Some(places) if places == *found => {}
        Some(_) => return Err(behind("a table of contents that says other places of the data")),
        None => return Err(behind("they are not the table of contents again")),
    }
    if input.is_at_end()? { Ok(()) } else { Err(behind("more than the table of contents")) }
}

/// Looks for the table of contents at the end of an object whose first one, of `length` bytes, does
/// not say where the data lies: where it begins, and what it says.
pub(super) fn look(
    script: &Script,
    part: &BackupPart,
    length: u64,
    job: &Job,
) -> Option<(u64, Places)> {
    let begin = part.size.checked_sub(length)?;
    // Counted when it turns out to be what is looked for.
    let uncounted = job.objects.counted_by(Arc::default());
    let tail = uncounted.open(part, Some(begin..part.size));
    let mut input = Counted::at(tail, begin);
    let entries = entries(&mut input, script, &job.options).ok()??;
    if input.is_at_end().ok()? { Some((begin, places(&entries)?)) } else { None }
}

/// The entries, if they are those of the script but for their places.
fn entries(
    input: &mut dyn Read,
    script: &Script,
    options: &ReadOptions,
) -> Result<Option<Vec<Entry>>, ArchiveError> {
    let again = Toc::behind(script.header().clone(), input, options)?.entries;
    let first = script.entries();
    let same = again.len() == first.len()
        && first.iter().zip(&again).all(|(first, again)| {
            let data = again.data.clone();
            Entry { data, ..first.clone() } == *again
        });
    Ok(same.then_some(again))
}

/// What the entries say of the places of their data; `None` where one does not say it.
fn places(entries: &[Entry]) -> Option<Places> {
    let with_data = entries.iter().filter(|entry| entry.data != DataPlace::None);
    with_data
        .map(|entry| match entry.data {
            DataPlace::Offset(at) => Some((entry.dump_id, at)),
            _ => None,
        })
        .collect()
}

/// What the first table of contents says of the places.
pub(super) fn first_places(script: &Script) -> Option<Places> {
    places(script.entries())
}
