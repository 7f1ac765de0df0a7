//! How an archive is loaded, and how its places are counted.

use crate::archive::DumpScope;
use crate::backup::BackupFormat;
use crate::restore::RestoreRequest;

/// How an archive is loaded.
#[derive(Clone, Copy, Debug)]
pub(in crate::restore) struct Manner {
    /// Connections that load at the same time; with one, everything goes in the archive's order.
    pub(super) jobs: usize,
    /// How many were asked for, where they may be used.
    pub(super) asked: usize,
    pub(super) counted: Counted,
    /// The major version of the `pg_dump` that wrote the archive, where it says so.
    pub(super) writer: Option<u32>,
}

/// What the places of an archive's statements are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// Lines of text.
    Lines,
    /// Entries of a table of contents.
    Entries,
}

impl Manner {
    /// SQL of unknown origin goes in its own order: what it means by it cannot be known.
    pub(in crate::restore) fn of(request: &RestoreRequest) -> Self {
        let jobs = match request.preamble.scope {
            DumpScope::Untrailed => 1,
            _ => request.jobs.max(1),
        };
        let counted = match request.preamble.format {
            BackupFormat::Plain => Counted::Lines,
            _ => Counted::Entries,
        };
        Self { jobs, asked: jobs, counted, writer: request.preamble.writer_major() }
    }
}

impl Counted {
    /// `line 12` or `entry 12`.
    pub(super) fn at(self, place: u64) -> String {
        match self {
            Self::Lines => format!("line {place}"),
            Self::Entries => format!("entry {place}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_as_its_archive_counts() {
        assert_eq!(Counted::Lines.at(12), "line 12");
        assert_eq!(Counted::Entries.at(12), "entry 12");
    }
}
