//! What an archive is, by its first bytes and never by its name.

use super::{ArchiveError, ArchiveErrorKind};

/// How many bytes recognising looks at: tar's magic lies at 257.
pub(super) const HEAD: usize = 1024;

/// What can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Empty,
    Text,
    /// `pg_dump -Fc`, or a directory's `toc.dat`.
    Custom,
    Tar,
    Gzip,
    Zstd,
    Lz4,
}

/// Magic bytes of what is recognised in order to be refused: offset, bytes, what it is, a hint.
const REFUSED: &[(usize, &[u8], &str, &str)] = &[
    (0, b"BZh", "compressed with bzip2", RECOMPRESS),
    (0, b"\xfd7zXZ\0", "compressed with xz", RECOMPRESS),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", RECOMPRESS),
    (0, b"PK\x03\x04", "a zip archive", RECOMPRESS),
    (0, b"\x89LZO\0", "compressed with lzop", RECOMPRESS),
    (0, b"LZIP", "compressed with lzip", RECOMPRESS),
    (0, b"\x1f\x9d", "compressed with compress", RECOMPRESS),
    (0, b"\xff\x06\0\0sNaPpY", "compressed with snappy", RECOMPRESS),
    (0, b"\x02\x21\x4c\x18", "a legacy lz4 stream (lz4 -l)", "compress without -l"),
    (0, b"age-encryption.org/", "encrypted with age", DECRYPT),
    (0, b"-----BEGIN AGE ENCRYPTED FILE-----", "encrypted with age", DECRYPT),
    (0, b"-----BEGIN PGP MESSAGE-----", "encrypted with OpenPGP", DECRYPT),
    (0, b"Salted__", "encrypted with openssl enc", DECRYPT),
    (0, b"\x8c\x0d\x04", "encrypted with OpenPGP (a passphrase)", DECRYPT),
    (0, b"\xc3\x0d\x04", "encrypted with OpenPGP (a passphrase)", DECRYPT),
    (0, b"\x84\x5e\x03", "encrypted with OpenPGP", DECRYPT),
    (0, b"\x84\x8c\x03", "encrypted with OpenPGP", DECRYPT),
    (0, b"\x85\x01\x0c\x03", "encrypted with OpenPGP", DECRYPT),
    (0, b"\x85\x01\x8c\x03", "encrypted with OpenPGP", DECRYPT),
    (0, b"\x85\x02\x0c\x03", "encrypted with OpenPGP", DECRYPT),
    (0, b"\xc1\xc0\x4c\x03", "encrypted with OpenPGP", DECRYPT),
];
const RECOMPRESS: &str = "compress with gzip, zstd or lz4";
const DECRYPT: &str = "decrypt it first: what cannot be read cannot be judged";

/// Tells what `head`, the first [`HEAD`] bytes or all there are, begins.
pub(super) fn recognise(head: &[u8]) -> Result<Content, ArchiveError> {
    if head.is_empty() {
        return Ok(Content::Empty);
    }
    for (offset, magic, what, hint) in REFUSED {
        if head.get(*offset..).is_some_and(|rest| rest.starts_with(magic)) {
            return Err(ArchiveError::new(
                ArchiveErrorKind::Unsupported,
                format!("the backup is {what}, which is not read by this version"),
            )
            .with_hint(*hint));
        }
    }
    if head.get(257..).is_some_and(|rest| rest.starts_with(b"ustar")) {
        return Ok(Content::Tar);
    }
    match head {
        [b'P', b'G', b'D', b'M', b'P', ..] => Ok(Content::Custom),
        [0x1f, 0x8b, ..] => Ok(Content::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Ok(Content::Zstd),
        // pzstd begins with a skippable frame; no lz4 tool does.
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Ok(Content::Zstd),
        [0x04, 0x22, 0x4d, 0x18, ..] => Ok(Content::Lz4),
        _ => {
            refuse_utf16(head)?;
            refuse_error_page(head)?;
            Ok(Content::Text)
        }
    }
}

/// Whether the header of a compressed stream says that a checksum of its content follows: gzip
/// always has one (RFC 1952), zstd and lz4 say it in a flag (RFC 8878, 3.1.1.1.1; LZ4 frame format).
pub(super) fn has_checksum(head: &[u8], content: Content) -> bool {
    let flag = head.get(4).is_some_and(|flags| flags & 0b100 != 0);
    match content {
        Content::Gzip => true,
        Content::Zstd => flag && head.starts_with(b"\x28\xb5\x2f\xfd"),
        Content::Lz4 => flag,
        _ => false,
    }
}

fn refuse_utf16(head: &[u8]) -> Result<(), ArchiveError> {
    let is_utf16 = matches!(head, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
        || matches!(head, [b'-', 0, b'-', 0, ..] | [0, b'-', 0, b'-', ..]);
    if !is_utf16 {
        return Ok(());
    }
    Err(ArchiveError::corrupt("the backup is UTF-16 text, which neither psql nor pgsre restores")
        .with_hint(
            "Windows PowerShell's > rewrites what passes through it: use pg_dump -f FILE instead",
        ))
}

/// An object store's or a proxy's answer, saved in place of the backup.
fn refuse_error_page(head: &[u8]) -> Result<(), ArchiveError> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let what = match text {
        [b'<', b'!' | b'?' | b'a'..=b'z' | b'A'..=b'Z', ..] => "an HTML or XML page",
        [b'{', ..] => "JSON",
        _ => return Ok(()),
    };
    let message = match error_code(text) {
        Some(code) => format!("the backup is {what} that says {code}, not a dump"),
        None => format!("the backup is {what}, not a dump"),
    };
    Err(ArchiveError::corrupt(message)
        .with_hint("an error message was saved in place of the backup: check the job's download"))
}

/// What stands between `<Code>` and `</Code>`: the only part of such a page that holds no secrets.
fn error_code(text: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(text);
    let (_, behind) = text.split_once("<Code>")?;
    let (code, _) = behind.split_once("</Code>")?;
    let plain = code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric());
    plain.then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use super::*;

    fn refusal(head: &[u8]) -> ArchiveError {
        match recognise(head) {
            Ok(content) => panic!("recognised as {content:?}"),
            Err(error) => error,
        }
    }

    #[test]
    fn what_can_be_read_is_recognised_by_its_first_bytes() {
        assert_eq!(recognise(b"").unwrap(), Content::Empty);
        assert_eq!(recognise(b"--\n-- PostgreSQL").unwrap(), Content::Text);
        assert_eq!(recognise(b"\xef\xbb\xbf--\n").unwrap(), Content::Text);
        assert_eq!(recognise(b"PGDMP\x01\x0e\x00").unwrap(), Content::Custom);
        let mut tar = vec![0; 600];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(recognise(&tar).unwrap(), Content::Tar);
        assert_eq!(recognise(b"\x1f\x8b\x08").unwrap(), Content::Gzip);
        assert_eq!(recognise(b"\x28\xb5\x2f\xfd\0").unwrap(), Content::Zstd);
        assert_eq!(recognise(b"\x04\x22\x4d\x18\0").unwrap(), Content::Lz4);
    }

    #[test]
    fn other_formats_are_unsupported_and_named() {
        for (head, name) in [
            (&b"BZh91AY"[..], "bzip2"),
            (b"PK\x03\x04zzz", "zip"),
            (b"Salted__abcdefgh", "openssl"),
            (b"age-encryption.org/v1\n", "age"),
        ] {
            let error = refusal(head);
            assert_eq!(error.kind(), ArchiveErrorKind::Unsupported);
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn an_error_page_saved_in_place_of_the_backup_is_corrupt_and_says_its_code() {
        let page = b"<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code><Message>x</Message>";
        let error = refusal(page);
        assert_eq!(error.kind(), ArchiveErrorKind::Corrupt);
        assert!(error.to_string().contains("AccessDenied"), "{error}");
        assert_eq!(refusal(b"{\"error\": 1}").kind(), ArchiveErrorKind::Corrupt);
    }

    #[test]
    fn utf_16_text_is_corrupt_and_names_powershell() {
        for head in [&b"\xff\xfe-\0-\0"[..], b"\xfe\xff\0-\0-", b"-\0-\0"] {
            let error = refusal(head);
            assert_eq!(error.kind(), ArchiveErrorKind::Corrupt);
            assert!(error.to_finding("x").hint.contains("PowerShell"));
        }
    }
}
