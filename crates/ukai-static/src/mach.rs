//! Headers of Apple's programs (`<mach-o/loader.h>`, `<mach-o/fat.h>`), command by command: a
//! broken one costs only what it and those behind it say.

use crate::hashes;
use crate::limits::{
    MACH_ARCHITECTURES_MAX, MACH_COMMANDS_MAX, MACH_LIBRARIES_MAX, PE_TEXT_BYTES_MAX,
    SECTIONS_REPORTED_MAX, SYMBOLS_MAX,
};
use md5::Digest;
use object::macho::{self, FatArch32, FatArch64, MachHeader32, MachHeader64};
use object::read::macho::{FatArch, LoadCommandVariant, MachHeader, MachOFatFile, Nlist, Segment};
use object::{Endian as _, Endianness};
use ukai_model::{MachInfo, PeerText, Section};

/// Reads the headers of each architecture; nothing where there are none.
pub(crate) fn read(bytes: &[u8]) -> Vec<MachInfo> {
    match bytes.first_chunk() {
        Some(b"\xca\xfe\xba\xbe") => architectures::<FatArch32>(bytes),
        Some(b"\xca\xfe\xba\xbf") => architectures::<FatArch64>(bytes),
        _ => one(bytes, 0).into_iter().collect(),
    }
}

fn architectures<Arch: FatArch>(bytes: &[u8]) -> Vec<MachInfo> {
    let Ok(file) = MachOFatFile::<Arch>::parse(bytes) else { return Vec::new() };
    let parts = file.arches().iter().take(MACH_ARCHITECTURES_MAX);
    parts
        .filter_map(|part| {
            let (offset, _) = part.file_range();
            one(part.data(bytes).ok()?, offset)
        })
        .collect()
}

fn one(bytes: &[u8], offset: u64) -> Option<MachInfo> {
    match bytes.first_chunk()? {
        b"\xce\xfa\xed\xfe" | b"\xfe\xed\xfa\xce" => {
            headers::<MachHeader32<Endianness>>(bytes, offset)
        }
        b"\xcf\xfa\xed\xfe" | b"\xfe\xed\xfa\xcf" => {
            headers::<MachHeader64<Endianness>>(bytes, offset)
        }
        _ => None,
    }
}

fn headers<Mach: MachHeader<Endian = Endianness>>(bytes: &[u8], offset: u64) -> Option<MachInfo> {
    let header = Mach::parse(bytes, 0).ok()?;
    let endian = header.endian().ok()?;
    let mut info = MachInfo {
        layer: None,
        offset,
        bits: if header.is_type_64() { 64 } else { 32 },
        little_endian: !endian.is_big_endian(),
        machine: machine(header.cputype(endian)),
        kind: kind(header.filetype(endian)),
        entry: None,
        platform: None,
        uuid: None,
        libraries: Vec::new(),
        signed: false,
        encrypted: false,
        symhash: None,
        sections: Vec::new(),
    };
    let Ok(mut commands) = header.load_commands(endian, bytes, 0) else { return Some(info) };
    for _ in 0..MACH_COMMANDS_MAX {
        let Ok(Some(command)) = commands.next() else { break };
        if let Ok(Some((segment, rest))) = Mach::Segment::from_command(command) {
            let flags = segment.initprot(endian).0;
            let found = segment.sections(endian, rest).unwrap_or_default();
            let room = SECTIONS_REPORTED_MAX.saturating_sub(info.sections.len());
            let described = found.iter().take(room);
            info.sections.extend(described.map(|it| describe(it, flags, endian, bytes)));
            continue;
        }
        match command.variant() {
            Ok(LoadCommandVariant::Dylib(library)) if info.libraries.len() < MACH_LIBRARIES_MAX => {
                let name = command.string(endian, library.dylib.name).unwrap_or_default();
                info.libraries.push(PeerText::truncated(name, PE_TEXT_BYTES_MAX));
            }
            Ok(LoadCommandVariant::Uuid(uuid)) => info.uuid = Some(hex::encode(uuid.uuid)),
            Ok(LoadCommandVariant::EntryPoint(entry)) => {
                info.entry = Some(entry.entryoff.get(endian));
            }
            Ok(LoadCommandVariant::BuildVersion(built, _)) => {
                let system = platform(built.platform.get(endian));
                info.platform = Some(with_version(&system, built.minos.get(endian).0));
            }
            Ok(LoadCommandVariant::VersionMin(least)) => {
                let system = match command.cmd() {
                    macho::LC_VERSION_MIN_MACOSX => "macos",
                    macho::LC_VERSION_MIN_IPHONEOS => "ios",
                    macho::LC_VERSION_MIN_WATCHOS => "watchos",
                    _ => "tvos",
                };
                info.platform = Some(with_version(system, least.version.get(endian).0));
            }
            Ok(LoadCommandVariant::LinkeditData(data)) => {
                let is_there = data.datasize.get(endian) > 0;
                info.signed |= command.cmd() == macho::LC_CODE_SIGNATURE && is_there;
            }
            Ok(LoadCommandVariant::EncryptionInfo32(it)) => {
                info.encrypted |= it.cryptid.get(endian) != 0;
            }
            Ok(LoadCommandVariant::EncryptionInfo64(it)) => {
                info.encrypted |= it.cryptid.get(endian) != 0;
            }
            Ok(LoadCommandVariant::Symtab(table)) => {
                let Ok(symbols) = table.symbols::<Mach, _>(endian, bytes) else { continue };
                let mut names: Vec<&[u8]> = symbols
                    .iter()
                    .take(SYMBOLS_MAX as usize)
                    // Undefined, and for others to give.
                    .filter(|it| it.n_type().0 == 1)
                    .filter_map(|it| it.name(endian, symbols.strings()).ok())
                    .collect();
                names.sort_unstable();
                let joined = names.join(&b","[..]);
                let digest = || hex::encode(md5::Md5::digest(&joined));
                info.symhash = (!names.is_empty()).then(digest);
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    Some(info)
}

fn describe<S: object::read::macho::Section<Endian = Endianness>>(
    section: &S,
    flags: u32,
    endian: Endianness,
    bytes: &[u8],
) -> Section {
    let content = section.data(endian, bytes, 0).unwrap_or_default();
    let flag = |bit: u32, letter| if flags & bit == 0 { '-' } else { letter };
    let name = [section.segment_name(), section.name()].join(&b","[..]);
    Section {
        name: PeerText::from(name.as_slice()),
        flags: [flag(1, 'r'), flag(2, 'w'), flag(4, 'x')].iter().collect(),
        offset: section.offset(endian).into(),
        address: section.addr(endian).into(),
        file_size: content.len() as u64,
        memory_size: section.size(endian).into(),
        entropy: hashes::entropy(content),
    }
}

fn machine(number: macho::CpuType) -> String {
    let name = match number {
        macho::CPU_TYPE_X86 => "x86",
        macho::CPU_TYPE_X86_64 => "x86-64",
        macho::CPU_TYPE_ARM => "arm",
        macho::CPU_TYPE_ARM64 | macho::CPU_TYPE_ARM64_32 => "aarch64",
        macho::CPU_TYPE_POWERPC => "powerpc",
        macho::CPU_TYPE_POWERPC64 => "powerpc64",
        macho::CPU_TYPE_MC680X0 => "m68k",
        macho::CPU_TYPE_SPARC => "sparc",
        other => return format!("unknown ({})", other.0),
    };
    name.to_owned()
}

fn kind(number: macho::FileType) -> String {
    let name = match number {
        macho::MH_OBJECT => "object",
        macho::MH_EXECUTE => "executable",
        macho::MH_CORE => "core",
        macho::MH_DYLIB | macho::MH_FVMLIB => "library",
        macho::MH_DYLINKER => "loader",
        macho::MH_BUNDLE => "bundle",
        macho::MH_DSYM => "debugging symbols",
        macho::MH_KEXT_BUNDLE => "kernel extension",
        other => return format!("unknown ({})", other.0),
    };
    name.to_owned()
}

fn platform(number: macho::Platform) -> String {
    let name = match number {
        macho::PLATFORM_MACOS => "macos",
        macho::PLATFORM_IOS => "ios",
        macho::PLATFORM_TVOS => "tvos",
        macho::PLATFORM_WATCHOS => "watchos",
        macho::PLATFORM_MACCATALYST => "mac catalyst",
        macho::PLATFORM_IOSSIMULATOR => "ios simulator",
        macho::PLATFORM_DRIVERKIT => "driverkit",
        macho::PLATFORM_VISIONOS => "visionos",
        other => return format!("unknown ({})", other.0),
    };
    name.to_owned()
}

/// `macos 10.15`: versions are X.Y.Z in 16, 8 and 8 bits.
fn with_version(system: &str, version: u32) -> String {
    format!("{system} {}.{}", version >> 16, version >> 8 & 0xff)
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::specimen_programs::mach;
    use proptest::prelude::*;

    #[test]
    fn a_program_and_a_universal_one() {
        let [info] = &read(&mach(true))[..] else { panic!("one architecture") };
        assert_eq!(
            (info.bits, info.machine.as_str(), info.kind.as_str()),
            (64, "x86-64", "executable")
        );
        assert_eq!(info.platform.as_deref(), Some("macos 10.15"));
        assert_eq!(info.uuid.as_deref(), Some("000102030405060708090a0b0c0d0e0f"));
        let libraries: Vec<_> = info.libraries.iter().map(ukai_model::PeerText::as_bytes).collect();
        assert_eq!(libraries, [b"/usr/lib/libSystem.B.dylib"]);
        assert_eq!((info.entry, info.signed, info.encrypted), (Some(0x400), true, false));
        let [text] = &info.sections[..] else { panic!("one section") };
        assert_eq!((text.name.as_bytes(), text.flags.as_str()), (&b"__TEXT,__text"[..], "r-x"));
        assert_eq!((text.offset, text.file_size), (0x400, 16));
        // MD5 of `_connect,_system`.
        let expected = hex::encode(<md5::Md5 as md5::Digest>::digest(b"_connect,_system"));
        assert_eq!(info.symhash, Some(expected));

        let (first, second) = (mach(true), mach(false));
        let mut fat = b"\xca\xfe\xba\xbe\0\0\0\x02".to_vec();
        for (cpu, offset, part) in [(0x0100_0007u32, 0x1000u32, &first), (12, 0x4000, &second)] {
            for value in [cpu, 3, offset, part.len() as u32, 12] {
                fat.extend(value.to_be_bytes());
            }
        }
        fat.resize(0x1000, 0);
        fat.extend(&first);
        fat.resize(0x4000, 0);
        fat.extend(&second);
        let both = read(&fat);
        let told: Vec<_> =
            both.iter().map(|it| (it.offset, it.bits, it.machine.as_str())).collect();
        assert_eq!(told, [(0x1000, 64, "x86-64"), (0x4000, 32, "arm")]);
    }

    proptest! {
        #[test]
        fn broken_headers_are_read_in_peace(
            wide: bool, at in 0..600usize, value: u8, cut in 0..1200usize, noise: Vec<u8>,
        ) {
            let mut file = mach(wide);
            file[at] = value;
            read(&file[..cut.min(file.len())]);
            read(&file);
            for head in [&b"\xca\xfe\xba\xbe"[..], b"\xca\xfe\xba\xbf", b"\xfe\xed\xfa\xce", b"\xcf\xfa\xed\xfe"] {
                read(&[head, &noise].concat());
            }
        }
    }
}
