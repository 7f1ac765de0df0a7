//! Keys that sign reports, and those that check signatures.

use std::io::Read;
use std::path::Path;

use pgsre_core::history::{HistoryError, SigningKey, VerifyingKey};

use crate::error::CommandError;

/// More than any key in PEM takes.
const KEY_BYTES: u64 = 64 << 10;

/// The private key in this file.
pub(crate) fn signing_key(path: &Path) -> Result<SigningKey, CommandError> {
    read(path, SigningKey::from_pem)
}

/// The public key in this file.
pub(super) fn verifying_key(path: &Path) -> Result<VerifyingKey, CommandError> {
    read(path, VerifyingKey::from_pem)
}

fn read<T>(
    path: &Path,
    parse: impl Fn(&[u8]) -> Result<T, HistoryError>,
) -> Result<T, CommandError> {
    let wrong = || CommandError::usage(format!("cannot use the key {}", path.display()));
    let mut pem = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| wrong().with_cause(error))?;
    file.take(KEY_BYTES).read_to_end(&mut pem).map_err(|error| wrong().with_cause(error))?;
    parse(&pem).map_err(|error| wrong().with_cause(error))
}
