//! Bytes of programs that do not exist: what `cat /bin/busybox` prints.

use ukai_persona::{Cpu, Persona};

/// Share of the file that looks like code; the rest looks like data and strings.
const CODE_PERCENT: usize = 78;

/// A plausible executable of `size` bytes for the persona's processor: a right ELF
/// header, program headers, the loader's name, instruction-like words, and texts.
pub(crate) fn make(persona: &Persona, size: u64) -> Vec<u8> {
    let size = size.clamp(1_024, crate::limits::FILE_BYTES as u64) as usize;
    let machine = &persona.machine;
    let mut out = machine.elf_header(size as u64);
    program_headers(persona, size, &mut out);
    let loader = match machine.cpu {
        Cpu::X86_64 => "/lib64/ld-linux-x86-64.so.2",
        Cpu::Aarch64 => "/lib/ld-linux-aarch64.so.1",
        Cpu::X86 => "/lib/ld-linux.so.2",
        _ => "/lib/ld-uClibc.so.0",
    };
    out.extend_from_slice(loader.as_bytes());
    out.push(0);
    out.resize(out.len().next_multiple_of(16), 0);
    let mut state = size as u64 ^ 0x9e37_79b9_7f4a_7c15;
    let code_end = size * CODE_PERCENT / 100;
    while out.len() < code_end {
        push_instruction(machine.cpu, next(&mut state), &mut out);
    }
    strings(persona, &mut out);
    while out.len() < size {
        let word = next(&mut state);
        out.extend_from_slice(&[(word >> 8) as u8 & 0x3f, 0, (word >> 20) as u8, 0]);
    }
    out.truncate(size);
    out
}

fn next(state: &mut u64) -> u64 {
    // xorshift64: cheap, and the same for ever.
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn program_headers(persona: &Persona, size: usize, out: &mut Vec<u8>) {
    let little = persona.machine.cpu.little_endian();
    let wide = persona.machine.cpu.is_64_bit();
    let base: u64 = match persona.machine.cpu {
        Cpu::Mips | Cpu::Mipsel | Cpu::Sh4 => 0x0040_0000,
        Cpu::Arm => 0x8000,
        Cpu::X86 => 0x0804_8000,
        Cpu::Powerpc => 0x1000_0000,
        Cpu::X86_64 | Cpu::Aarch64 => 0,
    };
    let count: usize = if wide { 13 } else { 8 };
    let entry = if wide { 56 } else { 32 };
    let tail = out.len() + count * entry;
    let word = |out: &mut Vec<u8>, value: u64, bytes: usize| {
        let raw = value.to_le_bytes();
        if little {
            out.extend_from_slice(&raw[..bytes]);
        } else {
            out.extend(raw[..bytes].iter().rev());
        }
    };
    for index in 0..count {
        // PT_PHDR, PT_INTERP, PT_LOAD twice, then PT_DYNAMIC, PT_NOTE and GNU_STACK.
        let (kind, flags, offset, length): (u64, u64, usize, usize) = match index {
            0 => (6, 5, out.len().min(64), count * entry),
            1 => (3, 4, tail, 20),
            2 => (1, 5, 0, size * CODE_PERCENT / 100),
            3 => (1, 6, size * CODE_PERCENT / 100, size / 20),
            4 => (2, 6, size * CODE_PERCENT / 100, 0xd0),
            5 => (0x6474_e551, 7, 0, 0),
            6 => (4, 4, tail + 32, 32),
            _ => (0, 0, 0, 0),
        };
        let address = base + offset as u64;
        if wide {
            word(out, kind, 4);
            word(out, flags, 4);
            for value in [offset as u64, address, address, length as u64, length as u64, 0x1000] {
                word(out, value, 8);
            }
        } else {
            for value in
                [kind, offset as u64, address, address, length as u64, length as u64, flags, 0x1000]
            {
                word(out, value, 4);
            }
        }
    }
}

/// One instruction of frequent shape with random registers and offset.
fn push_instruction(cpu: Cpu, random: u64, out: &mut Vec<u8>) {
    let pick = (random % 7) as usize;
    let low = (random >> 16) as u32;
    let word: u32 = match cpu {
        Cpu::Mips | Cpu::Mipsel => {
            let shape = [
                0x8f99_0000,
                0x2442_0000,
                0xafbc_0010,
                0x0320_f809,
                0x0000_0000,
                0x1040_0000,
                0x8fbf_0000,
            ];
            shape[pick] | if pick == 3 || pick == 4 { 0 } else { low & 0x001f_0ffc }
        }
        Cpu::Arm => {
            let shape = [
                0xe59f_0000,
                0xe1a0_0000,
                0xeb00_0000,
                0xe3a0_0000,
                0xe58d_0000,
                0xe350_0000,
                0x0a00_0000,
            ];
            shape[pick] | (low & 0x0000_3ffc)
        }
        Cpu::Aarch64 => {
            let shape = [
                0xf940_0000,
                0x9100_0000,
                0x9400_0000,
                0x5280_0000,
                0xb400_0000,
                0xaa00_03e0,
                0xd65f_03c0,
            ];
            shape[pick] | if pick == 6 { 0 } else { low & 0x0000_3fff }
        }
        Cpu::Powerpc => {
            let shape = [
                0x9421_0000,
                0x7c08_02a6,
                0x9001_0000,
                0x4800_0001,
                0x3860_0000,
                0x8081_0000,
                0x4e80_0020,
            ];
            shape[pick] | if pick == 1 || pick == 6 { 0 } else { low & 0x0000_fffc }
        }
        Cpu::Sh4 => {
            out.extend_from_slice(&[low as u8, 0x60 | (low >> 8) as u8 & 0x8f]);
            return;
        }
        Cpu::X86 | Cpu::X86_64 => {
            let wide = cpu == Cpu::X86_64;
            let shape: [&[u8]; 7] = [
                &[0x48, 0x89, 0xe5],
                &[0xe8],
                &[0x0f, 0x84],
                &[0x85, 0xc0],
                &[0x48, 0x8d, 0x3d],
                &[0x31, 0xc0],
                &[0xc3, 0x90],
            ];
            let shape = shape[pick];
            out.extend_from_slice(if !wide && shape[0] == 0x48 { &shape[1..] } else { shape });
            if matches!(pick, 1 | 2 | 4) {
                out.extend_from_slice(&(low & 0x0001_ffff).to_le_bytes());
            }
            return;
        }
    };
    out.extend_from_slice(&if cpu.little_endian() {
        word.to_le_bytes()
    } else {
        word.to_be_bytes()
    });
}

fn strings(persona: &Persona, out: &mut Vec<u8>) {
    if let Some(busybox) = &persona.busybox {
        out.extend_from_slice(busybox.banner.as_bytes());
        out.push(0);
        out.extend_from_slice(busybox.usage.as_bytes());
        out.push(0);
        for applet in &busybox.applets {
            out.extend_from_slice(applet.as_bytes());
            out.push(0);
        }
    }
    for text in ["No such file or directory", "Usage: %s", "/proc/%d/exe", "/dev/null", "GNU C"] {
        out.extend_from_slice(text.as_bytes());
        out.push(0);
    }
}
