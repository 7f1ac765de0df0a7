//! Results for programs.

use std::io;

use serde::Serialize;

/// One object, indented, with a final newline.
///
/// # Errors
/// Where the value cannot be written as JSON.
pub fn object(value: &impl Serialize) -> io::Result<String> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    Ok(text)
}
