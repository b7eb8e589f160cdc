//! PE headers, broken ones too.

use super::{read, rich};

#[test]
fn what_is_none_gives_nothing() {
    for bytes in [&b""[..], b"MZ", b"PE\0\0", &[0; 512]] {
        assert!(read(bytes).is_none());
    }
    assert_eq!(rich::hash(b"", usize::MAX), None);
    assert_eq!(rich::hash(&[0; 200], 180), None);
}

#[test]
fn headers_alone_are_enough() {
    let mut bytes = vec![0; 400];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[60] = 128;
    bytes[128..134].copy_from_slice(b"PE\0\0\x64\xaa");
    bytes[136..140].copy_from_slice(&77u32.to_le_bytes());
    bytes[150..152].copy_from_slice(&0x2000u16.to_le_bytes());
    bytes[152..154].copy_from_slice(b"\x0b\x02");
    bytes[220] = 3;
    let info = read(&bytes).expect("headers");
    assert_eq!((info.bits, info.machine.as_str(), info.dll), (64, "aarch64", true));
    assert_eq!((info.subsystem.as_str(), info.linked), ("console", 77));
    assert!(info.sections.is_empty() && info.imphash.is_none() && info.overlay.is_none());
}
