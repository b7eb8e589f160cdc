//! Names of numbers in ELF headers.

/// Machines (`e_machine`): number, name as in our model, name as file(1) prints it.
const MACHINES: &[(u16, &str, &str)] = &[
    (2, "sparc", "SPARC"),
    (3, "x86", "Intel 80386"),
    (4, "m68k", "Motorola m68k"),
    (8, "mips", "MIPS"),
    (10, "mips", "MIPS R3000 little-endian"),
    (15, "parisc", "PA-RISC"),
    (18, "sparc", "SPARC32PLUS"),
    (20, "powerpc", "PowerPC"),
    (21, "powerpc64", "64-bit PowerPC"),
    (22, "s390", "IBM S/390"),
    (40, "arm", "ARM"),
    (42, "sh", "Renesas SH"),
    (43, "sparc64", "SPARC V9"),
    (45, "arc", "ARC"),
    (50, "ia64", "IA-64"),
    (62, "x86-64", "x86-64"),
    (88, "m32r", "Renesas M32R"),
    (92, "openrisc", "OpenRISC"),
    (93, "arc", "ARC Cores Tangent-A5"),
    (94, "xtensa", "Tensilica Xtensa"),
    (106, "blackfin", "Analog Devices Blackfin"),
    (113, "nios2", "Altera Nios II"),
    (164, "hexagon", "QUALCOMM DSP6"),
    (183, "aarch64", "ARM aarch64"),
    (188, "tile", "TILEPro"),
    (189, "microblaze", "Xilinx MicroBlaze"),
    (195, "arc", "ARC HS"),
    (243, "riscv", "UCB RISC-V"),
    (247, "bpf", "eBPF"),
    (252, "csky", "C-SKY"),
    (258, "loongarch", "LoongArch"),
];

/// Whether files for this machine exist: a sign that the byte order was read rightly.
pub(super) fn is_known_machine(number: u16) -> bool {
    MACHINES.iter().any(|machine| machine.0 == number)
}

/// Name in our model.
pub(super) fn machine(number: u16) -> String {
    match MACHINES.iter().find(|machine| machine.0 == number) {
        Some(machine) => machine.1.to_owned(),
        None => format!("unknown ({number})"),
    }
}

/// Name as file(1) prints it.
pub(super) fn machine_in_words(number: u16) -> String {
    match MACHINES.iter().find(|machine| machine.0 == number) {
        Some(machine) => machine.2.to_owned(),
        None => format!("unknown machine {number}"),
    }
}

/// Name of `e_type`.
pub(super) fn kind(number: u16) -> String {
    match number {
        1 => "relocatable".to_owned(),
        2 => "executable".to_owned(),
        3 => "shared object".to_owned(),
        4 => "core".to_owned(),
        other => format!("unknown ({other})"),
    }
}

/// Name of a segment's type.
pub(super) fn segment(number: u32) -> String {
    let name = match number {
        0 => "NULL",
        1 => "LOAD",
        2 => "DYNAMIC",
        3 => "INTERP",
        4 => "NOTE",
        5 => "SHLIB",
        6 => "PHDR",
        7 => "TLS",
        0x6474_e550 => "GNU_EH_FRAME",
        0x6474_e551 => "GNU_STACK",
        0x6474_e552 => "GNU_RELRO",
        0x6474_e553 => "GNU_PROPERTY",
        0x7000_0000 => "PROC_0",
        0x7000_0001 => "PROC_1",
        other => return format!("{other:#x}"),
    };
    name.to_owned()
}

/// `rwx`, with `-` for what is absent.
pub(super) fn flags(bits: u32) -> String {
    [(4, 'r'), (2, 'w'), (1, 'x')]
        .iter()
        .map(|(bit, letter)| if bits & bit == 0 { '-' } else { *letter })
        .collect()
}
