//! Fixed-size fields of an ELF file, in its class and byte order.
//!
//! Written here rather than taken from a library: libraries read a file whole or not at
//! all, and samples for small devices often have one broken table. Every part stands for
//! itself here; a test compares the result with the `goblin` crate's on sound files.

/// The file with its class and byte order.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    /// 64-bit class.
    pub(super) wide: bool,
    pub(super) little_endian: bool,
}

/// The ELF header's fields that matter here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) kind: u16,
    pub(super) machine: u16,
    pub(super) entry: u64,
    pub(super) segments_at: u64,
    pub(super) sections_at: u64,
    pub(super) flags: u32,
    pub(super) segment_bytes: u16,
    pub(super) segments: u16,
    pub(super) section_bytes: u16,
    pub(super) sections: u16,
    /// Which section holds the sections' names.
    pub(super) section_names: u16,
}

/// A program header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) kind: u32,
    pub(super) flags: u32,
    pub(super) offset: u64,
    pub(super) address: u64,
    pub(super) file_bytes: u64,
    pub(super) memory_bytes: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn u8(&self, at: u64) -> Option<u8> {
        self.slice(at, 1).map(|bytes| bytes[0])
    }

    pub(super) fn u16(&self, at: u64) -> Option<u16> {
        let bytes = self.slice(at, 2)?.try_into().ok()?;
        Some(if self.little_endian { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    pub(super) fn u32(&self, at: u64) -> Option<u32> {
        let bytes = self.slice(at, 4)?.try_into().ok()?;
        Some(if self.little_endian { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn u64(&self, at: u64) -> Option<u64> {
        let bytes = self.slice(at, 8)?.try_into().ok()?;
        Some(if self.little_endian { u64::from_le_bytes(bytes) } else { u64::from_be_bytes(bytes) })
    }

    /// A field of the class's width.
    pub(super) fn word(&self, at: u64) -> Option<u64> {
        if self.wide { self.u64(at) } else { self.u32(at).map(u64::from) }
    }

    /// `length` bytes at `at`, if the file has them.
    pub(super) fn slice(&self, at: u64, length: u64) -> Option<&'a [u8]> {
        let end = at.checked_add(length)?;
        self.bytes.get(usize::try_from(at).ok()?..usize::try_from(end).ok()?)
    }

    /// Text from `at` to a NUL, at most `max` bytes.
    pub(super) fn text(&self, at: u64, max: usize) -> Option<&'a [u8]> {
        let rest = self.bytes.get(usize::try_from(at).ok()?..)?;
        let end = rest.iter().take(max).position(|byte| *byte == 0)?;
        Some(&rest[..end])
    }

    pub(super) fn header(&self) -> Option<Header> {
        let (entry, wide) = (24, u64::from(self.wide));
        // Three words follow `e_version`; then fields of fixed width.
        let step = 4 + 4 * wide;
        let rest = entry + 3 * step;
        Some(Header {
            kind: self.u16(16)?,
            machine: self.u16(18)?,
            entry: self.word(entry)?,
            segments_at: self.word(entry + step)?,
            sections_at: self.word(entry + 2 * step)?,
            flags: self.u32(rest)?,
            segment_bytes: self.u16(rest + 6)?,
            segments: self.u16(rest + 8)?,
            section_bytes: self.u16(rest + 10)?,
            sections: self.u16(rest + 12)?,
            // The last field of the header; a file may be cut off before it.
            section_names: self.u16(rest + 14).unwrap_or(0),
        })
    }

    /// Size of a program header in the file's class.
    pub(super) const fn segment_bytes(&self) -> u64 {
        if self.wide { 56 } else { 32 }
    }

    pub(super) fn segment(&self, at: u64) -> Option<Segment> {
        // The whole entry is in the file, so the additions below cannot overflow.
        self.slice(at, self.segment_bytes())?;
        let kind = self.u32(at)?;
        if self.wide {
            Some(Segment {
                kind,
                flags: self.u32(at + 4)?,
                offset: self.u64(at + 8)?,
                address: self.u64(at + 16)?,
                file_bytes: self.u64(at + 32)?,
                memory_bytes: self.u64(at + 40)?,
            })
        } else {
            Some(Segment {
                kind,
                flags: self.u32(at + 24)?,
                offset: self.u32(at + 4)?.into(),
                address: self.u32(at + 8)?.into(),
                file_bytes: self.u32(at + 16)?.into(),
                memory_bytes: self.u32(at + 20)?.into(),
            })
        }
    }

    /// Type of the section header at `at`.
    pub(super) fn section_kind(&self, at: u64) -> Option<u32> {
        self.u32(at.checked_add(4)?)
    }

    /// Tag and value of the dynamic entry at `at`, and its size.
    pub(super) fn dynamic(&self, at: u64) -> Option<(u64, u64)> {
        let width = self.dynamic_bytes() / 2;
        Some((self.word(at)?, self.word(at.checked_add(width)?)?))
    }

    /// Size of a dynamic entry in the file's class.
    pub(super) const fn dynamic_bytes(&self) -> u64 {
        if self.wide { 16 } else { 8 }
    }
}
