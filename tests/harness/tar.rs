//! The members of a tar, as pg_dump writes it, to take one out or to put another in.

/// Bytes of a block: headers are one, contents are padded to whole ones.
const BLOCK: usize = 512;

/// A member: its header and its contents without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    header: [u8; BLOCK],
    /// Its contents.
    pub content: Vec<u8>,
}

impl Member {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        let end = self.header.iter().position(|byte| *byte == 0).unwrap_or(100).min(100);
        String::from_utf8_lossy(&self.header[..end]).into_owned()
    }

    /// The same member with other contents.
    #[must_use]
    pub fn holding(self, content: Vec<u8>) -> Self {
        Self { content, ..self }
    }

    /// The same contents under another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.header[..100].fill(0);
        self.header[..name.len()].copy_from_slice(name.as_bytes());
        self
    }

    fn append_to(mut self, archive: &mut Vec<u8>) {
        let size = format!("{:011o}\0", self.content.len());
        self.header[124..136].copy_from_slice(size.as_bytes());
        self.header[148..156].fill(b' ');
        let sum: u32 = self.header.iter().map(|byte| u32::from(*byte)).sum();
        self.header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend_from_slice(&self.header);
        archive.extend_from_slice(&self.content);
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    }
}

/// The members of a tar; `None` where it is harmed so that it has none to be told apart.
#[must_use]
pub fn members(archive: &[u8]) -> Option<Vec<Member>> {
    let mut members = Vec::new();
    let mut at = 0;
    while *archive.get(at)? != 0 {
        let header: [u8; BLOCK] = archive.get(at..at + BLOCK)?.try_into().ok()?;
        let size = std::str::from_utf8(&header[124..135]).ok()?;
        let size = usize::from_str_radix(size.trim_end_matches(['\0', ' ']), 8).ok()?;
        let content = archive.get(at + BLOCK..at + BLOCK + size)?.to_vec();
        at += BLOCK + size.next_multiple_of(BLOCK);
        members.push(Member { header, content });
    }
    Some(members)
}

/// A whole tar of these members, headers and end as they must be.
#[must_use]
pub fn archive(members: Vec<Member>) -> Vec<u8> {
    let mut archive = Vec::new();
    members.into_iter().for_each(|member| member.append_to(&mut archive));
    archive.resize(archive.len() + 2 * BLOCK, 0);
    archive
}
