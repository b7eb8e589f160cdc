//! Other processors' programs: by which qemu-user the guest's kernel runs them
//! (`binfmt_misc`; Documentation/admin-guide/binfmt-misc.rst).

use std::fmt::Write as _;

/// A processor's programs in ELF.
struct Foreign {
    /// `qemu-NAME-static`
    name: &'static str,
    /// 1: 32 bits, 2: 64 bits
    class: u8,
    big_end_first: bool,
    machine: u16,
    /// A bit of `e_flags` that must be set.
    flag: Option<u32>,
}

const fn elf(name: &'static str, class: u8, big_end_first: bool, machine: u16) -> Foreign {
    Foreign { name, class, big_end_first, machine, flag: None }
}

/// `EF_MIPS_ABI2`: the ABI n32.
const MIPS_N32: Option<u32> = Some(0x20);

/// The kernel asks the last registered first, so that what is more special goes behind.
const ALL: [Foreign; 26] = [
    elf("aarch64", 2, false, 183),
    elf("aarch64_be", 2, true, 183),
    elf("alpha", 2, false, 0x9026),
    elf("arm", 1, false, 40),
    elf("armeb", 1, true, 40),
    elf("hppa", 1, true, 15),
    elf("loongarch64", 2, false, 258),
    elf("m68k", 1, true, 4),
    elf("microblaze", 1, true, 189),
    elf("mips", 1, true, 8),
    elf("mipsel", 1, false, 8),
    elf("mips64", 2, true, 8),
    elf("mips64el", 2, false, 8),
    elf("ppc", 1, true, 20),
    elf("ppc64", 2, true, 21),
    elf("ppc64le", 2, false, 21),
    elf("riscv32", 1, false, 243),
    elf("riscv64", 2, false, 243),
    elf("s390x", 2, true, 22),
    elf("sh4", 1, false, 42),
    elf("sh4eb", 1, true, 42),
    elf("sparc", 1, true, 2),
    elf("sparc32plus", 1, true, 18),
    elf("sparc64", 2, true, 43),
    Foreign { name: "mipsn32", class: 1, big_end_first: true, machine: 8, flag: MIPS_N32 },
    Foreign { name: "mipsn32el", class: 1, big_end_first: false, machine: 8, flag: MIPS_N32 },
];

/// Programs of qemu-user that the image keeps.
pub(super) fn emulators() -> impl Iterator<Item = String> {
    ALL.iter().map(|foreign| format!("qemu-{}-static", foreign.name))
}

/// What the agent writes to `register`, a line each.
pub(super) fn lines() -> String {
    let mut text = String::new();
    for foreign in &ALL {
        let (magic, mask) = foreign.pattern();
        let escaped = |bytes: &[u8]| {
            bytes.iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "\\x{byte:02x}");
                text
            })
        };
        // The interpreter is opened when the agent registers it, while the disk is at
        // /lower; P: the program keeps its own argv[0].
        let _ = writeln!(
            text,
            ":{}:M::{}:{}:/lower/usr/bin/qemu-{0}-static:PF",
            foreign.name,
            escaped(&magic),
            escaped(&mask)
        );
    }
    text
}

impl Foreign {
    /// Bytes at the start of the file, and which bits of them count. As the kernel's own
    /// loader, it does not look at the identification's rest, which some families spoil.
    fn pattern(&self) -> (Vec<u8>, Vec<u8>) {
        let order = |value: u16| {
            if self.big_end_first { value.to_be_bytes() } else { value.to_le_bytes() }
        };
        let mut magic = vec![0x7f, b'E', b'L', b'F', self.class, 1 + u8::from(self.big_end_first)];
        let mut mask = vec![0xff; 6];
        magic.resize(16, 0);
        mask.resize(16, 0);
        // ET_EXEC and ET_DYN.
        magic.extend(order(2));
        mask.extend(order(0xfffe));
        magic.extend(order(self.machine));
        mask.extend(order(0xffff));
        if let Some(flag) = self.flag {
            // `e_flags` of 32 bits' head.
            magic.resize(36, 0);
            mask.resize(36, 0);
            let bytes = if self.big_end_first { flag.to_be_bytes() } else { flag.to_le_bytes() };
            magic.extend(bytes);
            mask.extend(bytes);
        }
        (magic, mask)
    }
}
