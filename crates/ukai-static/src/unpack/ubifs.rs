//! UBIFS (the kernel's `fs/ubifs/ubifs-media.h`), as it stands in a volume of UBI.

use super::log::{Log, Method, Piece};
use super::{Unpacking, slice, u16_le, u32_le};

/// Nodes begin at multiples of this, in bytes.
const ALIGNMENT: usize = 8;
const MARK: &[u8] = b"\x31\x18\x10\x06";
/// Length of what every node begins with, and of the longest node, in bytes.
const HEADER_BYTES: usize = 24;
const NODE_BYTES_MAX: usize = 64 << 10;
/// Unpacked length of a piece of a file, in bytes.
const BLOCK_BYTES: u64 = 4096;
/// Bits of a key that are not the number of a block.
const BLOCK_MASK: u32 = 0x1fff_ffff;

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let mut log = Log::default();
    let mut at = 0;
    while let Some(head) = slice(bytes, at, HEADER_BYTES) {
        let length = u32_le(head, 16).map_or(0, |it| it as usize);
        let node = slice(bytes, at, length).filter(|_| length <= NODE_BYTES_MAX);
        let node = node.filter(|node| node.starts_with(MARK) && node.len() >= HEADER_BYTES);
        match node {
            Some(node) => {
                read(node, &mut log);
                at += length.next_multiple_of(ALIGNMENT);
            }
            None => at += ALIGNMENT,
        }
    }
    log.take_out("ubifs", unpacking);
}

/// Keeps what a node says; `None` if it is cut off.
fn read<'a>(node: &'a [u8], log: &mut Log<'a>) -> Option<()> {
    let low = u64::from(u32_le(node, 8)?);
    let version = u64::from(u32_le(node, 12)?) << 32 | low;
    let inode = u32_le(node, HEADER_BYTES)?;
    match *node.get(20)? {
        // An inode.
        0 => {
            let low = u64::from(u32_le(node, 48)?);
            log.length(inode, version, u64::from(u32_le(node, 52)?) << 32 | low);
        }
        // A piece of a file.
        1 => {
            let block = u32_le(node, HEADER_BYTES + 4)? & BLOCK_MASK;
            let method = match u16_le(node, 44)? {
                0 => Method::Plain,
                1 => Method::Lzo,
                2 => Method::Deflate,
                3 => Method::Zstd,
                _ => Method::Other("an unknown method"),
            };
            let piece = Piece {
                version,
                offset: u64::from(block) * BLOCK_BYTES,
                length: u32_le(node, 40)?.min(BLOCK_BYTES as u32) as usize,
                method,
                packed: node.get(48..)?,
            };
            log.piece(inode, piece);
        }
        // A name; its type 0 is a file.
        2 => {
            let target = u32_le(node, 40)?;
            let name = slice(node, 56, u16_le(node, 50)?.into())?;
            log.name(inode, name, version, target, *node.get(49)? == 0);
        }
        _ => {}
    }
    Some(())
}
