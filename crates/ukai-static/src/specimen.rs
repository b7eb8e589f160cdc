//! Inert specimens for the tests: files that look like samples and do nothing.

/// What an ELF file of the tests is to have.
#[derive(Clone, Debug)]
pub(crate) struct Specimen {
    pub(crate) wide: bool,
    pub(crate) little_endian: bool,
    pub(crate) machine: u16,
    /// Adds an interpreter and a dynamic section that asks for these.
    pub(crate) libraries: Vec<&'static str>,
    /// Adds section headers with a symbol table.
    pub(crate) symbols: bool,
    /// Bytes of the read-only data.
    pub(crate) data: Vec<u8>,
}

impl Specimen {
    /// A statically linked, stripped program for 32-bit big-endian MIPS, as routers get.
    pub(crate) fn mips(data: impl Into<Vec<u8>>) -> Self {
        Self {
            wide: false,
            little_endian: false,
            machine: 8,
            libraries: Vec::new(),
            symbols: false,
            data: data.into(),
        }
    }

    /// The file.
    pub(crate) fn build(&self) -> Vec<u8> {
        Builder { specimen: self, out: Vec::new() }.build()
    }
}

struct Builder<'a> {
    specimen: &'a Specimen,
    out: Vec<u8>,
}

impl Builder<'_> {
    fn number(&mut self, value: u64, bytes: usize) {
        let all = value.to_be_bytes();
        let digits = &all[8 - bytes..];
        if self.specimen.little_endian {
            self.out.extend(digits.iter().rev());
        } else {
            self.out.extend(digits);
        }
    }

    fn half(&mut self, value: u64) {
        self.number(value, 2);
    }

    fn word(&mut self, value: u64) {
        self.number(value, 4);
    }

    fn address(&mut self, value: u64) {
        self.number(value, if self.specimen.wide { 8 } else { 4 });
    }

    fn build(mut self) -> Vec<u8> {
        const BASE: u64 = 0x40_0000;
        let wide = self.specimen.wide;
        let (header, segment, section, entry) =
            if wide { (64, 56, 64, 16) } else { (52, 32, 40, 8) };
        let dynamic_linked = !self.specimen.libraries.is_empty();
        let segments: u64 = if dynamic_linked { 3 } else { 1 };
        let interpreter = b"/lib/ld-uClibc.so.0\0";
        let interpreter_at = header + segments * segment;
        let names_at = interpreter_at + interpreter.len() as u64;
        let mut names = vec![0];
        let mut needed = Vec::new();
        for library in &self.specimen.libraries {
            needed.push(names.len() as u64);
            names.extend(library.as_bytes());
            names.push(0);
        }
        let dynamic_at = names_at + names.len() as u64;
        let dynamic_bytes = if dynamic_linked { (needed.len() as u64 + 2) * entry } else { 0 };
        let data_at = dynamic_at + dynamic_bytes;
        let sections_at = data_at + self.specimen.data.len() as u64;
        let sections = if self.specimen.symbols { 2 } else { 0 };

        self.out.extend(b"\x7fELF");
        self.out.push(if wide { 2 } else { 1 });
        self.out.push(if self.specimen.little_endian { 1 } else { 2 });
        self.out.extend([1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        self.half(2);
        self.half(self.specimen.machine.into());
        self.word(1);
        self.address(BASE + data_at);
        self.address(header);
        self.address(if sections == 0 { 0 } else { sections_at });
        self.word(0);
        for value in [header, segment, segments, section, sections, 0] {
            self.half(value);
        }
        self.segment(1, 5, 0, BASE, sections_at);
        if dynamic_linked {
            self.segment(3, 4, interpreter_at, BASE + interpreter_at, interpreter.len() as u64);
            self.segment(2, 6, dynamic_at, BASE + dynamic_at, dynamic_bytes);
        }
        self.out.extend(interpreter);
        self.out.extend(names);
        if dynamic_linked {
            for name in needed {
                self.address(1);
                self.address(name);
            }
            for value in [5, BASE + names_at, 0, 0] {
                self.address(value);
            }
        }
        self.out.extend(&self.specimen.data);
        for kind in [0u64, 2].iter().take(sections as usize) {
            let start = self.out.len();
            self.word(0);
            self.word(*kind);
            self.out.resize(start + section as usize, 0);
        }
        self.out
    }

    fn segment(&mut self, kind: u64, flags: u64, offset: u64, address: u64, bytes: u64) {
        self.word(kind);
        if self.specimen.wide {
            self.word(flags);
        }
        for value in [offset, address, address, bytes, bytes] {
            self.address(value);
        }
        if !self.specimen.wide {
            self.word(flags);
        }
        self.address(4096);
    }
}

/// `text` XORed with `key`, and the NUL after it as well, as bots keep their tables.
pub(crate) fn hidden(text: &str, key: u8) -> Vec<u8> {
    text.bytes().chain([0]).map(|byte| byte ^ key).collect()
}

/// Bytes without structure, the same for the same seed.
pub(crate) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    })
    .take(length)
    .collect()
}
