//! The frames of a capture file, one after the other.

use super::buffer::Buffer;
use super::classic::Classic;
use super::input::Input;
use super::link_type::LinkType;
use super::next_generation::{self, Section};
use crate::limits::{CAPTURED_BYTES_MAX, INTERFACES_MAX, OPTION_BYTES_MAX};
use std::io::{self, Read};
use ukai_model::Timestamp;

/// Why a capture file gives no more frames.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The system's, or that of a compressed file that is damaged.
    #[error("the capture cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It is something else.
    #[error("this is neither pcap nor pcapng, also not compressed by gzip or zstd")]
    NotACapture,
    /// Whoever wrote it did not come to the end, or it is cut off. All whole frames before
    /// that were given.
    #[error("the capture ends in the middle of a frame")]
    Truncated,
    /// A length that another contradicts, or the like.
    #[error("the capture is damaged: {0}")]
    Damaged(&'static str),
    /// No link has such frames.
    #[error("a frame of {0} bytes is longer than the {CAPTURED_BYTES_MAX} that are taken")]
    FrameTooLong(u32),
    /// Memory is taken for each.
    #[error("more than the {INTERFACES_MAX} interfaces that are taken")]
    TooManyInterfaces,
}

/// Which way a frame went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The file does not say it.
    #[default]
    Unknown,
    /// To the machine that captured it, or past it.
    In,
    /// From the machine that captured it.
    Out,
}

/// A frame of a capture file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Captured<'a> {
    /// When; the epoch if the file does not say it.
    pub time: Timestamp,
    /// What it begins with.
    pub link_type: LinkType,
    /// Where, as a number within the file's section.
    pub interface: u32,
    /// Which way.
    pub direction: Direction,
    /// Frames that were lost between this and the one before, if the file says it.
    pub dropped: u64,
    /// How long it was; more than `bytes` if the file holds a part.
    pub original_bytes: u32,
    /// The frame, without a check sequence.
    pub bytes: &'a [u8],
}

impl<'a> Captured<'a> {
    /// The packet of IP in it, if it has one.
    pub fn ip(&self) -> Option<&'a [u8]> {
        self.link_type.ip(self.bytes)
    }
}

pub(super) enum Format {
    Classic(Classic),
    NextGeneration(Section),
}

/// Reads frames from a file in pcap or pcapng, plain or compressed by gzip or zstd.
///
/// Takes half a megabyte, whatever the file says, and what the decompression takes (zstd:
/// up to 128 MiB, if the file asks for it); nothing for a frame. How many frames there are is
/// not bounded: a small file that is compressed may hold very many.
pub struct CaptureReader<R: Read> {
    buffer: Buffer<Input<R>>,
    format: Format,
}

/// Bytes that are read at once; the longest frame with its options fits.
const BUFFER_BYTES: usize = 512 * 1024;
const _: () = assert!(BUFFER_BYTES > CAPTURED_BYTES_MAX + OPTION_BYTES_MAX + 64);

impl<R: Read> CaptureReader<R> {
    /// Begins to read.
    pub fn new(input: R) -> Result<Self, CaptureError> {
        let mut buffer = Buffer::new(Input::new(input)?, BUFFER_BYTES);
        if !buffer.fill(4)? {
            return Err(CaptureError::NotACapture);
        }
        let format = if buffer.available().starts_with(&next_generation::SECTION.to_be_bytes()) {
            Format::NextGeneration(Section::default())
        } else {
            Format::Classic(Classic::begin(&mut buffer)?)
        };
        Ok(Self { buffer, format })
    }

    /// Frames that were lost while it was captured, as far as it was read: pcapng may say it,
    /// pcap does not.
    pub fn dropped(&self) -> u64 {
        match &self.format {
            Format::Classic(_) => 0,
            Format::NextGeneration(section) => section.dropped(),
        }
    }

    /// The next frame; `None` at the end.
    #[allow(clippy::should_implement_trait, reason = "what it gives borrows from it")]
    pub fn next(&mut self) -> Result<Option<Captured<'_>>, CaptureError> {
        match &mut self.format {
            Format::Classic(classic) => classic.next(&mut self.buffer),
            Format::NextGeneration(section) => section.next(&mut self.buffer),
        }
    }
}

/// What both formats do with a frame that was found.
pub(super) fn captured(mut frame: Captured<'_>, check_bytes: u8) -> Captured<'_> {
    // Only a whole frame has its check sequence at its end.
    if check_bytes > 0 && frame.bytes.len() == frame.original_bytes as usize {
        let length = frame.bytes.len().saturating_sub(usize::from(check_bytes));
        frame.bytes = &frame.bytes[..length];
        frame.original_bytes = length as u32;
    }
    if frame.direction == Direction::Unknown && frame.link_type.says_outgoing(frame.bytes) {
        frame.direction = Direction::Out;
    }
    frame
}
