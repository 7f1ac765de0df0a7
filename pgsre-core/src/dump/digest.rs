//! The SHA-256 and the length of what goes by.

use sha2::{Digest as _, Sha256};

#[derive(Clone, Debug, Default)]
pub(super) struct Digest {
    hash: Sha256,
    bytes: u64,
}

impl Digest {
    pub(super) fn update(&mut self, chunk: &[u8]) {
        self.hash.update(chunk);
        self.bytes += chunk.len() as u64;
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// In hexadecimal.
    pub(super) fn sha256(self) -> String {
        self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
