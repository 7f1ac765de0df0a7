//! What `sha256sum` writes, and reads again with `--check`.

use std::collections::HashMap;

pub(super) type Digest = [u8; 32];

/// Digests of files.
#[derive(Debug)]
pub(super) struct Sums {
    /// By the last part of their paths: the paths as written, and their digests.
    by_name: HashMap<String, Vec<(String, Digest)>>,
    /// The last of them, whatever its name, and how many lines there are.
    last: Digest,
    lines: usize,
}

impl Sums {
    /// Reads lines of `DIGEST  name` (text) or `DIGEST *name` (binary), with a `\` in front where
    /// the name is escaped, `SHA256 (name) = DIGEST` (`--tag`), or one digest alone.
    ///
    /// Fails with what is wrong, in words.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let text = String::from_utf8_lossy(text);
        let mut sums = Self { by_name: HashMap::new(), last: [0; 32], lines: 0 };
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_end_matches('\r');
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let (digest, name) =
                parse_line(line).ok_or_else(|| format!("line {} says no digest", number + 1))?;
            sums.add(digest, name)?;
        }
        if sums.lines == 0 {
            return Err("it is empty".to_owned());
        }
        Ok(sums)
    }

    fn add(&mut self, digest: Digest, path: String) -> Result<(), String> {
        (self.last, self.lines) = (digest, self.lines + 1);
        let known = self.by_name.entry(last_part(&path).to_owned()).or_default();
        match known.iter().find(|(other, _)| *other == path) {
            Some((_, other)) if *other != digest => {
                return Err(format!("it has two digests for {path:?}"));
            }
            Some(_) => {}
            None => known.push((path, digest)),
        }
        Ok(())
    }

    /// The digest of a file of one digest.
    pub(super) fn only(&self) -> Option<Digest> {
        (self.lines == 1).then_some(self.last)
    }

    /// The digest of the file that bears one of these paths, as such or behind a path that was that
    /// of the machine where the backup was made.
    pub(super) fn find(&self, paths: &[&str]) -> Option<Digest> {
        let exact = paths.iter().find_map(|path| self.matching(path, |head| head.is_empty()));
        exact.or_else(|| {
            paths.iter().find_map(|path| self.matching(path, |head| head.ends_with('/')))
        })
    }

    /// `None` also where several such files have other digests.
    fn matching(&self, path: &str, accepts: impl Fn(&str) -> bool) -> Option<Digest> {
        let known = self.by_name.get(last_part(path))?;
        let mut digests = known.iter().filter_map(|(name, digest)| {
            name.strip_suffix(path).is_some_and(&accepts).then_some(digest)
        });
        let first = digests.next()?;
        digests.all(|other| other == first).then_some(*first)
    }
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

    fn finds(text: &str, path: &str) -> bool {
        let digest = parse_digest(HEX).unwrap();
        Sums::parse(text.as_bytes()).unwrap().find(&[path]) == Some(digest)
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
            let sums = Sums::parse(text.as_bytes()).unwrap();
            assert_eq!(sums.only(), parse_digest(HEX), "{text:?}");
            assert_eq!(sums.find(&["a.dump"]), None);
        }
        let two = format!("{HEX}  a\n{HEX}  b\n");
        assert_eq!(Sums::parse(two.as_bytes()).unwrap().only(), None);
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
            assert!(Sums::parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            drop(Sums::parse(&bytes));
        }
    }
}
