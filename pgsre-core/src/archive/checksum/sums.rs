//! What `sha256sum` writes, and reads again with `--check`.

use std::collections::HashMap;

pub(super) type Digest = [u8; 32];

/// Linux allows paths of 4,096 bytes; a line that is longer than any of them is none.
const LONGEST_LINE: usize = 16 << 10;

/// Digests of those files that are asked for.
///
/// Reads lines of `DIGEST  name` (text) or `DIGEST *name` (binary), with a `\` in front where the
/// name is escaped, `SHA256 (name) = DIGEST` (`--tag`), or one digest alone. What is kept is bounded
/// by the names, whatever the list's size.
#[derive(Debug)]
pub(super) struct Sums {
    /// The paths that are asked for, by their last parts.
    asked: HashMap<String, Vec<String>>,
    found: HashMap<String, Found>,
    /// The last of them, whatever its name, and how many digests there are.
    last: Digest,
    digests: usize,
    /// Lines so far, and the beginning of the one that is being read.
    lines: usize,
    line: Vec<u8>,
}

/// What the list says of one path.
#[derive(Debug, Default)]
struct Found {
    exactly: Option<Digest>,
    /// Behind a path that was that of the machine where the backup was made.
    behind: Option<Digest>,
    /// Several such files have other digests.
    is_ambiguous: bool,
}

impl Sums {
    /// Digests of the files with these paths.
    pub(super) fn about(paths: impl IntoIterator<Item = String>) -> Self {
        let mut asked: HashMap<String, Vec<String>> = HashMap::new();
        for path in paths {
            asked.entry(last_part(&path).to_owned()).or_default().push(path);
        }
        let (found, line) = (HashMap::new(), Vec::new());
        Self { asked, found, last: [0; 32], digests: 0, lines: 0, line }
    }

    /// Reads on. Fails with what is wrong, in words.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(), String> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() + piece.len() > LONGEST_LINE {
                return Err(format!("line {} has no end", self.lines + 1));
            }
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.end_line()?;
            }
        }
        Ok(())
    }

    /// All was read. Fails with what is wrong, in words.
    pub(super) fn finish(mut self) -> Result<Self, String> {
        self.end_line()?;
        if self.digests == 0 {
            return Err("it is empty".to_owned());
        }
        Ok(self)
    }

    fn end_line(&mut self) -> Result<(), String> {
        let line = std::mem::take(&mut self.line);
        self.lines += 1;
        let bytes = if self.lines == 1 { without_mark(&line) } else { &line };
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_end_matches(['\r', '\n']);
        if text.trim().is_empty() || text.starts_with('#') {
            return Ok(());
        }
        let (digest, name) =
            parse_line(text).ok_or_else(|| format!("line {} says no digest", self.lines))?;
        self.add(digest, &name)
    }

    fn add(&mut self, digest: Digest, path: &str) -> Result<(), String> {
        (self.last, self.digests) = (digest, self.digests + 1);
        let Some(asked) = self.asked.get(last_part(path)) else { return Ok(()) };
        for own in asked {
            let found = match path.strip_suffix(own.as_str()) {
                Some(head) if head.is_empty() || head.ends_with('/') => {
                    self.found.entry(own.clone()).or_default()
                }
                _ => continue,
            };
            if path.len() > own.len() {
                found.is_ambiguous |= *found.behind.get_or_insert(digest) != digest;
            } else if *found.exactly.get_or_insert(digest) != digest {
                return Err(format!("it has two digests for {path:?}"));
            }
        }
        Ok(())
    }

    /// The digest of a file of one digest.
    pub(super) fn only(&self) -> Option<Digest> {
        (self.digests == 1).then_some(self.last)
    }

    /// The digest of the file that bears one of these paths, as such or behind a path that was that
    /// of the machine where the backup was made.
    pub(super) fn find(&self, paths: &[&str]) -> Option<Digest> {
        let found = || paths.iter().filter_map(|path| self.found.get(*path));
        let behind = |found: &Found| found.behind.filter(|_| !found.is_ambiguous);
        found().find_map(|found| found.exactly).or_else(|| found().find_map(behind))
    }
}

/// Without a byte order mark.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

fn last_part(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn parse_line(line: &str) -> Option<(Digest, String)> {
    let (line, is_escaped) = match line.strip_prefix('\\') {
        Some(rest) => (rest, true),
        None => (line, false),
    };
    let (digest, name) = match line.strip_prefix("SHA256 (") {
        Some(tagged) => {
            let (name, digest) = tagged.rsplit_once(") = ")?;
            (digest, name)
        }
        None => split_digest(line)?,
    };
    let name = if is_escaped { unescaped(name)? } else { name.to_owned() };
    Some((parse_digest(digest)?, name.trim_start_matches("./").to_owned()))
}

/// `DIGEST  name`, `DIGEST *name` or `DIGEST`.
fn split_digest(line: &str) -> Option<(&str, &str)> {
    let (digest, rest) = line.split_at_checked(64)?;
    let name = match rest.as_bytes() {
        [] => "",
        [b' ' | b'\t', b' ' | b'*', ..] => &rest[2..],
        [b' ' | b'\t', ..] => &rest[1..],
        _ => return None,
    };
    // A digest alone may be followed by blanks.
    Some((digest, if name.trim().is_empty() { "" } else { name }))
}

/// `\n`, `\r` and `\\`, as GNU coreutils write them (manual, "cksum output modes").
fn unescaped(name: &str) -> Option<String> {
    let mut plain = String::with_capacity(name.len());
    let mut characters = name.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next()? {
                'n' => '\n',
                'r' => '\r',
                '\\' => '\\',
                _ => return None,
            },
            other => other,
        });
    }
    Some(plain)
}

pub(super) fn parse_digest(text: &str) -> Option<Digest> {
    let text = text.as_bytes();
    if text.len() != 64 {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(text.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(digest)
}

fn nibble(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// Of `x`.
    const HEX: &str = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";

    const OTHER: &str = "0000000000000000000000000000000000000000000000000000000000000000";

    fn parse(paths: &[&str], text: &[u8]) -> Result<Sums, String> {
        let mut sums = Sums::about(paths.iter().map(|path| (*path).to_owned()));
        for piece in text.chunks(7) {
            sums.read(piece)?;
        }
        sums.finish()
    }

    fn finds(text: &str, path: &str) -> bool {
        let digest = parse_digest(HEX).unwrap();
        parse(&[path], text.as_bytes()).unwrap().find(&[path]) == Some(digest)
    }

    #[test]
    fn all_that_sha256sum_writes_is_read() {
        for line in [
            format!("{HEX}  a b.dump\n"),
            format!("{HEX} *a b.dump\r\n"),
            format!("{HEX}  ./a b.dump"),
            format!("{HEX}  /var/backups/a b.dump\n"),
            format!("SHA256 (a b.dump) = {HEX}\n"),
            format!("\u{feff}{}  a b.dump\n", HEX.to_uppercase()),
        ] {
            assert!(finds(&line, "a b.dump"), "{line:?}");
            assert!(!finds(&line, "b.dump"), "{line:?}");
        }
        assert!(finds(&format!("\\{HEX}  a\\nb\\\\c\n"), "a\nb\\c"));
    }

    #[test]
    fn a_digest_alone_is_of_no_name_and_the_only_one() {
        for text in [format!("{HEX}\n"), format!("{HEX}  -\n"), format!("{HEX}   \r\n")] {
            let sums = parse(&["a.dump"], text.as_bytes()).unwrap();
            assert_eq!(sums.only(), parse_digest(HEX), "{text:?}");
            assert_eq!(sums.find(&["a.dump"]), None);
        }
        let two = format!("{HEX}  a\n{HEX}  b\n");
        assert_eq!(parse(&["a"], two.as_bytes()).unwrap().only(), None);
    }

    #[test]
    fn what_says_no_digest_is_refused() {
        for text in [
            String::new(),
            "\n\n".to_owned(),
            "<html>".to_owned(),
            HEX[1..].to_owned(),
            format!("{HEX}0  a.dump"),
            format!("{}g  a.dump", &HEX[1..]),
            format!("SHA256 (a.dump) = {}", &HEX[2..]),
            format!("\\{HEX}  a\\tb"),
            format!("{HEX}  a\n{}  a\n", "0".repeat(64)),
        ] {
            assert!(parse(&["a"], text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_long_list_leaves_only_what_was_asked_for() {
        let list: String = (0..5_000).map(|n| format!("{HEX}  d/{n}.dat\n")).collect();
        let sums = parse(&["d/7.dat", "d/8.dat"], list.as_bytes()).unwrap();
        assert_eq!((sums.found.len(), sums.digests), (2, 5_000));
        assert!(sums.find(&["d/7.dat"]).is_some() && sums.find(&["d/9.dat"]).is_none());
    }

    #[test]
    fn a_line_without_end_is_refused_before_it_is_kept() {
        let mut sums = Sums::about(["a".to_owned()]);
        let endless = (0..1_000).find_map(|_| sums.read(&[b'0'; 1_000]).err());
        assert_eq!(endless.as_deref(), Some("line 1 has no end"));
        assert!(sums.line.len() <= LONGEST_LINE);
    }

    #[test]
    fn a_name_in_many_directories_is_found_by_its_own() {
        let line = |n: u32| format!("{}  /mnt/{n}/toc.dat\n", if n == 7 { HEX } else { OTHER });
        let list: String = (0..2_000).map(line).collect();
        let sums = parse(&["7/toc.dat", "toc.dat"], list.as_bytes()).unwrap();
        assert_eq!(sums.find(&["7/toc.dat"]), parse_digest(HEX));
        assert_eq!(sums.find(&["toc.dat"]), None);
        assert_eq!(sums.found.len(), 2);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            drop(parse(&["a"], &bytes));
        }
    }
}
