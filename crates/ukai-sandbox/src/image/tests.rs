//! What needs no network: apt's lines, and patterns of programs.

use super::foreign;
use super::packages::parse;

#[test]
fn lines_of_apt_are_read_and_odd_ones_are_not() {
    let line = "'http://x/pool/libacl1_2.3_amd64.deb' libattr1_1%3a2.5.1-4_amd64.deb 22164 \
                MD5Sum:52fe";
    let package = parse(line).expect("a package");
    assert_eq!((package.name.as_str(), package.version.as_str()), ("libattr1", "1:2.5.1-4"));
    assert_eq!(package.size, 22_164);
    for odd in
        ["", "After this operation", "'u' ../x_1_amd64.deb 1", "'u' x.deb 1", "'u' a_1_b.deb x"]
    {
        assert_eq!(parse(odd), None, "{odd}");
    }
}

/// Real programs of the cross compilers' are told apart by the patterns.
#[test]
fn a_pattern_is_of_one_processor_only() {
    let unescape = |text: &str| -> Vec<u8> {
        text.split("\\x").skip(1).map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
    };
    let lines = foreign::lines();
    let patterns: Vec<(String, Vec<u8>, Vec<u8>)> = lines
        .lines()
        .map(|line| {
            let parts: Vec<&str> = line.split(':').collect();
            assert_eq!(parts.len(), 8, "{line}");
            assert!(line.len() < 1_920, "the kernel's MAX_REGISTER_LENGTH");
            (parts[1].to_owned(), unescape(parts[4]), unescape(parts[5]))
        })
        .collect();
    // The head of a program: class, data, machine, flags.
    let head = |class: u8, big: bool, machine: u16, flags: u32| {
        let mut head = vec![0x7f, b'E', b'L', b'F', class, 1 + u8::from(big), 1, 3];
        head.resize(16, 0);
        let two = |value: u16| if big { value.to_be_bytes() } else { value.to_le_bytes() };
        head.extend(two(3));
        head.extend(two(machine));
        head.resize(36, 0);
        head.extend(if big { flags.to_be_bytes() } else { flags.to_le_bytes() });
        head
    };
    // As the kernel looks: the last registered first.
    let chosen = |head: &[u8]| {
        patterns.iter().rev().find_map(|(name, magic, mask)| {
            let hit = magic
                .iter()
                .zip(mask)
                .zip(head)
                .all(|((want, mask), byte)| (want ^ byte) & mask == 0);
            hit.then_some(name.as_str())
        })
    };
    for (name, class, big, machine, flags) in [
        ("arm", 1, false, 40, 0x0500_0200),
        ("armeb", 1, true, 40, 0),
        ("mips", 1, true, 8, 0x7000_1007),
        ("mipsel", 1, false, 8, 0x7000_1007),
        ("mipsn32", 1, true, 8, 0x2000_0020),
        ("mipsn32el", 1, false, 8, 0x2000_0020),
        ("mips64", 2, true, 8, 0x20),
        ("ppc64le", 2, false, 21, 2),
        ("sh4", 1, false, 42, 0),
        ("m68k", 1, true, 4, 0),
        ("sparc", 1, true, 2, 0),
        ("s390x", 2, true, 22, 0),
        ("riscv64", 2, false, 243, 5),
    ] {
        assert_eq!(chosen(&head(class, big, machine, flags)), Some(name));
    }
    assert_eq!(chosen(&head(2, false, 62, 0)), None, "x86-64 is native");
    assert_eq!(chosen(&head(1, false, 3, 0)), None, "i386 is native");
}
