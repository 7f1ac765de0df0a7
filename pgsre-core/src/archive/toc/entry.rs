//! The entries (`ReadToc`).

use std::io::Read;

use super::{Entry, Header};
use crate::archive::{ArchiveError, ArchiveErrorKind, ReadOptions};

pub(super) fn read_all(
    _input: &mut dyn Read,
    _header: &Header,
    _options: &ReadOptions,
) -> Result<Vec<Entry>, ArchiveError> {
    Err(ArchiveError::new(ArchiveErrorKind::Unsupported, "archives are not read yet"))
}
