//! Instructions around a place in a program, for a reader: by Capstone, for the processors that
//! samples are made for.

use crate::limits::{VIEW_CODE_BYTES_MAX, VIEW_INSTRUCTIONS_MAX};
use crate::{elf, pe};
use capstone::{Arch, Capstone, Endian, Mode};
use serde::{Deserialize, Serialize};

/// Instructions of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Code {
    /// Processor: `arm`, `mips`, `x86-64` ...
    pub architecture: String,
    /// Whether the low byte comes first.
    pub little_endian: bool,
    /// The instructions in order.
    pub instructions: Vec<Instruction>,
}

/// One instruction, or bytes that are none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Instruction {
    /// Place in the file, in bytes.
    pub offset: u64,
    /// Place in memory, if the headers tell.
    pub address: Option<u64>,
    /// Its bytes in hexadecimal digits.
    pub bytes: String,
    /// In assembler; `.byte` for what is no instruction.
    pub text: String,
}

/// A part of a file that is loaded.
struct Loaded {
    offset: u64,
    size: u64,
    address: u64,
}

/// What a program's headers say about its code.
struct Program {
    machine: String,
    bits: u8,
    little_endian: bool,
    loaded: Vec<Loaded>,
    entry: Option<u64>,
}

/// The instructions from `offset` on, of a program; without an offset, from where it starts.
///
/// # Errors
/// Why there are none, for a reader.
pub(crate) fn at(bytes: &[u8], offset: Option<u64>, count: usize) -> Result<Code, String> {
    let program = program(bytes).ok_or("it is no program for a processor")?;
    let offset = match offset {
        Some(offset) => offset,
        None => program.entry_offset().ok_or("its entry point lies outside of the file")?,
    };
    let start = usize::try_from(offset).ok().filter(|start| *start < bytes.len());
    let start = start.ok_or("the offset lies behind the end")?;
    let code = &bytes[start..bytes.len().min(start.saturating_add(VIEW_CODE_BYTES_MAX))];
    let address = program.address(offset);
    let disassembler = program.disassembler(address.or(program.entry))?;
    let count = count.clamp(1, VIEW_INSTRUCTIONS_MAX);
    let base = address.unwrap_or(offset);
    let found = disassembler.disasm_count(code, base, count).map_err(|error| error.to_string())?;
    let instructions = found.iter().map(|one| {
        let place = one.address().wrapping_sub(base);
        let words = [one.mnemonic().unwrap_or(".byte"), one.op_str().unwrap_or_default()];
        Instruction {
            offset: offset.saturating_add(place),
            address: address.map(|_| one.address()),
            bytes: hex::encode(one.bytes()),
            text: words.join(" ").trim_end().to_owned(),
        }
    });
    Ok(Code {
        instructions: instructions.collect(),
        architecture: program.machine,
        little_endian: program.little_endian,
    })
}

fn program(bytes: &[u8]) -> Option<Program> {
    if let Some(elf) = elf::read(bytes) {
        let segments = elf.info.segments.iter().filter(|segment| segment.kind == "LOAD");
        let loaded = segments.map(|segment| Loaded {
            offset: segment.offset,
            size: segment.file_size,
            address: segment.address,
        });
        return Some(Program {
            loaded: loaded.collect(),
            machine: elf.info.machine,
            bits: elf.info.bits,
            little_endian: elf.info.little_endian,
            entry: Some(elf.info.entry),
        });
    }
    let pe = pe::read(bytes)?;
    let loaded = pe.sections.iter().map(|section| Loaded {
        offset: section.offset,
        size: section.file_size,
        address: section.address,
    });
    Some(Program {
        loaded: loaded.collect(),
        machine: pe.machine,
        bits: pe.bits,
        little_endian: true,
        entry: Some(pe.entry),
    })
}

impl Program {
    fn address(&self, offset: u64) -> Option<u64> {
        let part = self
            .loaded
            .iter()
            .find(|part| offset >= part.offset && offset - part.offset < part.size)?;
        Some(part.address.wrapping_add(offset - part.offset))
    }

    fn entry_offset(&self) -> Option<u64> {
        // The lowest bit of an ARM address says that the code is Thumb.
        let entry = self.entry? & if self.machine == "arm" { !1 } else { !0 };
        let part = self
            .loaded
            .iter()
            .find(|part| entry >= part.address && entry - part.address < part.size)?;
        part.offset.checked_add(entry - part.address)
    }

    fn disassembler(&self, address: Option<u64>) -> Result<Capstone, String> {
        let wide = self.bits == 64;
        let thumb = address.zip(self.entry).is_some_and(|(_, entry)| entry & 1 == 1);
        let (arch, mode) = match self.machine.as_str() {
            "x86" => (Arch::X86, Mode::Mode32),
            "x86-64" => (Arch::X86, Mode::Mode64),
            "arm" if thumb => (Arch::ARM, Mode::Thumb),
            "arm" => (Arch::ARM, Mode::Arm),
            "aarch64" => (Arch::ARM64, Mode::Arm),
            "mips" if wide => (Arch::MIPS, Mode::Mips64),
            "mips" => (Arch::MIPS, Mode::Mips32),
            "powerpc" => (Arch::PPC, Mode::Mode32),
            "powerpc64" => (Arch::PPC, Mode::Mode64),
            "sparc" => (Arch::SPARC, Mode::Default),
            "sparc64" => (Arch::SPARC, Mode::V9),
            "m68k" => (Arch::M68K, Mode::M68k040),
            "sh" => (Arch::SH, Mode::Sh4),
            "riscv" if wide => (Arch::RISCV, Mode::RiscV64),
            "riscv" => (Arch::RISCV, Mode::RiscV32),
            "s390" => (Arch::SYSZ, Mode::Default),
            other => return Err(format!("code for {other} cannot be shown")),
        };
        let endian = match arch {
            // They have one order, which Capstone knows.
            Arch::X86 | Arch::M68K | Arch::SYSZ => None,
            _ if self.little_endian => Some(Endian::Little),
            _ => Some(Endian::Big),
        };
        let failed = |error: capstone::Error| error.to_string();
        let mut capstone =
            Capstone::new_raw(arch, mode, std::iter::empty(), endian).map_err(failed)?;
        capstone.set_skipdata(true).map_err(failed)?;
        Ok(capstone)
    }
}

#[cfg(test)]
mod tests {
    use super::at;
    use proptest::prelude::*;

    /// A 32- or 64-bit ELF file of one loaded segment, with `code` at its entry point.
    fn elf(machine: u16, wide: bool, little: bool, code: &[u8]) -> Vec<u8> {
        const BASE: u64 = 0x1_0000;
        let (header, segment) = if wide { (64, 56) } else { (52, 32) };
        let mut file = b"\x7fELF".to_vec();
        file.extend([if wide { 2 } else { 1 }, if little { 1 } else { 2 }, 1]);
        file.resize(16, 0);
        let half = |file: &mut Vec<u8>, value: u16| {
            file.extend(if little { value.to_le_bytes() } else { value.to_be_bytes() });
        };
        let word = |file: &mut Vec<u8>, value: u64, wide: bool| match (wide, little) {
            (true, true) => file.extend(value.to_le_bytes()),
            (true, false) => file.extend(value.to_be_bytes()),
            (false, true) => file.extend((value as u32).to_le_bytes()),
            (false, false) => file.extend((value as u32).to_be_bytes()),
        };
        half(&mut file, 2);
        half(&mut file, machine);
        word(&mut file, 1, false);
        let start = header + segment;
        word(&mut file, BASE + start, wide);
        word(&mut file, header, wide);
        word(&mut file, 0, wide);
        word(&mut file, 0, false);
        for value in [header as u16, segment as u16, 1, 0, 0, 0] {
            half(&mut file, value);
        }
        let size = start + code.len() as u64;
        word(&mut file, 1, false);
        if wide {
            word(&mut file, 5, false);
        }
        for value in [0, BASE, BASE, size, size] {
            word(&mut file, value, wide);
        }
        if !wide {
            word(&mut file, 5, false);
        }
        word(&mut file, 0x1000, wide);
        file.extend(code);
        file
    }

    #[test]
    fn the_processors_of_samples_are_read() {
        // A move of 1 or a no-operation, and a return or a trap.
        for (machine, wide, little, code, expected) in [
            (62, true, true, &b"\xb8\x01\0\0\0\xc3"[..], ["mov eax, 1", "ret"]),
            (3, false, true, b"\x31\xc0\xcd\x80", ["xor eax, eax", "int 0x80"]),
            (40, false, true, b"\x01\x70\xa0\xe3\0\0\0\xef", ["mov r7, #1", "svc #0"]),
            (40, false, false, b"\xe3\xa0\x70\x01\xef\0\0\0", ["mov r7, #1", "svc #0"]),
            (183, true, true, b"\x20\0\x80\x52\xc0\x03\x5f\xd6", ["mov w0, #1", "ret"]),
            (
                8,
                false,
                false,
                b"\x24\x02\x0f\xa1\0\0\0\x0c",
                ["addiu $v0, $zero, 0xfa1", "syscall"],
            ),
            (8, false, true, b"\xa1\x0f\x02\x24\x0c\0\0\0", ["addiu $v0, $zero, 0xfa1", "syscall"]),
            (20, false, false, b"\x38\0\0\x01\x44\0\0\x02", ["li r0, 1", "sc"]),
            (4, false, false, b"\x70\x01\x4e\x75", ["moveq #$1, d0", "rts"]),
            (42, false, true, b"\x01\xe0\x0b\0", ["mov #1,r0", "rts"]),
            (2, false, false, b"\x01\0\0\0\x91\xd0\x20\x10", ["nop", "ta %icc, %g0 + 0x10"]),
        ] {
            let file = elf(machine, wide, little, code);
            let found = at(&file, None, 2).expect("it is a program");
            let texts: Vec<&str> = found.instructions.iter().map(|one| one.text.as_str()).collect();
            assert_eq!(texts, expected, "machine {machine}");
            let first = &found.instructions[0];
            assert_eq!(first.address, Some(0x1_0000 + first.offset), "machine {machine}");
        }
    }

    #[test]
    fn instructions_at_odd_places_are_where_they_are() {
        let file = elf(62, true, true, b"\x90\xb8\x01\0\0\0\xc3");
        let odd = file.len() as u64 - 6;
        assert_eq!(odd % 2, 1);
        let found = at(&file, Some(odd), 2).expect("it is a program");
        let told: Vec<_> =
            found.instructions.iter().map(|it| (it.offset, it.address, it.text.as_str())).collect();
        let address = |offset| Some(0x1_0000 + offset);
        assert_eq!(told, [(odd, address(odd), "mov eax, 1"), (odd + 5, address(odd + 5), "ret")]);
    }

    #[test]
    fn what_is_no_instruction_is_bytes_and_what_is_no_program_is_told() {
        let file = elf(8, false, false, &[0xff; 8]);
        let found = at(&file, None, 9).expect("it is a program");
        assert!(found.instructions[0].text.starts_with(".byte"), "{found:?}");
        assert_eq!(
            at(b"#!/bin/sh\n", None, 9).expect_err("a script"),
            "it is no program for a processor"
        );
        let other = elf(0x1234, false, true, b"\0\0\0\0");
        assert!(at(&other, None, 1).expect_err("a machine").contains("unknown (4660)"));
        assert!(at(&file, Some(1 << 40), 1).is_err());
    }

    proptest! {
        #[test]
        fn any_code_of_any_machine_is_shown(
            machine in prop::sample::select(vec![2u16, 3, 4, 8, 20, 21, 22, 40, 42, 43, 62, 183, 243]),
            wide: bool, little: bool, code: Vec<u8>, offset in 0..300u64,
        ) {
            let file = elf(machine, wide, little, &code);
            if let Ok(found) = at(&file, Some(offset), 1_000) {
                for one in found.instructions {
                    prop_assert!(one.offset < file.len() as u64);
                }
            }
        }
    }
}
