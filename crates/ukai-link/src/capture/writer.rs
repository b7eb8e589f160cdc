//! Capture files, written: pcapng, and pcap for those who read nothing else.

use super::classic::{MAGIC_NANOSECONDS, RECORD_BYTES};
use super::known::{NameRecord, names, secrets};
use super::link_type::LinkType;
use super::next_generation::{
    AROUND, BYTE_ORDER, ENHANCED_PACKET, INTERFACE, INTERFACE_STATISTICS, SECTION, option,
};
use super::reader::Direction;
use crate::limits::{CAPTURED_BYTES_MAX, COMMENT_BYTES_MAX};
use std::io::{self, Write};
use std::net::IpAddr;
use ukai_model::Timestamp;

/// What is said of a frame that is written.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// When.
    pub time: Timestamp,
    /// Where: what [`PcapngWriter::interface`] gave.
    pub interface: u32,
    /// Which way.
    pub direction: Direction,
    /// How long it was, if not all of it is written.
    pub original_bytes: u32,
    /// Frames that were lost between this and the one before.
    pub dropped: u64,
}

/// Writes pcapng, in this machine's byte order and with nanoseconds.
pub struct PcapngWriter<W> {
    output: W,
    interfaces: u32,
    block: Vec<u8>,
}

impl<W: Write> PcapngWriter<W> {
    /// Begins a file.
    pub fn new(output: W) -> io::Result<Self> {
        let mut writer = Self { output, interfaces: 0, block: Vec::new() };
        section(&mut writer.block);
        writer.write()?;
        Ok(writer)
    }

    /// Describes an interface, of which at most `snap_bytes` of each frame are written;
    /// gives its number.
    pub fn interface(&mut self, name: &str, kind: LinkType, snap_bytes: u32) -> io::Result<u32> {
        interface(&mut self.block, name, kind, snap_bytes);
        self.write()?;
        self.interfaces += 1;
        Ok(self.interfaces - 1)
    }

    /// Writes a frame, or its beginning.
    pub fn frame(&mut self, record: &Record, bytes: &[u8]) -> io::Result<()> {
        self.frame_with_comment(record, bytes, "")
    }

    /// Writes a frame, or its beginning, with a comment for its reader. The first 4 KiB of
    /// a comment are written; an empty one is none.
    pub fn frame_with_comment(
        &mut self,
        record: &Record,
        bytes: &[u8],
        comment: &str,
    ) -> io::Result<()> {
        frame(&mut self.block, record, bytes, comment);
        self.write()
    }

    /// Says what an address is called, for the frames behind; false if it is no name.
    pub fn name(&mut self, address: IpAddr, name: &str) -> io::Result<bool> {
        let Some(record) = NameRecord::new(address, name) else { return Ok(false) };
        names(&mut self.block, [&record]);
        self.write()?;
        Ok(true)
    }

    /// Tells a secret of TLS, as a line of NSS's key log, by which frames behind are
    /// decrypted; false if it is no such line.
    pub fn tls_secret(&mut self, line: &str) -> io::Result<bool> {
        let told = secrets(&mut self.block, line);
        self.write()?;
        Ok(told)
    }

    /// Says how many frames an interface has had, and how many of them were lost.
    pub fn statistics(
        &mut self,
        interface: u32,
        time: Timestamp,
        received: u64,
        dropped: u64,
    ) -> io::Result<()> {
        statistics(&mut self.block, interface, time, received, dropped);
        self.write()
    }

    /// Hands on what the output has kept back.
    pub fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// The output.
    pub fn into_inner(self) -> W {
        self.output
    }

    fn write(&mut self) -> io::Result<()> {
        self.output.write_all(&self.block)?;
        self.block.clear();
        Ok(())
    }
}

/// Writes pcap, in this machine's byte order and with nanoseconds.
pub struct PcapWriter<W> {
    output: W,
    record: Vec<u8>,
}

impl<W: Write> PcapWriter<W> {
    /// Begins a file, of which all frames are of one kind.
    pub fn new(mut output: W, kind: LinkType, snap_bytes: u32) -> io::Result<Self> {
        let mut header = Vec::new();
        header.extend_from_slice(&MAGIC_NANOSECONDS.to_ne_bytes());
        header.extend_from_slice(&2_u16.to_ne_bytes());
        header.extend_from_slice(&4_u16.to_ne_bytes());
        header.extend_from_slice(&[0; 8]);
        header.extend_from_slice(&snap_bytes.to_ne_bytes());
        header.extend_from_slice(&u32::from(kind.0).to_ne_bytes());
        output.write_all(&header)?;
        Ok(Self { output, record: Vec::new() })
    }

    /// Writes a frame, or its beginning. `original_bytes` is how long it was.
    pub fn frame(&mut self, time: Timestamp, original_bytes: u32, bytes: &[u8]) -> io::Result<()> {
        let bytes = &bytes[..bytes.len().min(CAPTURED_BYTES_MAX)];
        self.record.clear();
        self.record.reserve(RECORD_BYTES + bytes.len());
        // Seconds have 32 bits in this format, and end in 2106.
        let nanos = (time.nanos() % 1_000_000_000) as u32;
        for field in [time.secs() as u32, nanos, bytes.len() as u32, original_bytes] {
            self.record.extend_from_slice(&field.to_ne_bytes());
        }
        self.record.extend_from_slice(bytes);
        self.output.write_all(&self.record)
    }

    /// Hands on what the output has kept back.
    pub fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// The output.
    pub fn into_inner(self) -> W {
        self.output
    }
}

/// Appends the block that begins a file.
pub(crate) fn section(out: &mut Vec<u8>) {
    block(out, SECTION, |out| {
        out.extend_from_slice(&BYTE_ORDER.to_ne_bytes());
        out.extend_from_slice(&1_u16.to_ne_bytes());
        out.extend_from_slice(&0_u16.to_ne_bytes());
        // How long the section is: not known.
        out.extend_from_slice(&u64::MAX.to_ne_bytes());
        put(out, option::USER_APPLICATION, b"ukai");
        put(out, 0, &[]);
    });
}

/// Appends the description of an interface.
pub(crate) fn interface(out: &mut Vec<u8>, name: &str, kind: LinkType, snap_bytes: u32) {
    const NANOSECONDS: u8 = 9;
    block(out, INTERFACE, |out| {
        out.extend_from_slice(&kind.0.to_ne_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&snap_bytes.to_ne_bytes());
        put(out, option::NAME, name.as_bytes());
        put(out, option::RESOLUTION, &[NANOSECONDS]);
        put(out, 0, &[]);
    });
}

/// Appends a frame, with a comment if it is not empty.
pub(crate) fn frame(out: &mut Vec<u8>, record: &Record, bytes: &[u8], comment: &str) {
    let bytes = &bytes[..bytes.len().min(CAPTURED_BYTES_MAX)];
    block(out, ENHANCED_PACKET, |out| {
        out.extend_from_slice(&record.interface.to_ne_bytes());
        time(out, record.time);
        out.extend_from_slice(&(bytes.len() as u32).to_ne_bytes());
        out.extend_from_slice(&record.original_bytes.to_ne_bytes());
        out.extend_from_slice(bytes);
        pad(out, bytes.len());
        let flags: u32 = match record.direction {
            Direction::Unknown => 0,
            Direction::In => 1,
            Direction::Out => 2,
        };
        put(out, option::PACKET_FLAGS, &flags.to_ne_bytes());
        if record.dropped > 0 {
            put(out, option::PACKET_DROPS, &record.dropped.to_ne_bytes());
        }
        if !comment.is_empty() {
            let end = comment.floor_char_boundary(COMMENT_BYTES_MAX);
            put(out, option::COMMENT, &comment.as_bytes()[..end]);
        }
        put(out, 0, &[]);
    });
}

/// Of a block that [`frame`] has written: the interface, and how many were dropped. `None`:
/// it is another block.
pub(crate) fn frame_says(block: &[u8]) -> Option<(u32, u64)> {
    let word = |at: usize| Some(u32::from_ne_bytes(*block.get(at..)?.first_chunk()?));
    if word(0)? != ENHANCED_PACKET {
        return None;
    }
    let (interface, kept) = (word(8)?, word(20)? as usize);
    // Behind the flags.
    let drops = block.get(28 + kept.next_multiple_of(4) + 8..)?;
    let code = u16::from_ne_bytes(*drops.first_chunk()?);
    if code != option::PACKET_DROPS {
        return Some((interface, 0));
    }
    Some((interface, u64::from_ne_bytes(*drops.get(4..)?.first_chunk()?)))
}

/// Appends an interface's figures.
pub(crate) fn statistics(
    out: &mut Vec<u8>,
    interface: u32,
    at: Timestamp,
    received: u64,
    dropped: u64,
) {
    block(out, INTERFACE_STATISTICS, |out| {
        out.extend_from_slice(&interface.to_ne_bytes());
        time(out, at);
        put(out, option::RECEIVED, &received.to_ne_bytes());
        put(out, option::DROPPED, &dropped.to_ne_bytes());
        put(out, 0, &[]);
    });
}

pub(super) fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&kind.to_ne_bytes());
    out.extend_from_slice(&[0; 4]);
    body(out);
    let total = ((out.len() - start + 4) as u32).to_ne_bytes();
    debug_assert!(out.len() - start + 4 >= AROUND);
    out[start + 4..start + 8].copy_from_slice(&total);
    out.extend_from_slice(&total);
}

fn time(out: &mut Vec<u8>, at: Timestamp) {
    out.extend_from_slice(&((at.nanos() >> 32) as u32).to_ne_bytes());
    out.extend_from_slice(&(at.nanos() as u32).to_ne_bytes());
}

fn put(out: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = &value[..value.len().min(usize::from(u16::MAX))];
    out.extend_from_slice(&code.to_ne_bytes());
    out.extend_from_slice(&(value.len() as u16).to_ne_bytes());
    out.extend_from_slice(value);
    pad(out, value.len());
}

/// To a multiple of four bytes.
pub(super) fn pad(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&[0; 3][..length.next_multiple_of(4) - length]);
}
