//! Programs that do nothing but end well, for whatever machine is asked for. Each is
//! made here, byte by byte.

use super::super::answer::Answer;
use super::super::request::Request;
use bytes::Bytes;

/// A machine that Linux runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    X86,
    X86_64,
    Arm,
    Aarch64,
    Mips,
    Mipsel,
    Mips64,
    PowerPc,
    Sparc,
    Sh4,
    M68k,
    Riscv64,
}

/// The machine of that name, as droppers write it.
pub(crate) fn machine(name: &str) -> Option<Machine> {
    Some(match name {
        "x86" | "i386" | "i486" | "i586" | "i686" | "x32" | "386" | "586" | "686" => Machine::X86,
        "x86_64" | "x64" | "amd64" | "x8664" | "x86-64" => Machine::X86_64,
        "aarch64" | "arm64" | "arm8" | "armv8" | "armv8l" => Machine::Aarch64,
        "mips" | "mips32" | "mipsbe" | "mipseb" => Machine::Mips,
        "mpsl" | "mipsel" | "mipsle" | "mips32el" => Machine::Mipsel,
        "mips64" => Machine::Mips64,
        "ppc" | "powerpc" | "ppc440" | "ppc440fp" | "powerpc-440fp" => Machine::PowerPc,
        "spc" | "sparc" | "sparc32" => Machine::Sparc,
        "sh4" | "superh" | "sh" => Machine::Sh4,
        "m68k" | "68k" | "m68" => Machine::M68k,
        "riscv64" | "riscv" => Machine::Riscv64,
        _ => {
            let rest = name.strip_prefix("armv").or_else(|| name.strip_prefix("arm"))?;
            let version = rest.trim_end_matches(['l', 't', 'n', 'e', 'j', 'h', 'f', 'b', 'k', 'i']);
            matches!(version, "" | "4" | "5" | "6" | "7" | "61" | "71").then_some(Machine::Arm)?
        }
    })
}

/// The machine that a file's name speaks of.
pub(super) fn machine_of(name: &str) -> Option<Machine> {
    if ["x86_64", "x86-64"].iter().any(|word| name.contains(word)) {
        return Some(Machine::X86_64);
    }
    // `sh` alone is a shell's script, not a machine.
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| *word != "sh");
    words.find_map(machine)
}

/// A program of Linux, if the name of a file without extension speaks of a machine.
pub(crate) fn by_name(name: &str) -> Option<Answer> {
    let program = linux(machine_of(name)?);
    Some(Answer::file("application/octet-stream", program))
}

struct Target {
    /// `e_machine`.
    machine: u16,
    wide: bool,
    big: bool,
    /// `e_flags`.
    flags: u32,
    base: u32,
    /// `exit(0)`, in the machine's code.
    code: &'static [u8],
}

impl Machine {
    const fn target(self) -> Target {
        let (machine, wide, big, flags, base, code): (u16, bool, bool, u32, u32, &'static [u8]) =
            match self {
                // xor ebx, ebx; xor eax, eax; inc eax; int 0x80
                Self::X86 => (3, false, false, 0, 0x0804_8000, b"\x31\xdb\x31\xc0\x40\xcd\x80"),
                // xor edi, edi; push 60; pop rax; syscall
                Self::X86_64 => (62, true, false, 0, 0x40_0000, b"\x31\xff\x6a\x3c\x58\x0f\x05"),
                // mov r0, #0; mov r7, #1; svc 0
                Self::Arm => (
                    40,
                    false,
                    false,
                    0x0500_0000,
                    0x1_0000,
                    b"\0\0\xa0\xe3\x01\x70\xa0\xe3\0\0\0\xef",
                ),
                // mov x0, #0; mov x8, #93; svc #0
                Self::Aarch64 => {
                    (183, true, false, 0, 0x40_0000, b"\0\0\x80\xd2\xa8\x0b\x80\xd2\x01\0\0\xd4")
                }
                // li $v0, 4001; li $a0, 0; syscall
                Self::Mips => {
                    (8, false, true, 0x1007, 0x40_0000, b"\x24\x02\x0f\xa1\x24\x04\0\0\0\0\0\x0c")
                }
                Self::Mipsel => {
                    (8, false, false, 0x1007, 0x40_0000, b"\xa1\x0f\x02\x24\0\0\x04\x24\x0c\0\0\0")
                }
                // li $v0, 5058; li $a0, 0; syscall
                Self::Mips64 => (
                    8,
                    true,
                    true,
                    0x8000_0007,
                    0x40_0000,
                    b"\x24\x02\x13\xc2\x24\x04\0\0\0\0\0\x0c",
                ),
                // li r0, 1; li r3, 0; sc
                Self::PowerPc => {
                    (20, false, true, 0, 0x1000_0000, b"\x38\0\0\x01\x38\x60\0\0\x44\0\0\x02")
                }
                // mov 1, %g1; mov 0, %o0; ta 0x10
                Self::Sparc => {
                    (2, false, true, 0, 0x1_0000, b"\x82\x10\x20\x01\x90\x10\x20\0\x91\xd0\x20\x10")
                }
                // mov #1, r3; mov #0, r4; trapa #0x11
                Self::Sh4 => (42, false, false, 9, 0x40_0000, b"\x01\xe3\0\xe4\x11\xc3\x09\0"),
                // moveq #0, %d1; moveq #1, %d0; trap #0
                Self::M68k => (4, false, true, 0, 0x8000_0000, b"\x72\0\x70\x01\x4e\x40"),
                // li a0, 0; li a7, 93; ecall
                Self::Riscv64 => {
                    (243, true, false, 0, 0x1_0000, b"\x13\x05\0\0\x93\x08\xd0\x05\x73\0\0\0")
                }
            };
        Target { machine, wide, big, flags, base, code }
    }
}

/// A static program of Linux that ends with 0: headers, one segment, three instructions.
pub(crate) fn linux(machine: Machine) -> Bytes {
    /// Loaders drop what is much shorter than a program.
    const FILE_BYTES: u32 = 8_192;
    let Target { machine, wide, big, flags, base, code } = machine.target();
    let mut out = Vec::with_capacity(FILE_BYTES as usize);
    out.extend_from_slice(b"\x7fELF");
    out.extend_from_slice(&[if wide { 2 } else { 1 }, if big { 2 } else { 1 }, 1, 0]);
    out.extend_from_slice(&[0; 8]);
    let half = |out: &mut Vec<u8>, n: u16| {
        out.extend_from_slice(&if big { n.to_be_bytes() } else { n.to_le_bytes() });
    };
    let word = |out: &mut Vec<u8>, n: u32| {
        out.extend_from_slice(&if big { n.to_be_bytes() } else { n.to_le_bytes() });
    };
    // An address or offset: as wide as the machine.
    let long = |out: &mut Vec<u8>, n: u32| {
        if !wide {
            word(out, n);
        } else if big {
            out.extend_from_slice(&u64::from(n).to_be_bytes());
        } else {
            out.extend_from_slice(&u64::from(n).to_le_bytes());
        }
    };
    let (header, segment) = if wide { (64, 56) } else { (52, 32) };
    let out = &mut out;
    half(out, 2); // e_type: executable
    half(out, machine);
    word(out, 1); // e_version
    long(out, base + u32::from(header + segment)); // e_entry
    long(out, u32::from(header)); // e_phoff
    long(out, 0); // e_shoff
    word(out, flags);
    half(out, header); // e_ehsize
    half(out, segment); // e_phentsize
    half(out, 1); // e_phnum
    half(out, 0); // e_shentsize
    half(out, 0); // e_shnum
    half(out, 0); // e_shstrndx
    word(out, 1); // p_type: to be loaded
    if wide {
        word(out, 5); // p_flags: read, execute
    }
    long(out, 0); // p_offset
    long(out, base); // p_vaddr
    long(out, base); // p_paddr
    long(out, FILE_BYTES); // p_filesz
    long(out, FILE_BYTES); // p_memsz
    if !wide {
        word(out, 5);
    }
    long(out, 0x1_0000); // p_align
    out.extend_from_slice(code);
    out.resize(FILE_BYTES as usize, 0);
    std::mem::take(out).into()
}

/// A program or library of Windows that ends with 0 or loads well: for 64 bit if path or
/// user agent say so.
pub(super) fn windows(extension: &str, request: &Request<'_>) -> Bytes {
    let wide = ["x64", "amd64", "win64", "64bit", "64-bit", "x86_64"]
        .iter()
        .any(|word| super::text::holds(request.path, word));
    pe(matches!(extension, "dll" | "ocx" | "cpl"), wide)
}

/// A PE file with one section (Microsoft's "PE Format").
pub(crate) fn pe(library: bool, wide: bool) -> Bytes {
    const FILE_BYTES: usize = 8_192;
    const STUB: &[u8] = b"\x0e\x1f\xba\x0e\0\xb4\x09\xcd\x21\xb8\x01\x4c\xcd\x21\
        This program cannot be run in DOS mode.\r\r\n$\0\0\0\0\0\0\0";
    let code: &[u8] = match (library, wide) {
        // mov eax, 1; ret 12: what DllMain gives back.
        (true, false) => b"\xb8\x01\0\0\0\xc2\x0c\0",
        (true, true) => b"\xb8\x01\0\0\0\xc3",
        // xor eax, eax; ret: the loader ends the process.
        (false, _) => b"\x31\xc0\xc3",
    };
    let mut out = Vec::with_capacity(FILE_BYTES);
    let half = |out: &mut Vec<u8>, n: u16| out.extend_from_slice(&n.to_le_bytes());
    let word = |out: &mut Vec<u8>, n: u32| out.extend_from_slice(&n.to_le_bytes());
    let long = |out: &mut Vec<u8>, n: u64| {
        if wide {
            out.extend_from_slice(&n.to_le_bytes());
        } else {
            out.extend_from_slice(&(n as u32).to_le_bytes());
        }
    };
    out.extend_from_slice(b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0\x40");
    out.resize(60, 0);
    word(&mut out, 128); // e_lfanew
    out.extend_from_slice(STUB);
    out.resize(128, 0);
    out.extend_from_slice(b"PE\0\0");
    let out = &mut out;
    half(out, if wide { 0x8664 } else { 0x014c }); // Machine
    half(out, 1); // NumberOfSections
    word(out, 0x6553_f100); // TimeDateStamp: 14 November 2023
    word(out, 0);
    word(out, 0);
    half(out, if wide { 0xf0 } else { 0xe0 }); // SizeOfOptionalHeader
    // Executable; large addresses or 32 bit; a library; without relocations.
    half(out, 2 | if wide { 0x20 } else { 0x100 } | if library { 0x2000 } else { 1 });
    half(out, if wide { 0x20b } else { 0x10b }); // Magic
    half(out, 14); // linker
    word(out, 0x1e00); // SizeOfCode
    word(out, 0);
    word(out, 0);
    word(out, 0x1000); // AddressOfEntryPoint
    word(out, 0x1000); // BaseOfCode
    if !wide {
        word(out, 0x3000); // BaseOfData
    }
    long(
        out,
        match (wide, library) {
            (false, false) => 0x40_0000,
            (false, true) => 0x1000_0000,
            (true, false) => 0x1_4000_0000,
            (true, true) => 0x1_8000_0000,
        },
    ); // ImageBase
    word(out, 0x1000); // SectionAlignment
    word(out, 0x200); // FileAlignment
    for version in [5, 1, 0, 0, 5, 1] {
        half(out, version); // system, image, subsystem: from Windows XP on
    }
    word(out, 0);
    word(out, 0x3000); // SizeOfImage
    word(out, 0x200); // SizeOfHeaders
    word(out, 0); // CheckSum
    half(out, 2); // Subsystem: GUI
    half(out, 0x100); // DllCharacteristics: NX
    for size in [0x10_0000, 0x1000, 0x10_0000, 0x1000] {
        long(out, size); // stack and heap
    }
    word(out, 0);
    word(out, 16); // NumberOfRvaAndSizes
    out.resize(out.len() + 128, 0);
    out.extend_from_slice(b".text\0\0\0");
    word(out, 0x1e00); // VirtualSize
    word(out, 0x1000); // VirtualAddress
    word(out, 0x1e00); // SizeOfRawData
    word(out, 0x200); // PointerToRawData
    out.resize(out.len() + 12, 0);
    word(out, 0x6000_0020); // Characteristics: code, executable, readable
    out.resize(0x200, 0);
    out.extend_from_slice(code);
    out.resize(FILE_BYTES, 0);
    std::mem::take(out).into()
}
