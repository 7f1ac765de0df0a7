//! LZ4 frames in a row, and skippable ones between them (`lz4_Frame_format.md`).
//!
//! `lz4_flex` decompresses and checks the checksums that a frame has, but takes an input that ends
//! between two blocks for the end of the frame. So [`Frame`] follows the frame's structure and says
//! whether its end mark was there.

use std::io::{self, BufRead, Read};

use lz4_flex::frame::FrameDecoder;

use super::{ArchiveError, ArchiveErrorKind, bytes_behind, fault};

const CODEC: &str = "lz4";
const FRAME: u32 = 0x184D_2204;
const LEGACY: u32 = 0x184C_2102;
const SKIPPABLE: u32 = 0x184D_2A50;

/// Frames in a row.
pub(in crate::archive) struct Lz4Reader<R: BufRead> {
    state: State<R>,
    any_frame: bool,
}

enum State<R: BufRead> {
    Between(R),
    Frame(Box<FrameDecoder<Frame<R>>>),
    Ended,
}

impl<R: BufRead> Lz4Reader<R> {
    pub(in crate::archive) fn new(input: R) -> Self {
        Self { state: State::Between(input), any_frame: false }
    }

    fn next_frame(&mut self, mut input: R) -> io::Result<State<R>> {
        let Some(magic) = read_magic(&mut input)? else {
            return Ok(State::Ended);
        };
        match u32::from_le_bytes(magic) {
            FRAME => {
                self.any_frame = true;
                Ok(State::Frame(Box::new(FrameDecoder::new(Frame::new(input, magic)))))
            }
            LEGACY => Err(legacy().into_io()),
            other if other & !0xf == SKIPPABLE => {
                skip(&mut input)?;
                Ok(State::Between(input))
            }
            _ => Err(bytes_behind(CODEC)),
        }
    }
}

impl<R: BufRead> Read for Lz4Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Ok(0),
                State::Between(input) => self.state = self.next_frame(input)?,
                State::Frame(mut decoder) => {
                    match decoder.read(buffer).map_err(|error| fault(CODEC, error))? {
                        0 if decoder.get_ref().part == Part::Done => {
                            self.state = State::Between(decoder.into_inner().input);
                        }
                        0 if decoder.get_ref().input_ended => {
                            return Err(fault(CODEC, io::ErrorKind::UnexpectedEof.into()));
                        }
                        // A block of no bytes.
                        0 => self.state = State::Frame(decoder),
                        amount => {
                            self.state = State::Frame(decoder);
                            return Ok(amount);
                        }
                    }
                }
            }
        }
    }
}

/// The four bytes that begin a frame; `None` at the end of the input.
fn read_magic(input: &mut impl Read) -> io::Result<Option<[u8; 4]>> {
    let mut magic = [0; 4];
    let mut have = 0;
    while have < magic.len() {
        match input.read(&mut magic[have..])? {
            0 if have == 0 => return Ok(None),
            0 if FRAME.to_le_bytes().starts_with(&magic[..have]) => {
                return Err(fault(CODEC, io::ErrorKind::UnexpectedEof.into()));
            }
            0 => return Err(bytes_behind(CODEC)),
            amount => have += amount,
        }
    }
    Ok(Some(magic))
}

fn skip(input: &mut impl BufRead) -> io::Result<()> {
    let mut length = [0; 4];
    input.read_exact(&mut length).map_err(|error| fault(CODEC, error))?;
    let mut left = u64::from(u32::from_le_bytes(length));
    while left > 0 {
        let available = input.fill_buf()?.len() as u64;
        if available == 0 {
            return Err(fault(CODEC, io::ErrorKind::UnexpectedEof.into()));
        }
        let amount = available.min(left);
        input.consume(usize::try_from(amount).unwrap_or(usize::MAX));
        left -= amount;
    }
    Ok(())
}

fn legacy() -> ArchiveError {
    ArchiveError::new(ArchiveErrorKind::Unsupported, "legacy lz4 streams (lz4 -l) are not read")
        .with_hint("compress without -l: the legacy format has no end mark, so a cut goes unseen")
}

/// One frame's bytes, and where in the frame the reading stands.
struct Frame<R> {
    input: R,
    magic: [u8; 4],
    part: Part,
    /// Bytes left of the part.
    left: usize,
    /// The part's bytes, where they say what follows.
    field: Vec<u8>,
    block_checksums: bool,
    content_checksum: bool,
    input_ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Magic,
    /// FLG and BD.
    Descriptor,
    /// Content size, dictionary id and header checksum.
    DescriptorRest,
    BlockSize,
    Block,
    ContentChecksum,
    Done,
}

impl<R: Read> Frame<R> {
    fn new(input: R, magic: [u8; 4]) -> Self {
        Self {
            input,
            magic,
            part: Part::Magic,
            left: 4,
            field: Vec::with_capacity(4),
            block_checksums: false,
            content_checksum: false,
            input_ended: false,
        }
    }

    fn enter(&mut self, part: Part, length: usize) {
        self.part = part;
        self.left = length;
        self.field.clear();
    }

    /// What follows the part that was just read to its end.
    fn advance(&mut self) {
        match self.part {
            Part::Magic => self.enter(Part::Descriptor, 2),
            Part::Descriptor => {
                let flags = self.field[0];
                self.block_checksums = flags & 0x10 != 0;
                self.content_checksum = flags & 0x04 != 0;
                let size = if flags & 0x08 != 0 { 8 } else { 0 };
                let dictionary = if flags & 0x01 != 0 { 4 } else { 0 };
                self.enter(Part::DescriptorRest, size + dictionary + 1);
            }
            Part::DescriptorRest | Part::Block => self.enter(Part::BlockSize, 4),
            Part::BlockSize => {
                let word = u32::from_le_bytes([
                    self.field[0],
                    self.field[1],
                    self.field[2],
                    self.field[3],
                ]);
                let checksum = if self.block_checksums { 4 } else { 0 };
                match word {
                    0 if self.content_checksum => self.enter(Part::ContentChecksum, 4),
                    0 => self.enter(Part::Done, 0),
                    // An uncompressed block of no bytes and no checksum has nothing to read.
                    0x8000_0000 if checksum == 0 => self.enter(Part::BlockSize, 4),
                    _ => self.enter(Part::Block, (word & 0x7fff_ffff) as usize + checksum),
                }
            }
            Part::ContentChecksum | Part::Done => self.enter(Part::Done, 0),
        }
    }
}

impl<R: Read> Read for Frame<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let limit = buffer.len().min(self.left);
        if limit == 0 {
            return Ok(0);
        }
        let amount = if self.part == Part::Magic {
            let from = 4 - self.left;
            buffer[..limit].copy_from_slice(&self.magic[from..from + limit]);
            limit
        } else {
            self.input.read(&mut buffer[..limit])?
        };
        self.input_ended |= amount == 0;
        if matches!(self.part, Part::Descriptor | Part::BlockSize) {
            self.field.extend_from_slice(&buffer[..amount]);
        }
        self.left -= amount;
        if amount > 0 && self.left == 0 {
            self.advance();
        }
        Ok(amount)
    }
}
