//! `pgsre report verify`: was a report altered, removed or inserted?

use pgsre_core::history::{Verification, VerifyRequest};
use serde::Serialize;

use super::key::verifying_key;
use super::{store, unreadable};
use crate::args::{Format, VerifyArgs};
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::render::{human, json};

/// The JSON of `pgsre report verify`.
#[derive(Clone, Debug, Serialize)]
pub struct VerifyResult {
    /// The version of this shape: 1.
    pub schema: u32,
    /// Where the reports lie.
    pub place: String,
    /// What looking at them came to.
    #[serde(flatten)]
    pub found: Verification,
}

pub(super) async fn run(
    args: &VerifyArgs,
    face: &Face,
    environment: &Environment,
) -> Result<u8, CommandError> {
    let request = VerifyRequest {
        keys: args.key.iter().map(|path| verifying_key(path)).collect::<Result<_, _>>()?,
        head: args.head.as_deref().map(digest).transpose()?,
    };
    let store = store(args.report.as_deref(), environment)?;
    let found = store.verify(&request).await.map_err(unreadable)?;
    let result = VerifyResult { schema: 1, place: store.to_string(), found };
    face.print(&match args.format {
        Format::Human => human::verification(face, &result),
        Format::Json => json::object(&result)?,
    })?;
    Ok(exit_code::of_verdict(result.found.outcome))
}

fn digest(text: &str) -> Result<String, CommandError> {
    let digest = text.trim();
    if digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(digest.to_owned());
    }
    Err(CommandError::usage("--head is no SHA-256 in hexadecimal")
        .with_hint("`pgsre report verify` prints the last report's"))
}
