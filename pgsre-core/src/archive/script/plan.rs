//! Which entries run when (`_tocEntryRestorePass`, `_tocEntryRequired`).

use crate::archive::Section;
use crate::archive::toc::{Entry, Toc};

/// What runs around the data.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) before: Vec<Step>,
    pub(super) after: Vec<Step>,
}

/// An entry that runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Its place in the table of contents, from 0.
    pub(super) place: usize,
    pub(super) section: Section,
}

/// What runs together, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    PreData,
    /// From 17 on these stand among the data, in front of the data of large objects.
    LargeObjects,
    PostData,
    Data,
    /// Privileges: behind everything that may need that they are not yet given away.
    Acl,
    /// What needs privileges, and what should not see the restore's own work.
    PostAcl,
}

impl Plan {
    pub(super) fn of(toc: &Toc) -> Self {
        let mut steps = steps(toc);
        // Stable: inside a group the order is that of the table of contents.
        steps.sort_by_key(|(group, _)| *group);
        let behind = steps.partition_point(|(group, _)| *group <= Group::PostData);
        let steps: Vec<Step> = steps.into_iter().map(|(_, step)| step).collect();
        let (before, after) = steps.split_at(behind);
        Self { before: before.to_vec(), after: after.to_vec() }
    }
}

/// Everything that runs, in the order of the table of contents.
fn steps(toc: &Toc) -> Vec<(Group, Step)> {
    let mut current = Section::PreData;
    let mut found = Vec::new();
    for (place, entry) in toc.entries.iter().enumerate() {
        // An entry of no section, such as a comment, stands behind what it is about.
        current = entry.section.unwrap_or(current);
        if runs(entry) {
            let group = Group::of(entry, current);
            let late = group > Group::Data;
            let section = if late { Section::PostData } else { current };
            found.push((group, Step { place, section }));
        }
    }
    found
}

/// Whether there is something to run.
fn runs(entry: &Entry) -> bool {
    let setting = matches!(entry.description.as_str(), "ENCODING" | "STDSTRINGS" | "SEARCHPATH");
    let obsolete = entry.description == "<Init>" && entry.tag == b"Max OID";
    !setting && !obsolete && !entry.had_dumper && !entry.definition.is_empty()
}

impl Group {
    fn of(entry: &Entry, section: Section) -> Self {
        match (entry.description.as_str(), section) {
            ("ACL" | "ACL LANGUAGE" | "DEFAULT ACL", _) => Self::Acl,
            ("EVENT TRIGGER" | "MATERIALIZED VIEW DATA", _) => Self::PostAcl,
            ("COMMENT" | "SECURITY LABEL", _) if entry.tag.starts_with(b"EVENT TRIGGER ") => {
                Self::PostAcl
            }
            ("STATISTICS DATA", Section::PostData) => Self::PostAcl,
            ("BLOB" | "BLOB METADATA", Section::Data) => Self::LargeObjects,
            (_, Section::PreData) => Self::PreData,
            (_, Section::Data) => Self::Data,
            (_, Section::PostData) => Self::PostData,
        }
    }
}
