//! JFFS2 (the kernel's `include/uapi/linux/jffs2.h`), in either byte order.

use super::log::{Log, Method, Piece};
use super::{Unpacking, slice, u16_le, u32_be, u32_le};
use crate::kind::jffs2_crc;

/// Names and inodes begin at multiples of this, in bytes.
const ALIGNMENT: usize = 4;
const NAME: u16 = 0xe001;
const INODE: u16 = 0xe002;
const NAME_BYTES: usize = 40;
const INODE_BYTES: usize = 68;

pub(super) fn unpack(bytes: &[u8], unpacking: &mut Unpacking<'_>) {
    let is_big = bytes.starts_with(b"\x19\x85");
    let half = |at| u16_le(bytes, at).map(|it| if is_big { it.swap_bytes() } else { it });
    let word = |at| if is_big { u32_be(bytes, at) } else { u32_le(bytes, at) };
    let mut log = Log::default();
    let mut at = 0;
    while at < bytes.len() {
        let Some(length) = node(bytes, at, is_big) else {
            at += ALIGNMENT;
            continue;
        };
        match half(at + 2) {
            Some(NAME) => {
                if let (Some(parent), Some(version), Some(inode), Some(rest)) =
                    (word(at + 12), word(at + 16), word(at + 20), slice(bytes, at + 28, 2))
                    && let Some(name) = slice(bytes, at + NAME_BYTES, rest[0].into())
                {
                    // Types as in a directory of Linux: 8 is a file.
                    log.name(parent, name, version.into(), inode, rest[1] == 8);
                }
            }
            Some(INODE) => {
                let fields = [12, 16, 28, 44, 48, 52].map(|offset| word(at + offset));
                let [
                    Some(inode),
                    Some(version),
                    Some(size),
                    Some(offset),
                    Some(packed),
                    Some(plain),
                ] = fields
                else {
                    break;
                };
                log.length(inode, version.into(), size.into());
                if let (Some(method), Some(packed)) =
                    (bytes.get(at + 56), slice(bytes, at + INODE_BYTES, packed as usize))
                    && plain > 0
                {
                    let piece = Piece {
                        version: version.into(),
                        offset: offset.into(),
                        length: plain as usize,
                        method: method_of(*method),
                        packed,
                    };
                    log.piece(inode, piece);
                }
            }
            _ => {}
        }
        at += length.next_multiple_of(ALIGNMENT);
    }
    log.take_out("jffs2", unpacking);
}

fn method_of(number: u8) -> Method {
    match number {
        0 => Method::Plain,
        1 => Method::Zeros,
        2 => Method::Rtime,
        6 => Method::Zlib,
        7 => Method::Lzo,
        8 => Method::Other("LZMA"),
        _ => Method::Other("a method of JFFS2's"),
    }
}

/// The length of the node at `at`, if there is one whose header's check sum is right.
fn node(bytes: &[u8], at: usize, is_big: bool) -> Option<usize> {
    let head = slice(bytes, at, 12)?;
    let (mark, length, sum) = if is_big {
        (&b"\x19\x85"[..], u32_be(head, 4)?, u32_be(head, 8)?)
    } else {
        (&b"\x85\x19"[..], u32_le(head, 4)?, u32_le(head, 8)?)
    };
    let good = head.starts_with(mark) && length >= 12 && jffs2_crc(&head[..8]) == sum;
    good.then_some(length as usize)
}
