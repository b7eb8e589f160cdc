//! A segment that is no longer written: compressed block by block, so that one record is
//! read without the rest.
//!
//! ```text
//! "UKAIZSG1" base:u64                                   (little-endian)
//! zstd frames, each of BLOCK_BYTES of the segment (the last of fewer)
//! table:   per block  stored length:u32  crc32 of the stored bytes:u32
//! trailer: length of the segment:u64  blocks:u32  crc32 of base, table and the two:u32
//! ```
//!
//! What is compressed are the bytes of the segment as `segment` lays them out, so that
//! every position stays what it was. A damaged block is read as zeros, which no record
//! begins with: its records are lost and no others.

use crate::StoreError;
use crate::limits::SEAL_ZSTD_LEVEL;
use bytes::Bytes;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use zstd::bulk::{Compressor, Decompressor};

/// Bytes of the segment in a block. Larger ones are smaller together and slower to read
/// one event from.
pub(crate) const BLOCK_BYTES: usize = 128 << 10;

const MAGIC: &[u8; 8] = b"UKAIZSG1";
const HEADER_LEN: u64 = 16;
const TRAILER_LEN: usize = 16;
const ENTRY_LEN: usize = 8;

/// A sealed segment, open for reading.
pub(crate) struct Sealed {
    file: File,
    len: u64,
    /// Where each block lies, and its checksum. Empty if the table is damaged.
    blocks: Vec<Block>,
}

#[derive(Clone, Copy)]
struct Block {
    offset: u64,
    len: u32,
    crc: u32,
}

/// Compresses a segment of `len` bytes into a new file; durable on return. The size of it.
pub(crate) fn write(raw: &File, base: u64, len: u64, path: &Path) -> io::Result<u64> {
    let mut options = File::options();
    let mut out = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    out.write_all(MAGIC)?;
    out.write_all(&base.to_le_bytes())?;
    let mut compressor = Compressor::new(SEAL_ZSTD_LEVEL)?;
    let (mut buffer, mut table) = (Vec::new(), Vec::new());
    let (mut at, mut stored) = (0, HEADER_LEN);
    while at < len {
        let size = usize::try_from(len - at).unwrap_or(usize::MAX).min(BLOCK_BYTES);
        buffer.resize(size, 0);
        raw.read_exact_at(&mut buffer, at)?;
        let block = compressor.compress(&buffer)?;
        out.write_all(&block)?;
        table.extend_from_slice(&(block.len() as u32).to_le_bytes());
        table.extend_from_slice(&crc32fast::hash(&block).to_le_bytes());
        at += size as u64;
        stored += block.len() as u64;
    }
    let trailer = trailer(base, len, &table);
    out.write_all(&table)?;
    out.write_all(&trailer)?;
    out.sync_all()?;
    Ok(stored + (table.len() + TRAILER_LEN) as u64)
}

fn trailer(base: u64, len: u64, table: &[u8]) -> [u8; TRAILER_LEN] {
    let blocks = (table.len() / ENTRY_LEN) as u32;
    let mut crc = crc32fast::Hasher::new();
    crc.update(&base.to_le_bytes());
    crc.update(table);
    crc.update(&len.to_le_bytes());
    crc.update(&blocks.to_le_bytes());
    let mut trailer = [0; TRAILER_LEN];
    trailer[..8].copy_from_slice(&len.to_le_bytes());
    trailer[8..12].copy_from_slice(&blocks.to_le_bytes());
    trailer[12..].copy_from_slice(&crc.finalize().to_le_bytes());
    trailer
}

impl Sealed {
    /// Opens the segment of `len` bytes that begins at `base`. If its table is damaged,
    /// all of it reads as zeros.
    pub(crate) fn open(path: &Path, base: u64, len: u64) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(StoreError::io(path))?;
        let size = file.metadata().map_err(StoreError::io(path))?.len();
        let blocks = match read_table(&file, size, base, len) {
            Ok(Some(blocks)) => blocks,
            Ok(None) => {
                tracing::error!(file = %path.display(), "the sealed segment's table is damaged; it cannot be read");
                Vec::new()
            }
            Err(error) => return Err(StoreError::io(path)(error)),
        };
        Ok(Self { file, len, blocks })
    }

    /// The bytes of a block of the segment, zeros if it is damaged.
    pub(crate) fn block(&self, number: usize) -> io::Result<Bytes> {
        let start = number as u64 * BLOCK_BYTES as u64;
        let size = usize::try_from(self.len.saturating_sub(start)).unwrap_or(usize::MAX);
        let size = size.min(BLOCK_BYTES);
        let Some(block) = self.blocks.get(number) else { return Ok(vec![0; size].into()) };
        let mut stored = vec![0; block.len as usize];
        self.file.read_exact_at(&mut stored, block.offset)?;
        let sound = crc32fast::hash(&stored) == block.crc;
        let bytes = sound.then(|| Decompressor::new()?.decompress(&stored, size));
        match bytes {
            Some(Ok(bytes)) if bytes.len() == size => Ok(bytes.into()),
            _ => {
                tracing::error!(block = number, "a block of a sealed segment is damaged");
                Ok(vec![0; size].into())
            }
        }
    }
}

fn read_table(file: &File, size: u64, base: u64, len: u64) -> io::Result<Option<Vec<Block>>> {
    let count = len.div_ceil(BLOCK_BYTES as u64);
    let table_len = usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(ENTRY_LEN);
    let tail_len = table_len.saturating_add(TRAILER_LEN);
    let Some(at) = size.checked_sub(tail_len as u64).filter(|at| *at >= HEADER_LEN) else {
        return Ok(None);
    };
    let mut tail = vec![0; tail_len];
    file.read_exact_at(&mut tail, at)?;
    let (table, found) = tail.split_at(table_len);
    if found != trailer(base, len, table) {
        return Ok(None);
    }
    let mut offset = HEADER_LEN;
    let blocks = table.chunks_exact(ENTRY_LEN).map(|entry| {
        let word = |at: usize| {
            u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]])
        };
        let block = Block { offset, len: word(0), crc: word(4) };
        offset += u64::from(block.len);
        block
    });
    let blocks: Vec<Block> = blocks.collect();
    Ok((offset == at).then_some(blocks))
}
