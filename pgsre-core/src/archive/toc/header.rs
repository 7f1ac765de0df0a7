//! The header (`ReadHead`).

use std::io::Read;

use super::Header;
use crate::archive::{ArchiveError, ArchiveErrorKind};

impl Header {
    pub(super) fn read(_input: &mut dyn Read) -> Result<Self, ArchiveError> {
        Err(ArchiveError::new(ArchiveErrorKind::Unsupported, "archives are not read yet"))
    }
}
