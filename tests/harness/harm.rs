//! Ways to harm a backup at random, of whatever format it is.

use rand::rngs::StdRng;
use rand::{Rng, RngExt};

use super::archive::Objects;
use super::tar;

/// A way to harm a backup.
#[derive(Clone, Copy, Debug)]
pub struct Harm {
    /// What it does, in a few words.
    pub what: &'static str,
    /// How hard it is to see.
    pub kind: Kind,
    apply: Apply,
}

/// How hard a harm is to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Something is not there any more: every format shows that by itself.
    Lost,
    /// As many bytes as before or more, but others: seen only where a checksum guards them, or where
    /// what they say makes no sense.
    Altered,
    /// The same files, but not each in its place.
    Moved,
}

#[derive(Clone, Copy, Debug)]
enum Apply {
    /// To the bytes of one object.
    Bytes(fn(&mut Vec<u8>, &mut StdRng)),
    /// To the members of a directory or a tar.
    Members(fn(&mut Vec<Named>, &mut StdRng)),
}

/// A member's name and contents.
type Named = (String, Vec<u8>);

impl Harm {
    const fn bytes(what: &'static str, kind: Kind, apply: fn(&mut Vec<u8>, &mut StdRng)) -> Self {
        Self { what, kind, apply: Apply::Bytes(apply) }
    }

    const fn members(
        what: &'static str,
        kind: Kind,
        apply: fn(&mut Vec<Named>, &mut StdRng),
    ) -> Self {
        Self { what, kind, apply: Apply::Members(apply) }
    }

    /// Whether it can be done to this backup.
    #[must_use]
    pub fn suits(&self, objects: &Objects) -> bool {
        matches!(self.apply, Apply::Bytes(_)) || objects.len() > 1 || is_tar(objects)
    }

    /// Harms the backup. It may happen to be the same afterwards.
    pub fn apply(&self, objects: &mut Objects, random: &mut StdRng) {
        match self.apply {
            Apply::Bytes(apply) => {
                let one = random.random_range(0..objects.len());
                apply(objects.values_mut().nth(one).expect("an object"), random);
            }
            Apply::Members(apply) if is_tar(objects) => {
                let archive = objects.values_mut().next().expect("an object");
                harm_members(archive, |members| apply(members, random));
            }
            Apply::Members(apply) => {
                let mut members = std::mem::take(objects).into_iter().collect();
                apply(&mut members, random);
                objects.extend(members);
            }
        }
    }
}

/// All of them.
pub const HARMS: &[Harm] = &[
    Harm::bytes("cut anywhere", Kind::Lost, |bytes, random| {
        bytes.truncate(place(bytes, random));
    }),
    Harm::bytes("cut at a block of 512 bytes", Kind::Lost, |bytes, random| {
        bytes.truncate(place(bytes, random) / 512 * 512);
    }),
    Harm::bytes("the last bytes missing", Kind::Lost, |bytes, random| {
        let missing = random.random_range(1..=32).min(bytes.len());
        bytes.truncate(bytes.len() - missing);
    }),
    Harm::members("a member missing", Kind::Lost, |members, random| {
        members.remove(random.random_range(0..members.len()));
    }),
    Harm::members("a member emptied", Kind::Lost, |members, random| {
        any(members, random).1.clear();
    }),
    Harm::members("a member cut", Kind::Lost, |members, random| {
        let content = &mut any(members, random).1;
        content.truncate(place(content, random));
    }),
    Harm::members("two members swapped", Kind::Moved, |members, random| {
        let (one, other) = two(members, random);
        let content = std::mem::take(&mut members[one].1);
        let content = std::mem::replace(&mut members[other].1, content);
        members[one].1 = content;
    }),
    Harm::members("a member in another's place", Kind::Moved, |members, random| {
        let (one, other) = two(members, random);
        members[one].1 = members[other].1.clone();
    }),
    Harm::members("a member twice", Kind::Moved, |members, random| {
        let again = any(members, random).clone();
        members.push(again);
    }),
    Harm::members("a member more", Kind::Altered, |members, random| {
        let (name, content) = any(members, random).clone();
        let file = name.rfind('/').map_or(0, |slash| slash + 1);
        let stem = file + name[file..].find('.').unwrap_or(0);
        let at = name[..stem].rfind(|c: char| c.is_ascii_digit()).unwrap_or(file);
        let other = format!("{}{}{}", &name[..at], random.random_range(0..10), &name[at..]);
        members.push((other, content));
    }),
    Harm::bytes("a bit flipped", Kind::Altered, |bytes, random| {
        flip(bytes, random, 1);
    }),
    Harm::bytes("several bits flipped", Kind::Altered, |bytes, random| {
        let bits = random.random_range(2..=16);
        flip(bytes, random, bits);
    }),
    Harm::bytes("random bytes in a row", Kind::Altered, |bytes, random| {
        let (from, to) = part(bytes, random, 64);
        random.fill_bytes(&mut bytes[from..to]);
    }),
    Harm::bytes("zero bytes in a row", Kind::Altered, |bytes, random| {
        let (from, to) = part(bytes, random, 4096);
        bytes[from..to].fill(0);
    }),
    Harm::bytes("bytes missing in the middle", Kind::Altered, |bytes, random| {
        let (from, to) = part(bytes, random, 4096);
        bytes.drain(from..to);
    }),
    Harm::bytes("bytes twice", Kind::Altered, |bytes, random| {
        let (from, to) = part(bytes, random, 4096);
        let again = bytes[from..to].to_vec();
        bytes.splice(to..to, again);
    }),
    Harm::bytes("bytes added behind the end", Kind::Altered, |bytes, random| {
        let (from, to) = part(bytes, random, 1024);
        bytes.extend_from_within(from..to);
    }),
    Harm::bytes("two blocks swapped", Kind::Altered, |bytes, random| {
        let blocks = bytes.len() / 512;
        if blocks > 1 {
            let (one, other) = (random.random_range(0..blocks), random.random_range(0..blocks));
            (0..512).for_each(|at| bytes.swap(one * 512 + at, other * 512 + at));
        }
    }),
    Harm::bytes("CR LF for LF", Kind::Altered, |bytes, _| {
        let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        *bytes = lines.join(&b"\r\n"[..]);
    }),
];

/// A place within the bytes; those near the two ends, where formats keep what they need most, come
/// more often.
fn place(bytes: &[u8], random: &mut StdRng) -> usize {
    let end = bytes.len();
    if end == 0 {
        return 0;
    }
    match random.random_range(0..4) {
        0 => random.random_range(0..end.div_ceil(16)),
        1 => end - 1 - random.random_range(0..end.div_ceil(16)),
        _ => random.random_range(0..end),
    }
}

fn part(bytes: &[u8], random: &mut StdRng, longest: usize) -> (usize, usize) {
    let from = place(bytes, random);
    (from, bytes.len().min(from + random.random_range(1..=longest)))
}

fn flip(bytes: &mut [u8], random: &mut StdRng, bits: usize) {
    for _ in 0..bits {
        let at = place(bytes, random);
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << random.random_range(0..8);
        }
    }
}

fn any<'a>(members: &'a mut [Named], random: &mut StdRng) -> &'a mut Named {
    let one = random.random_range(0..members.len());
    &mut members[one]
}

fn two(members: &[Named], random: &mut StdRng) -> (usize, usize) {
    (random.random_range(0..members.len()), random.random_range(0..members.len()))
}

fn is_tar(objects: &Objects) -> bool {
    objects.keys().any(|key| key.ends_with(".tar"))
}

/// Does nothing to a tar that is already harmed so that it has no members.
fn harm_members(archive: &mut Vec<u8>, change: impl FnOnce(&mut Vec<Named>)) {
    let Some(members) = tar::members(archive).filter(|members| !members.is_empty()) else {
        return;
    };
    let header = members[0].clone();
    let mut named = members.into_iter().map(|member| (member.name(), member.content)).collect();
    change(&mut named);
    let member = |(name, content): Named| header.clone().named(&name).holding(content);
    *archive = tar::archive(named.into_iter().map(member).collect());
}
