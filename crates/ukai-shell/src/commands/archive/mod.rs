//! Packed files and archives: `gzip`, `bzip2`, `xz` and kin, `tar`, `zip`, `unzip`.
//! Packing is done by crates; nothing is unpacked further than
//! [`UNPACKED_BYTES`](crate::limits::UNPACKED_BYTES).

mod squeeze;
mod tar;
mod zip;

use super::Command;
use crate::limits;
use std::io::{Read, Write};

pub(super) const COMMANDS: &[Command] = &[
    Command::at_once("gzip", squeeze::run),
    Command::at_once("gunzip", squeeze::run),
    Command::at_once("zcat", squeeze::run),
    Command::at_once("bzip2", squeeze::run),
    Command::at_once("bunzip2", squeeze::run),
    Command::at_once("bzcat", squeeze::run),
    Command::at_once("xz", squeeze::run),
    Command::at_once("unxz", squeeze::run),
    Command::at_once("xzcat", squeeze::run),
    Command::at_once("lzma", squeeze::run),
    Command::at_once("unlzma", squeeze::run),
    Command::at_once("lzcat", squeeze::run),
    Command::at_once("tar", tar::run),
    Command::at_once("zip", zip::zip),
    Command::at_once("unzip", zip::unzip),
];

/// A way of packing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Gzip,
    Bzip2,
    Xz,
    Lzma,
}

impl Packing {
    /// What bytes are packed with, by how they begin.
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0x5d, 0, 0, ..] => Some(Self::Lzma),
            _ => None,
        }
    }

    const fn suffix(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Bzip2 => ".bz2",
            Self::Xz => ".xz",
            Self::Lzma => ".lzma",
        }
    }

    /// Unpacks, no further than the limit; none if the bytes are no such thing.
    fn unpack(self, bytes: &[u8]) -> Option<Vec<u8>> {
        /// Memory for the dictionary, in KiB: that of `xz -7`.
        const MEMORY_KIB: u32 = 24 * 1_024;
        let limit = limits::UNPACKED_BYTES as u64;
        let mut out = Vec::new();
        if Self::of(bytes) != Some(self) {
            return None;
        }
        let done = match self {
            Self::Gzip => {
                flate2::read::MultiGzDecoder::new(bytes).take(limit).read_to_end(&mut out)
            }
            Self::Bzip2 => {
                bzip2::read::MultiBzDecoder::new(bytes).take(limit).read_to_end(&mut out)
            }
            Self::Xz => lzma_rust2::XzReader::new_mem_limit(bytes, true, MEMORY_KIB)
                .take(limit)
                .read_to_end(&mut out),
            Self::Lzma => lzma_rust2::LzmaReader::new_mem_limit(bytes, MEMORY_KIB, None)
                .ok()?
                .take(limit)
                .read_to_end(&mut out),
        };
        done.ok().map(|_| out)
    }

    /// Packs; `name` stands in gzip's header, as gzip puts it there.
    fn pack(self, bytes: &[u8], name: &[u8], time: u32) -> Option<Vec<u8>> {
        match self {
            Self::Gzip => {
                let builder = flate2::GzBuilder::new().mtime(time).operating_system(3);
                let builder = if name.is_empty() { builder } else { builder.filename(name) };
                let mut encoder = builder.write(Vec::new(), flate2::Compression::fast());
                encoder.write_all(bytes).ok()?;
                encoder.finish().ok()
            }
            Self::Bzip2 => {
                let level = bzip2::Compression::best();
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).ok()?;
                encoder.finish().ok()
            }
            Self::Xz => {
                let options = lzma_rust2::XzOptions::with_preset(1);
                let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).ok()?;
                encoder.write_all(bytes).ok()?;
                encoder.finish().ok()
            }
            Self::Lzma => {
                let options = lzma_rust2::LzmaOptions::with_preset(1);
                let mut encoder =
                    lzma_rust2::LzmaWriter::new_use_header(Vec::new(), &options, None).ok()?;
                encoder.write_all(bytes).ok()?;
                encoder.finish().ok()
            }
        }
    }
}

/// What it takes to pack or unpack bytes, in steps.
fn steps(bytes: usize) -> u64 {
    /// Bytes that are packed or unpacked in a step.
    const BYTES_PER_STEP: usize = 128;
    (bytes / BYTES_PER_STEP) as u64 + 1
}
