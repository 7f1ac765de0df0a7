//! The reader of directories: any members of any names. They are cut from the input: a byte with the
//! length of the name, the name, four bytes with the length of the contents, the contents.

#![no_main]

#[path = "../one_read.rs"]
mod one_read;

use one_read::Objects;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut objects = Objects::new();
    let mut rest = bytes;
    while let Some((name, content)) = member(&mut rest) {
        objects.insert(format!("shop/{name}"), content.to_vec());
    }
    // Without it the source lists no directory, but a heap of files.
    if objects.contains_key("shop/toc.dat") {
        one_read::read(objects);
    }
});

fn member<'a>(rest: &mut &'a [u8]) -> Option<(&'a str, &'a [u8])> {
    let length = usize::from(*rest.split_off_first()?);
    let name = std::str::from_utf8(rest.split_off(..length)?).ok()?;
    let length: [u8; 4] = rest.split_off(..4)?.try_into().ok()?;
    let length = usize::try_from(u32::from_le_bytes(length)).ok()?.min(rest.len());
    let content = rest.split_off(..length)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    (!name.is_empty() && !name.starts_with('.') && name.chars().all(plain))
        .then_some((name, content))
}
