//! ELF headers: sound, unusual, broken.

use super::read;
use crate::specimen::{Specimen, noise};

fn arm() -> Specimen {
    Specimen {
        little_endian: true,
        machine: 40,
        libraries: vec!["libc.so.0", "libpthread.so.0"],
        symbols: true,
        ..Specimen::mips(b"data".as_slice())
    }
}

#[test]
fn a_static_program_of_a_router() {
    let elf = read(&Specimen::mips(noise(100, 1)).build()).expect("an ELF file");
    assert_eq!(elf.description, "ELF 32-bit MSB executable, MIPS, statically linked, stripped");
    assert_eq!((elf.info.bits, elf.info.little_endian), (32, false));
    assert!(elf.info.static_linked && elf.info.stripped && elf.info.packer.is_none());
    assert_eq!(elf.info.segments.len(), 1);
    assert_eq!(
        (elf.info.segments[0].kind.as_str(), elf.info.segments[0].flags.as_str()),
        ("LOAD", "r-x")
    );
    assert!(elf.notes.is_empty());
}

#[test]
fn a_dynamic_program_with_symbols() {
    for wide in [false, true] {
        let elf = read(&Specimen { wide, ..arm() }.build()).expect("an ELF file");
        let bits = if wide { 64 } else { 32 };
        assert_eq!(
            elf.description,
            format!(
                "ELF {bits}-bit LSB executable, ARM, dynamically linked, interpreter /lib/ld-uClibc.so.0, not stripped"
            )
        );
        let libraries: Vec<String> = elf.info.libraries.iter().map(ToString::to_string).collect();
        assert_eq!(libraries, ["libc.so.0", "libpthread.so.0"]);
    }
}

#[test]
fn a_missing_section_table_does_no_harm() {
    let mut bytes = arm().build();
    bytes.truncate(bytes.len() - 80);
    let elf = read(&bytes).expect("an ELF file");
    assert_eq!(elf.info.libraries.len(), 2);
    assert!(elf.info.stripped);
    assert_eq!(elf.notes, ["section headers are cut off: 0 of 2 are there"]);
}

#[test]
fn garbled_identification_is_guessed() {
    for specimen in [Specimen::mips(noise(64, 2)), Specimen { wide: true, ..arm() }] {
        let sound = read(&specimen.build()).expect("an ELF file");
        let mut bytes = specimen.build();
        bytes[4] = 0x41;
        bytes[5] = 0x41;
        let guessed = read(&bytes).expect("an ELF file");
        assert_eq!(guessed.info, sound.info);
        assert_eq!(guessed.notes, ["ELF identification is garbled (class 65, byte order 65)"]);
    }
}

#[test]
fn offsets_beyond_the_file_are_survived() {
    let mut bytes = arm().build();
    // e_phoff, e_shoff of the 32-bit class.
    bytes[28..36].fill(0xff);
    let elf = read(&bytes).expect("an ELF file");
    assert!(elf.info.segments.is_empty());
    assert_eq!(elf.notes.len(), 2, "{:?}", elf.notes);
}

#[test]
fn a_header_cut_off_is_no_elf() {
    assert!(read(b"\x7fELF\x01\x01\x01").is_none());
    assert!(read(b"\x7fEL").is_none());
}

/// A file with UPX's structures after the program headers.
fn packed(magic: [u8; 4], file_bytes: u32) -> Vec<u8> {
    let mut data = Vec::new();
    data.extend(noise(300, 3));
    let mut bytes = Specimen::mips(data).build();
    let at = 52 + 32;
    bytes[at + 4..at + 8].copy_from_slice(&magic);
    for (place, value) in [(16, file_bytes), (20, file_bytes), (24, 84), (28, 60)] {
        bytes[at + place..at + place + 4].copy_from_slice(&value.to_be_bytes());
    }
    bytes[at + 32] = 14;
    bytes
}

#[test]
fn upx_is_recognised_also_when_altered() {
    let packer = |bytes: &[u8]| read(bytes).expect("an ELF file").info.packer;
    assert_eq!(packer(&packed(*b"UPX!", 90_000)).as_deref(), Some("upx"));
    assert_eq!(packer(&packed(*b"YTS\x99", 90_000)).as_deref(), Some("upx (altered)"));
    assert_eq!(packer(&packed(*b"UPX!", 0)).as_deref(), Some("upx (altered)"));
    assert_eq!(packer(&Specimen::mips(noise(300, 4)).build()), None);
    let description = read(&packed(*b"UPX!", 90_000)).expect("an ELF file").description;
    assert!(description.ends_with("stripped, packed: upx"), "{description}");
}

/// Sound files are read as the goblin crate reads them.
#[test]
fn agrees_with_goblin_on_the_system_programs() {
    let mut compared = 0;
    for entry in std::fs::read_dir("/usr/bin").expect("a Linux system").flatten().take(400) {
        let Ok(bytes) = std::fs::read(entry.path()) else { continue };
        let (Some(ours), Ok(theirs)) = (read(&bytes), goblin::elf::Elf::parse(&bytes)) else {
            continue;
        };
        compared += 1;
        let name = entry.path();
        assert_eq!(ours.info.entry, theirs.entry, "{name:?}");
        assert_eq!(ours.info.bits == 64, theirs.is_64, "{name:?}");
        assert_eq!(ours.info.little_endian, theirs.little_endian, "{name:?}");
        let interpreter = ours.info.interpreter.as_ref().map(ToString::to_string);
        assert_eq!(interpreter.as_deref(), theirs.interpreter, "{name:?}");
        let libraries: Vec<String> = ours.info.libraries.iter().map(ToString::to_string).collect();
        assert_eq!(libraries, theirs.libraries, "{name:?}");
        assert_eq!(ours.info.stripped, theirs.syms.is_empty(), "{name:?}");
        assert_eq!(ours.info.static_linked, theirs.dynamic.is_none(), "{name:?}");
        assert_eq!(ours.info.segments.len(), theirs.program_headers.len(), "{name:?}");
        for (our, their) in ours.info.segments.iter().zip(&theirs.program_headers) {
            let numbers = (our.offset, our.address, our.file_size, our.memory_size);
            assert_eq!(
                numbers,
                (their.p_offset, their.p_vaddr, their.p_filesz, their.p_memsz),
                "{name:?}"
            );
        }
    }
    assert!(compared >= 20, "only {compared} programs in /usr/bin to compare with");
}
