//! Instructions as words: what is done, not with what. Processors whose instructions all have one
//! length are read by the fields that say so in their manuals; for x86 there is iced-x86. (Capstone,
//! which the workbench has, writes a text for each.)

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic};

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// What it does.
    Instruction(u16),
    /// The end of a function.
    End,
    /// No instruction.
    Unknown,
}

/// How a processor's instructions are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Machine {
    X86(u8),
    Arm(Order),
    Aarch64,
    Mips(Order),
    PowerPc(Order),
    Sparc,
    Sh(Order),
    RiscV,
}

/// The order of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Machine {
    /// By the name that headers give it. Not here: 68000, whose instructions have any length, and
    /// ARM's Thumb.
    pub(super) fn of(name: &str, bits: u8, little_endian: bool, thumb: bool) -> Option<Self> {
        let order = if little_endian { Order::Little } else { Order::Big };
        Some(match name {
            "x86" => Self::X86(32),
            "x86-64" => Self::X86(64),
            "arm" if !thumb => Self::Arm(order),
            "aarch64" => Self::Aarch64,
            "mips" => Self::Mips(order),
            "powerpc" | "powerpc64" => Self::PowerPc(order),
            "sparc" | "sparc64" => Self::Sparc,
            "sh" => Self::Sh(order),
            "riscv" if bits == 64 || bits == 32 => Self::RiscV,
            _ => return None,
        })
    }

    /// Keeps the sets of different processors apart; below 128. Orders of bytes are one processor.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::X86(bits) => bits,
            Self::Arm(_) => 1,
            Self::Aarch64 => 2,
            Self::Mips(_) => 3,
            Self::PowerPc(_) => 4,
            Self::Sparc => 5,
            Self::Sh(_) => 6,
            Self::RiscV => 7,
        }
    }

    /// Reads code from its beginning to its end.
    pub(super) fn words(self, code: &[u8], each: &mut dyn FnMut(Word)) {
        match self {
            Self::X86(bits) => x86(code, bits, each),
            Self::Sh(order) => {
                for pair in code.as_chunks::<2>().0 {
                    each(sh(match order {
                        Order::Little => u16::from_le_bytes(*pair),
                        Order::Big => u16::from_be_bytes(*pair),
                    }));
                }
            }
            Self::RiscV => riscv(code, each),
            Self::Arm(order) => fixed(code, order, arm, each),
            Self::Aarch64 => fixed(code, Order::Little, aarch64, each),
            Self::Mips(order) => fixed(code, order, mips, each),
            Self::PowerPc(order) => fixed(code, order, powerpc, each),
            Self::Sparc => fixed(code, Order::Big, sparc, each),
        }
    }
}

fn x86(code: &[u8], bits: u8, each: &mut dyn FnMut(Word)) {
    let mut decoder = Decoder::new(bits.into(), code, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    while decoder.can_decode() {
        decoder.decode_out(&mut instruction);
        each(match instruction.mnemonic() {
            Mnemonic::INVALID => Word::Unknown,
            Mnemonic::Ret | Mnemonic::Retf => Word::End,
            mnemonic => Word::Instruction(mnemonic as u16),
        });
    }
}

fn fixed(code: &[u8], order: Order, word: fn(u32) -> Word, each: &mut dyn FnMut(Word)) {
    for four in code.as_chunks::<4>().0 {
        each(word(match order {
            Order::Little => u32::from_le_bytes(*four),
            Order::Big => u32::from_be_bytes(*four),
        }));
    }
}

/// Some bits of an instruction, the lowest first.
const fn bits(word: u32, from: u32, count: u32) -> u32 {
    word >> from & ((1 << count) - 1)
}

/// ARM Architecture Reference Manual, A32: condition, class, operation.
fn arm(word: u32) -> Word {
    let returns = word & 0x0fff_ffff == 0x012f_ff1e // bx lr
        || word & 0x0fff_ffff == 0x01a0_f00e // mov pc, lr
        || word & 0x0e10_8000 == 0x0810_8000; // ldm with pc
    if returns && word >> 28 == 14 {
        return Word::End;
    }
    // Bit 4 and 7 choose among multiplications, shifts by registers and the rest.
    let register = if bits(word, 25, 3) == 0 { bits(word, 4, 4) & 0b1001 } else { 0 };
    Word::Instruction((bits(word, 20, 12) ^ register << 12) as u16)
}

/// Arm A64: the top ten bits are class and operation.
fn aarch64(word: u32) -> Word {
    if word == 0xd65f_03c0 {
        return Word::End;
    }
    // Branches have their distance from bit 25 on.
    let from = if bits(word, 26, 5) == 0b00101 { 26 } else { 22 };
    Word::Instruction((word >> from << (from - 22)) as u16)
}

/// MIPS32: opcode; function where that is 0 or 28, kind of branch where it is 1.
fn mips(word: u32) -> Word {
    let opcode = bits(word, 26, 6);
    if word == 0x03e0_0008 {
        return Word::End;
    }
    let detail = match opcode {
        0 | 28 => bits(word, 0, 6),
        1 => bits(word, 16, 5),
        16..=19 => bits(word, 21, 5),
        _ => 0,
    };
    // A word of zeros does nothing, and fills.
    if word == 0 {
        Word::Instruction(u16::MAX)
    } else {
        Word::Instruction((opcode << 6 | detail) as u16)
    }
}

/// Power ISA: primary opcode, and the extended one of those that have one.
fn powerpc(word: u32) -> Word {
    if word == 0x4e80_0020 {
        return Word::End;
    }
    let opcode = bits(word, 26, 6);
    let extended = match opcode {
        19 | 31 | 63 => bits(word, 1, 10),
        4 | 30 | 59 => bits(word, 1, 5),
        _ => 0,
    };
    Word::Instruction((opcode << 10 | extended) as u16)
}

/// SPARC V8, V9: op; then op2 with the condition, or op3.
fn sparc(word: u32) -> Word {
    if word == 0x81c7_e008 || word == 0x81c3_e008 {
        return Word::End;
    }
    let op = bits(word, 30, 2);
    let detail = match op {
        0 if bits(word, 22, 3) == 4 => 4 << 4,
        0 => bits(word, 22, 3) << 4 | bits(word, 25, 4),
        1 => 0,
        _ => bits(word, 19, 6),
    };
    Word::Instruction((op << 12 | detail) as u16)
}

/// SuperH: the top digit, and the lowest one or two where the operation is there.
fn sh(word: u16) -> Word {
    if word == 0x000b {
        return Word::End;
    }
    let mask = match word >> 12 {
        0 | 4 => 0xf0ff,
        2 | 3 | 6 | 15 => 0xf00f,
        8 | 12 => 0xff00,
        _ => 0xf000,
    };
    Word::Instruction(word & mask)
}

/// RISC-V, short instructions among the long ones: opcode and function.
fn riscv(code: &[u8], each: &mut dyn FnMut(Word)) {
    let mut rest = code;
    while let Some((pair, after)) = rest.split_first_chunk::<2>() {
        let short = u16::from_le_bytes(*pair);
        if short & 3 != 3 {
            rest = after;
            each(if short == 0x8082 { Word::End } else { Word::Instruction(short & 0xe003) });
            continue;
        }
        let Some((four, after)) = rest.split_first_chunk::<4>() else { return };
        rest = after;
        let word = u32::from_le_bytes(*four);
        let has_function = !matches!(word & 0x7f, 0x37 | 0x17 | 0x6f);
        let function = if has_function { bits(word, 12, 3) } else { 0 };
        each(match word {
            0x0000_8067 => Word::End,
            _ => Word::Instruction((word & 0x7f | function << 7) as u16),
        });
    }
}
