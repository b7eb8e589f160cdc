//! Constants that machine code loads, in the order of the code.
//!
//! No disassembler: only the few instructions by which compilers load the address of a
//! string are looked for, at every place where one may begin. Register contents are
//! followed where an address takes two instructions (MIPS, PowerPC, SPARC). What is no
//! address of a string is sorted out by whoever asks.

use crate::limits::CODE_CONSTANTS_MAX;
use ukai_model::ElfInfo;

/// A constant, and where in the code it is loaded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Constant {
    pub(super) at: usize,
    pub(super) value: u64,
}

/// Constants in `code`.
pub(super) fn constants(code: &[u8], elf: &ElfInfo) -> Vec<Constant> {
    let little = elf.little_endian;
    let mut found = match elf.machine.as_str() {
        "x86" | "x86-64" => immediate_words(code, true),
        // Extension words are aligned to two bytes.
        "m68k" => aligned_words(code),
        "arm" => arm(code, little),
        "sh" => sh(code, little),
        "mips" => pairs(code, little, mips),
        "powerpc" => pairs(code, little, powerpc),
        "sparc" => pairs(code, little, sparc),
        _ => Vec::new(),
    };
    found.truncate(CODE_CONSTANTS_MAX);
    found
}

/// Small numbers that code hands to a function as its third argument, in the order of the code:
/// on the stack (x86, m68k), in a register of the calling convention (all others).
pub(super) fn third_arguments(code: &[u8], elf: &ElfInfo) -> Vec<Constant> {
    let little = elf.little_endian;
    let step = match elf.machine.as_str() {
        "x86" | "x86-64" => 1,
        "m68k" | "sh" => 2,
        _ => 4,
    };
    let read = |at: usize| -> Option<u32> {
        let four = || word(code, at, little);
        match elf.machine.as_str() {
            "x86" => match code.get(at..)? {
                [0x6a, value, ..] => Some(u32::from(*value)),
                [0xc7, 0x44, 0x24, 0x08, ..] => word(code, at + 4, true),
                [0xb9, ..] => word(code, at + 1, true),
                _ => None,
            },
            "x86-64" => (*code.get(at)? == 0xba).then(|| word(code, at + 1, true)).flatten(),
            "m68k" => match code.get(at..)? {
                [0x48, 0x78, high, low, ..] => Some(u32::from_be_bytes([0, 0, *high, *low])),
                [0x2f, 0x3c, ..] => word(code, at + 2, false),
                _ => None,
            },
            "sh" => {
                let two: [u8; 2] = code.get(at..at + 2)?.try_into().ok()?;
                let op = if little { u16::from_le_bytes(two) } else { u16::from_be_bytes(two) };
                (op >> 8 == 0xe6).then(|| u32::from(op & 0xff))
            }
            "arm" => four().filter(|op| op & 0xffff_ff00 == 0xe3a0_2000).map(|op| op & 0xff),
            "mips" => four().filter(|op| matches!(op >> 16, 0x2406 | 0x3406)).map(|op| op & 0xffff),
            "powerpc" => four().filter(|op| op >> 16 == 0x38a0).map(|op| op & 0xffff),
            "sparc" => four().filter(|op| op & 0xffff_e000 == 0x9410_2000).map(|op| op & 0xfff),
            _ => None,
        }
    };
    let found = (0..code.len()).step_by(step);
    let found = found.filter_map(|at| Some(Constant { at, value: read(at)?.into() }));
    found.take(CODE_CONSTANTS_MAX).collect()
}

fn word(code: &[u8], at: usize, little: bool) -> Option<u32> {
    let four = code.get(at..).and_then(|rest| rest.first_chunk())?;
    Some(if little { u32::from_le_bytes(*four) } else { u32::from_be_bytes(*four) })
}

/// `push imm32` (68), `mov r32, imm32` (b8 to bf), `mov [mem], imm32` (c7) with the ways of
/// addressing that compilers use for arguments on the stack.
fn immediate_words(code: &[u8], little: bool) -> Vec<Constant> {
    let mut found = Vec::new();
    let mut at = 0;
    while at + 5 <= code.len() && found.len() < CODE_CONSTANTS_MAX {
        let skip = match code[at..] {
            [0x68 | 0xb8..=0xbf, ..] => 1,
            [0xc7, 0x44, 0x24, ..] => 4,
            [0xc7, 0x04, 0x24, ..] | [0xc7, 0x45, ..] => 3,
            _ => {
                at += 1;
                continue;
            }
        };
        if let Some(value) = word(code, at + skip, little) {
            found.push(Constant { at, value: value.into() });
        }
        // Not over the operand: what looked like an instruction may have been part of one.
        at += 1;
    }
    found
}

/// Every word at an even place: `pea`, `lea` and `move.l #` have the address behind them.
fn aligned_words(code: &[u8]) -> Vec<Constant> {
    let mut found = Vec::new();
    for at in (0..code.len()).step_by(2) {
        let Some(op) = code.get(at..at + 2) else { break };
        // pea (xxx).l, lea (xxx).l,An, move.l #imm,<ea>
        let loads = matches!(op, [0x48, 0x79] | [0x41 | 0x43 | 0x45 | 0x47 | 0x49 | 0x4b, 0xf9])
            || op[0] & 0xf0 == 0x20 && op[1] & 0x3f == 0x3c;
        if loads && let Some(value) = word(code, at + 2, false) {
            found.push(Constant { at, value: value.into() });
        }
    }
    found
}

/// `ldr rD, [pc, #n]`, the place being two instructions ahead.
fn arm(code: &[u8], little: bool) -> Vec<Constant> {
    (0..code.len())
        .step_by(4)
        .filter_map(|at| {
            let op = word(code, at, little)?;
            if op & 0x0f7f_0000 != 0x051f_0000 {
                return None;
            }
            let offset = (op & 0xfff) as usize;
            let ahead = at + 8;
            let from =
                if op & 0x0080_0000 == 0 { ahead.checked_sub(offset)? } else { ahead + offset };
            word(code, from, little).map(|value| Constant { at, value: value.into() })
        })
        .collect()
}

/// `mov.l @(disp,pc),Rn`, into the registers of the first two arguments: in what is no code,
/// every sixteenth half word is such an instruction for some register.
fn sh(code: &[u8], little: bool) -> Vec<Constant> {
    (0..code.len())
        .step_by(2)
        .filter_map(|at| {
            let two: [u8; 2] = code.get(at..at + 2)?.try_into().ok()?;
            let op = if little { u16::from_le_bytes(two) } else { u16::from_be_bytes(two) };
            if !matches!(op >> 8, 0xd4 | 0xd5) {
                return None;
            }
            let from = (at & !3) + 4 + 4 * usize::from(op & 0xff);
            word(code, from, little).map(|value| Constant { at, value: value.into() })
        })
        .collect()
}

/// What an instruction does to a register that holds half an address.
enum Half {
    /// The register gets this.
    High(usize, u32),
    /// The register gets the sum of another one and this, which is an address.
    Low(usize, usize, u32),
    /// Something else.
    Other,
}

fn pairs(code: &[u8], little: bool, decode: fn(u32) -> Half) -> Vec<Constant> {
    let mut registers: [Option<u32>; 32] = [None; 32];
    let mut found = Vec::new();
    for at in (0..code.len()).step_by(4) {
        let Some(op) = word(code, at, little) else { break };
        match decode(op) {
            Half::High(to, value) => registers[to] = Some(value),
            Half::Low(to, from, value) => {
                if let Some(high) = registers[from] {
                    let address = high.wrapping_add(value);
                    found.push(Constant { at, value: address.into() });
                    // The upper half stays where it is if another register is written.
                    if to == from {
                        registers[to] = None;
                    }
                }
            }
            Half::Other => {}
        }
    }
    found
}

/// `lui rT, imm` and `addiu rT, rS, imm`.
fn mips(op: u32) -> Half {
    let (from, to) = ((op >> 21 & 31) as usize, (op >> 16 & 31) as usize);
    match op >> 26 {
        0x0f if from == 0 => Half::High(to, op << 16),
        0x09 => Half::Low(to, from, signed(op)),
        _ => Half::Other,
    }
}

/// `lis rD, imm` and `addi rD, rA, imm`.
fn powerpc(op: u32) -> Half {
    let (to, from) = ((op >> 21 & 31) as usize, (op >> 16 & 31) as usize);
    match op >> 26 {
        15 if from == 0 => Half::High(to, op << 16),
        14 if from != 0 => Half::Low(to, from, signed(op)),
        _ => Half::Other,
    }
}

/// `sethi %hi(imm), rD` and `or rS, %lo(imm), rD`, or `add`.
fn sparc(op: u32) -> Half {
    let (to, from) = ((op >> 25 & 31) as usize, (op >> 14 & 31) as usize);
    if op >> 30 == 0 && op >> 22 & 7 == 4 {
        return Half::High(to, op << 10);
    }
    let immediate = op >> 30 == 2 && op >> 13 & 1 == 1;
    match op >> 19 & 0x3f {
        2 | 0 if immediate => Half::Low(to, from, op & 0x1fff),
        _ => Half::Other,
    }
}

/// The lower half of an instruction, with its sign.
fn signed(op: u32) -> u32 {
    i32::from(op as u16 as i16) as u32
}
