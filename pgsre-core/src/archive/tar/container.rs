//! The members of a tar, one after the other, strictly: what POSIX and GNU tar write, and
//! `pg_dump -Ft` (`pg_backup_tar.c`, `src/port/tar.c`).

use std::io::{self, BufRead, Read};

use super::header::{BLOCK, Header, Kind};
use crate::archive::{ArchiveError, ArchiveErrorKind};

/// The most that a long name or extended header may have.
const MAX_EXTENSION: u64 = 64 << 10;

/// A tar. Read as [`BufRead`], it is the data of the member that [`next`](Self::next) gave last.
pub(in crate::archive) struct Container<R> {
    input: R,
    /// The member whose data comes.
    name: String,
    /// How much of its data is still to come, and the zeros behind it.
    left: u64,
    padding: usize,
}

/// A member that is a file.
#[derive(Debug)]
pub(in crate::archive) struct Member {
    /// Its path, without a `./` in front.
    pub(in crate::archive) name: String,
    pub(super) size: u64,
    /// Whether `pg_dump -Ft` wrote it.
    pub(super) is_of_pg_dump: bool,
}

/// What an extended header says in place of the header behind it.
#[derive(Debug, Default)]
struct Extension {
    name: Option<String>,
    size: Option<u64>,
}

impl<R: BufRead> Container<R> {
    pub(in crate::archive) fn new(input: R) -> Self {
        Self { input, name: String::new(), left: 0, padding: 0 }
    }

    /// The next file, behind what is left of the one before it; `None` behind the end mark, when
    /// the input was read to its end.
    pub(in crate::archive) fn next(&mut self) -> Result<Option<Member>, ArchiveError> {
        let mut extension = Extension::default();
        while let Some(header) = self.next_header()? {
            let name = extension.name.take().unwrap_or_else(|| header.name.clone());
            self.enter(&name, extension.size.take().unwrap_or(header.size));
            match header.kind {
                Kind::File => {
                    let name = self.name.trim_start_matches("./").to_owned();
                    let (size, is_of_pg_dump) = (self.left, header.is_of_pg_dump);
                    return Ok(Some(Member { name, size, is_of_pg_dump }));
                }
                Kind::Directory => {}
                Kind::LongName => extension.name = Some(self.long_name()?),
                Kind::Extended => extension = self.extended()?,
                Kind::Global => drop(self.small_data()?),
                Kind::Other(what) => {
                    return Err(unsupported(format!("the tar holds {what}, {}", self.name)));
                }
            }
        }
        Ok(None)
    }

    fn enter(&mut self, name: &str, size: u64) {
        name.clone_into(&mut self.name);
        self.left = size;
        let behind = size % BLOCK as u64;
        self.padding = if behind == 0 { 0 } else { BLOCK - behind as usize };
    }

    fn next_header(&mut self) -> Result<Option<Header>, ArchiveError> {
        self.skip_data()?;
        self.take_padding()?;
        let mut block = [0; BLOCK];
        match self.fill(&mut block)? {
            BLOCK => {}
            0 => return Err(self.truncated("without its end mark, behind")),
            _ => return Err(self.truncated("inside of the header behind")),
        }
        if block == [0; BLOCK] {
            self.demand_end()?;
            return Ok(None);
        }
        Header::parse(&block).map(Some).map_err(|error| match self.name.as_str() {
            "" => error,
            name => error.within(&format!("behind {name}")),
        })
    }

    fn skip_data(&mut self) -> Result<(), ArchiveError> {
        loop {
            match self.fill_buf() {
                Ok([]) => return Ok(()),
                Ok(available) => {
                    let amount = available.len();
                    self.consume(amount);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ArchiveError::from_io(error)),
            }
        }
    }

    fn take_padding(&mut self) -> Result<(), ArchiveError> {
        let mut block = [0; BLOCK];
        let padding = &mut block[..self.padding];
        self.padding = 0;
        if self.fill(padding)? < padding.len() {
            return Err(self.truncated("inside of the padding behind"));
        }
        if padding.iter().any(|byte| *byte != 0) {
            let message = format!("the padding behind {} in the tar is not zero", self.name);
            return Err(ArchiveError::corrupt(message));
        }
        Ok(())
    }

    /// A second block of zeros, and nothing but such blocks up to the end of the input.
    fn demand_end(&mut self) -> Result<(), ArchiveError> {
        let mut block = [0; BLOCK];
        let mut is_second = true;
        loop {
            match self.fill(&mut block)? {
                0 if !is_second => return Ok(()),
                BLOCK => {}
                _ => return Err(self.truncated("inside of its end mark, behind")),
            }
            if block != [0; BLOCK] {
                return Err(ArchiveError::corrupt("bytes stand behind the end mark of the tar"));
            }
            is_second = false;
        }
    }

    /// The name of the member behind it, in the data of this one (GNU tar).
    fn long_name(&mut self) -> Result<String, ArchiveError> {
        let data = self.small_data()?;
        let name = data.split(|byte| *byte == 0).next().unwrap_or_default();
        Ok(String::from_utf8_lossy(name).into_owned())
    }

    /// Records of `LENGTH KEY=VALUE\n` (POSIX.1-2001, "pax Extended Header").
    fn extended(&mut self) -> Result<Extension, ArchiveError> {
        let data = self.small_data()?;
        let mut extension = Extension::default();
        let mut rest = data.as_slice();
        while !rest.is_empty() {
            let (key, value, behind) = split_record(rest)
                .ok_or_else(|| ArchiveError::corrupt("an extended header of the tar is damaged"))?;
            match key {
                b"path" => extension.name = Some(String::from_utf8_lossy(value).into_owned()),
                b"size" => extension.size = Some(decimal(value)?),
                _ if key.starts_with(b"GNU.sparse") => {
                    return Err(unsupported("the tar holds a sparse file".to_owned()));
                }
                _ => {}
            }
            rest = behind;
        }
        Ok(extension)
    }

    fn small_data(&mut self) -> Result<Vec<u8>, ArchiveError> {
        if self.left > MAX_EXTENSION {
            let message = format!("an extended header of the tar says that it has {}", self.left);
            return Err(ArchiveError::corrupt(message + " bytes"));
        }
        let mut data = Vec::new();
        self.read_to_end(&mut data).map_err(ArchiveError::from_io)?;
        Ok(data)
    }

    /// Reads until the buffer is full or the input ends.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, ArchiveError> {
        let (amount, failed) = crate::archive::data::fill(&mut self.input, buffer);
        failed.map_or(Ok(amount), |error| Err(ArchiveError::from_io(error)))
    }

    fn truncated(&self, place: &str) -> ArchiveError {
        match self.name.as_str() {
            "" => ArchiveError::truncated("the tar ends inside of its first header"),
            name => ArchiveError::truncated(format!("the tar ends {place} {name}")),
        }
    }
}

impl<R: BufRead> BufRead for Container<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let available = self.input.fill_buf()?;
        if available.is_empty() {
            let message = format!("the tar ends inside of {}", self.name);
            return Err(ArchiveError::truncated(message).into_io());
        }
        let amount = usize::try_from(self.left).map_or(available.len(), |l| l.min(available.len()));
        Ok(&available[..amount])
    }

    fn consume(&mut self, amount: usize) {
        self.input.consume(amount);
        self.left -= amount as u64;
    }
}

impl<R: BufRead> Read for Container<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let amount = available.len().min(buffer.len());
        buffer[..amount].copy_from_slice(&available[..amount]);
        self.consume(amount);
        Ok(amount)
    }
}

fn split_record(data: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = memchr::memchr(b' ', data)?;
    let length: usize = std::str::from_utf8(&data[..blank]).ok()?.parse().ok()?;
    let (record, behind) = data.split_at_checked(length)?;
    let record = record.get(blank + 1..)?.strip_suffix(b"\n")?;
    let equals = memchr::memchr(b'=', record)?;
    Some((&record[..equals], &record[equals + 1..], behind))
}

fn decimal(value: &[u8]) -> Result<u64, ArchiveError> {
    let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
    number.ok_or_else(|| ArchiveError::corrupt("a size in the tar is no number"))
}

fn unsupported(message: String) -> ArchiveError {
    ArchiveError::new(ArchiveErrorKind::Unsupported, message)
        .with_hint("pg_dump writes plain files only: pack the dump again, without links")
}
