//! The kernel's ring buffer, in its binary form (`trace_pipe_raw`).
//!
//! Layout: `include/linux/ring_buffer.h` and `kernel/trace/ring_buffer.c` of Linux 6.1,
//! and each event's `format` file.

use std::collections::HashMap;

pub const PAGE_BYTES: usize = 4_096;
const HEAD_BYTES: usize = 16;
const MISSED: u64 = 1 << 31;
const MISSED_STORED: u64 = 1 << 30;

/// Where a field lies in a record.
#[derive(Clone, Copy)]
pub struct Field {
    offset: usize,
    size: usize,
    signed: bool,
}

/// An event's fields by name, from its `format` file.
pub type Format = HashMap<String, Field>;

pub fn parse_format(text: &str) -> Option<(u16, Format)> {
    let mut id = None;
    let mut fields = Format::new();
    for line in text.lines() {
        if let Some(number) = line.strip_prefix("ID: ") {
            id = number.trim().parse().ok();
        }
        let Some(rest) = line.trim_start().strip_prefix("field:") else { continue };
        let mut parts = rest.split(';').map(str::trim);
        let declared = parts.next()?;
        let name = declared.rsplit(' ').next()?.split('[').next()?.to_owned();
        let mut value = |key: &str| parts.next()?.strip_prefix(key)?.parse::<usize>().ok();
        let (offset, size) = (value("offset:")?, value("size:")?);
        let signed = value("signed:").unwrap_or(0) == 1;
        fields.insert(name, Field { offset, size, signed });
    }
    Some((id?, fields))
}

/// One record.
pub struct Record<'a> {
    pub at_ns: u64,
    bytes: &'a [u8],
}

impl Record<'_> {
    pub fn id(&self) -> u16 {
        u16::from_le_bytes([self.bytes[0], self.bytes[1]])
    }

    /// The thread.
    pub fn task(&self) -> u32 {
        u32::from_le_bytes(self.bytes[4..8].try_into().unwrap_or_default())
    }

    pub fn number(&self, format: &Format, name: &str) -> u64 {
        let Some(field) = format.get(name) else { return 0 };
        let Some(bytes) = self.bytes.get(field.offset..field.offset + field.size.min(8)) else {
            return 0;
        };
        let fill =
            if field.signed && bytes.last().is_some_and(|last| *last > 0x7f) { 0xff } else { 0 };
        let mut wide = [fill; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(wide)
    }

    /// A text, whether it lies in the field or behind the record.
    pub fn text(&self, format: &Format, name: &str) -> Vec<u8> {
        let Some(field) = format.get(name) else { return Vec::new() };
        let (start, size) = if field.size == 4 {
            let place = self.number(format, name) as u32;
            ((place & 0xffff) as usize, (place >> 16) as usize)
        } else {
            (field.offset, field.size)
        };
        let bytes = self.bytes.get(start..start + size).unwrap_or_default();
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        bytes[..end].to_vec()
    }
}

/// Gives each record of a page to `each`, and returns how many the kernel lost before it.
pub fn page<'a>(page: &'a [u8], mut each: impl FnMut(Record<'a>)) -> u64 {
    let word = |at: usize| -> Option<u32> {
        Some(u32::from_le_bytes(page.get(at..at + 4)?.try_into().ok()?))
    };
    let long = |at: usize| -> Option<u64> {
        Some(u64::from_le_bytes(page.get(at..at + 8)?.try_into().ok()?))
    };
    let (Some(mut at_ns), Some(commit)) = (long(0), long(8)) else { return 0 };
    let end = (HEAD_BYTES + (commit & 0xf_ffff) as usize).min(page.len());
    let lost = match commit {
        c if c & MISSED_STORED != 0 => long(end).unwrap_or(1),
        c if c & MISSED != 0 => 1,
        _ => 0,
    };
    let mut at = HEAD_BYTES;
    while at + 4 <= end {
        let Some(head) = word(at) else { break };
        let (kind, delta) = (head & 31, u64::from(head >> 5));
        let next = word(at + 4).unwrap_or(0);
        let (start, size) = match kind {
            29 if delta == 0 => break,
            0 | 29 => (at + 8, (next as usize).saturating_sub(4)),
            30 | 31 => (at + 8, 0),
            words => (at + 4, words as usize * 4),
        };
        match kind {
            30 => at_ns += (u64::from(next) << 27) + delta,
            31 => at_ns = (u64::from(next) << 27) + delta,
            _ => at_ns += delta,
        }
        let stop = start + size;
        if kind < 29 {
            match page.get(start..stop) {
                Some(bytes) if bytes.len() >= 8 && stop <= end => each(Record { at_ns, bytes }),
                _ => break,
            }
        }
        at = stop.next_multiple_of(4);
    }
    lost
}
