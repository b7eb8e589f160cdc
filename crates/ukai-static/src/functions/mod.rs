//! Code similarity: what the functions of a program are made of, whatever its addresses, registers
//! and data are.
//!
//! The instructions of a function, without operands, are read as words, and each four of them that
//! follow each other are one element of the program's set. Two programs are as alike as these sets
//! are (Jaccard), which a MinHash estimates: 64 values, of which that share is the same. One
//! permutation fills them all (Li, Owen, Zhang: "One Permutation Hashing", 2012), so that an element
//! costs one multiplication.
//!
//! A program is taken with the libraries that are linked into it: strangers that were built with
//! the same one have that part in common.

mod index;
mod words;

pub(crate) use index::CodeIndex;

use crate::limits::{CODE_BYTES_MAX, CODE_GRAMS_MIN};
use ukai_model::{ElfInfo, PeInfo, Section};
use words::{Machine, Word};

/// Instructions in one element.
const GRAM: usize = 4;
/// Values of a MinHash.
const VALUES: usize = 64;
/// What stands for no element.
const NONE: u16 = u16::MAX;

/// A MinHash.
type MinHash = [u16; VALUES];

/// The MinHash of an ELF program's functions, in hexadecimal; none if there is too little code, or
/// for a processor that is not known.
pub(crate) fn of_elf(bytes: &[u8], elf: &ElfInfo) -> Option<String> {
    let machine = Machine::of(&elf.machine, elf.bits, elf.little_endian, elf.entry & 1 == 1)?;
    let sections: Vec<_> = executable(&elf.sections).collect();
    // Bots are often without sections.
    let segments = elf.segments.iter().filter(|it| it.kind == "LOAD" && it.flags.contains('x'));
    let segments = segments.map(|it| (it.offset, it.file_size));
    let parts = if sections.is_empty() { segments.collect() } else { sections };
    of_parts(bytes, &parts, machine)
}

/// The same of a PE program. What runs on .NET has no code for a processor.
pub(crate) fn of_pe(bytes: &[u8], pe: &PeInfo) -> Option<String> {
    let machine = Machine::of(&pe.machine, pe.bits, true, false).filter(|_| !pe.dotnet)?;
    of_parts(bytes, &executable(&pe.sections).collect::<Vec<_>>(), machine)
}

fn executable(sections: &[Section]) -> impl Iterator<Item = (u64, u64)> + '_ {
    let is_code = |it: &&Section| it.flags.contains('x') && it.file_size > 0;
    sections.iter().filter(is_code).map(|it| (it.offset, it.file_size))
}

fn of_parts(bytes: &[u8], parts: &[(u64, u64)], machine: Machine) -> Option<String> {
    let mut sketch =
        Sketch { machine, least: [u32::MAX; VALUES], last: [0; GRAM], known: 0, grams: 0 };
    let mut room = CODE_BYTES_MAX;
    for (offset, size) in parts {
        let Some(rest) = usize::try_from(*offset).ok().and_then(|at| bytes.get(at..)) else {
            continue;
        };
        let size = usize::try_from(*size).unwrap_or(usize::MAX).min(rest.len()).min(room);
        room -= size;
        machine.words(&rest[..size], &mut |word| sketch.add(word));
        sketch.known = 0;
    }
    (sketch.grams >= CODE_GRAMS_MIN).then(|| text(&sketch.least.map(short)))
}

struct Sketch {
    machine: Machine,
    /// The least hash of each part.
    least: [u32; VALUES],
    /// The last instructions of the function.
    last: [u16; GRAM],
    /// How many of them there are.
    known: usize,
    grams: usize,
}

impl Sketch {
    fn add(&mut self, word: Word) {
        let word = match word {
            // An end is the function's last instruction, and each function has one.
            Word::End | Word::Unknown => {
                self.known = 0;
                return;
            }
            Word::Instruction(word) => word,
        };
        self.last.rotate_left(1);
        self.last[GRAM - 1] = word;
        self.known = (self.known + 1).min(GRAM);
        if self.known < GRAM || self.last.iter().all(|it| *it == word) {
            // The same again and again is filling, or data.
            return;
        }
        self.grams += 1;
        let gram = self.last.iter().fold(0, |all, word| all << 16 | u64::from(*word));
        let hash = mixed(gram ^ u64::from(self.machine.number()) << 57);
        let least = &mut self.least[(hash >> 58) as usize];
        *least = (*least).min((hash >> 16) as u32);
    }
}

/// A hash as it is kept: 16 bits suffice to tell whether two are the same (Li, König: "b-Bit
/// Minwise Hashing", 2010).
const fn short(hash: u32) -> u16 {
    match (hash.wrapping_mul(0x9e37_79b1) >> 16) as u16 {
        _ if hash == u32::MAX => NONE,
        NONE => 0,
        short => short,
    }
}

/// Bits of one spread over all (the finaliser of MurmurHash3, A. Appleby, public domain).
const fn mixed(mut bits: u64) -> u64 {
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ bits >> 33
}

fn text(values: &MinHash) -> String {
    hex::encode(values.iter().flat_map(|value| value.to_be_bytes()).collect::<Vec<u8>>())
}

fn read(text: &str) -> Option<MinHash> {
    let bytes: [u8; 2 * VALUES] = hex::decode(text).ok()?.try_into().ok()?;
    let pairs = bytes.as_chunks::<2>().0;
    Some(std::array::from_fn(|at| u16::from_be_bytes(pairs[at])))
}

/// How alike two are, in percent.
fn percent(one: &MinHash, other: &MinHash) -> u8 {
    let pairs = || one.iter().zip(other);
    let same = pairs().filter(|(a, b)| a == b && **a != NONE).count();
    let either = pairs().filter(|(a, b)| **a != NONE || **b != NONE).count();
    (100 * same).checked_div(either).unwrap_or(0) as u8
}

#[cfg(test)]
mod tests;
