//! The ring in which the kernel leaves frames: blocks, each of which belongs to the kernel
//! or to us. Its layout is `struct tpacket_block_desc` and `struct tpacket3_hdr` of
//! `linux/if_packet.h`.

use super::system::Mapping;
use super::tag;
use crate::limits::PACKET_BLOCK_BYTES;
use socket2::Socket;
use std::io;

pub(super) struct Ring {
    mapping: Mapping,
    blocks: usize,
    /// The block that comes next, or is being read.
    block: usize,
    /// Frames of it that were not given, if it is ours.
    left: Option<u32>,
    /// Where in it the next one is.
    at: usize,
}

/// Where a frame is, and what the kernel says of it.
#[derive(Clone, Copy)]
pub(super) struct Place {
    start: usize,
    length: usize,
    /// The tag that was taken off.
    pub(super) tag: Option<(u16, u16)>,
    /// Whoever sent it has left the checksum to hardware that there is none of.
    pub(super) checksum_missing: bool,
    /// This machine has sent it.
    pub(super) outgoing: bool,
}

/// Offsets in a block's header.
mod block {
    pub(super) const FRAMES: usize = 12;
    pub(super) const FIRST: usize = 16;
}

/// Offsets in a frame's header.
mod frame {
    pub(super) const NEXT: usize = 0;
    pub(super) const KEPT: usize = 12;
    pub(super) const STATUS: usize = 20;
    pub(super) const MAC: usize = 24;
    pub(super) const TAG_CONTROL: usize = 32;
    pub(super) const TAG_KIND: usize = 36;
    /// In the address behind it: whence and whither.
    pub(super) const KIND: usize = 48 + 10;
}

impl Ring {
    /// A ring of about so many bytes.
    pub(super) fn new(socket: &Socket, bytes: usize) -> io::Result<Self> {
        let blocks = (bytes / PACKET_BLOCK_BYTES).max(2);
        let mapping = Mapping::new(socket, PACKET_BLOCK_BYTES, blocks)?;
        Ok(Self { mapping, blocks, block: 0, left: None, at: 0 })
    }

    /// The next frame. The one before is no longer there.
    pub(super) fn advance(&mut self) -> Option<Place> {
        loop {
            let block = self.mapping.block(self.block)?;
            match self.left {
                None => {
                    self.left = Some(word(block, block::FRAMES));
                    self.at = word(block, block::FIRST) as usize;
                }
                Some(0) => {
                    self.mapping.give_back(self.block);
                    self.left = None;
                    self.block = (self.block + 1) % self.blocks;
                }
                Some(left) => {
                    let head = block.get(self.at..).unwrap_or_default();
                    let start = self.at + usize::from(half(head, frame::MAC));
                    self.left = Some(left - 1);
                    self.at += word(head, frame::NEXT) as usize;
                    let status = word(head, frame::STATUS);
                    let (control, kind) =
                        (word(head, frame::TAG_CONTROL), half(head, frame::TAG_KIND));
                    return Some(Place {
                        start,
                        length: word(head, frame::KEPT) as usize,
                        tag: tag(status, control, kind),
                        checksum_missing: status & libc::TP_STATUS_CSUMNOTREADY != 0,
                        outgoing: head.get(frame::KIND) == Some(&libc::PACKET_OUTGOING),
                    });
                }
            }
        }
    }

    /// The frame that was given last.
    pub(super) fn bytes(&self, place: &Place) -> &[u8] {
        let block = self.mapping.block(self.block).unwrap_or_default();
        block.get(place.start..place.start + place.length).unwrap_or_default()
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u32::from_ne_bytes(*bytes))
}

fn half(bytes: &[u8], at: usize) -> u16 {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u16::from_ne_bytes(*bytes))
}
