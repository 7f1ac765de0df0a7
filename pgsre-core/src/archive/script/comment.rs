//! What an entry says of itself, as the comment above its statements in a plain dump.

use crate::archive::toc::Entry;
use crate::archive::{Dependencies, EntryComment};

impl Entry {
    /// As `pg_dump` writes it above the entry (`_printTocEntry`, `sanitize_line`).
    pub(super) fn comment(&self) -> EntryComment {
        EntryComment {
            name: one_line(&self.tag),
            kind: self.description.clone(),
            schema: present(self.namespace.as_deref()),
            owner: present(self.owner.as_deref()),
        }
    }

    pub(super) fn needs(&self) -> Dependencies {
        Dependencies { id: self.dump_id, needs: self.dependencies.as_slice().into() }
    }
}

fn one_line(text: &[u8]) -> String {
    String::from_utf8_lossy(text).replace(['\n', '\r'], " ")
}

fn present(text: Option<&[u8]>) -> Option<String> {
    text.filter(|text| !text.is_empty() && *text != b"-").map(one_line)
}
