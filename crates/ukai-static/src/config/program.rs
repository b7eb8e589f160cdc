//! A program as extractors see it: its C strings, its memory, the constants in its code.

use super::code::{self, Constant};
use crate::limits::{C_STRING_BYTES_MAX, C_STRINGS_MAX};
use std::cell::OnceCell;
use ukai_model::ElfInfo;

/// Bytes between two NULs.
#[derive(Clone, Copy, Debug)]
pub(super) struct CString<'a> {
    /// Place in the file.
    pub(super) at: usize,
    pub(super) bytes: &'a [u8],
}

pub(super) struct Program<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) elf: &'a ElfInfo,
    strings: OnceCell<Vec<CString<'a>>>,
    constants: OnceCell<Vec<Constant>>,
}

impl<'a> Program<'a> {
    pub(super) fn new(bytes: &'a [u8], elf: &'a ElfInfo) -> Self {
        Self { bytes, elf, strings: OnceCell::new(), constants: OnceCell::new() }
    }

    /// All C strings, in order.
    pub(super) fn strings(&self) -> &[CString<'a>] {
        self.strings.get_or_init(|| {
            let mut at = 0;
            let mut list = Vec::new();
            for bytes in self.bytes.split(|byte| *byte == 0) {
                if (1..=C_STRING_BYTES_MAX).contains(&bytes.len()) && list.len() < C_STRINGS_MAX {
                    list.push(CString { at, bytes });
                }
                at += bytes.len() + 1;
            }
            list
        })
    }

    /// Constants that the code loads, in the order of the code.
    pub(super) fn constants(&self) -> &[Constant] {
        self.constants.get_or_init(|| code::constants(self.code(), self.elf))
    }

    /// Small numbers that the code hands over as third arguments, between two places in it.
    pub(super) fn third_arguments(&self, places: std::ops::Range<usize>) -> Vec<Constant> {
        let code = self.code();
        let from = places.start.min(code.len());
        let part = &code[from..places.end.clamp(from, code.len())];
        let found = code::third_arguments(part, self.elf).into_iter();
        found.map(|it| Constant { at: from + it.at, ..it }).collect()
    }

    fn code(&self) -> &'a [u8] {
        let code = self.elf.segments.iter().find(|it| it.kind == "LOAD" && it.flags.contains('x'));
        let Some(segment) = code else { return &[] };
        let (at, length) = (segment.offset as usize, segment.file_size as usize);
        let rest = self.bytes.get(at..).unwrap_or_default();
        &rest[..rest.len().min(length)]
    }

    /// Place in the file of an address in memory.
    pub(super) fn place(&self, address: u64) -> Option<usize> {
        let home = self.elf.segments.iter().find(|it| {
            it.kind == "LOAD"
                && address.checked_sub(it.address).is_some_and(|into| into < it.file_size)
        })?;
        let at = home.offset.checked_add(address - home.address)?;
        usize::try_from(at).ok().filter(|at| *at < self.bytes.len())
    }
}
