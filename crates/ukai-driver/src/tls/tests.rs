//! ClientHellos byte by byte, and fingerprints against their authors' examples.

use super::fingerprint::ja3_text;
use super::hello::{ClientHello, Sniff, sniff};
use md5::{Digest, Md5};
use proptest::prelude::*;
use ukai_model::PeerText;

/// The example of FoxIO's JA4.md: Chrome's hello.
fn chrome() -> ClientHello {
    ClientHello {
        version: 0x0303,
        ciphers: vec![
            0x4a4a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013,
            0xc014, 0x009c, 0x009d, 0x002f, 0x0035,
        ],
        extensions: vec![
            0x1a1a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023,
            0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015, 0xfafa,
        ],
        server_name: Some(PeerText::from("example.org")),
        alpn: vec![PeerText::from("h2"), PeerText::from("http/1.1")],
        groups: vec![0xdada, 29, 23, 24],
        point_formats: vec![0],
        signatures: vec![0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601],
        versions: vec![0x9a9a, 0x0304, 0x0303],
    }
}

/// The wire form of a hello, in records of at most `record_max` bytes.
fn wire(hello: &ClientHello, record_max: usize) -> Vec<u8> {
    let u16s =
        |values: &[u16]| -> Vec<u8> { values.iter().flat_map(|v| v.to_be_bytes()).collect() };
    let with16 = |bytes: Vec<u8>| [&(bytes.len() as u16).to_be_bytes()[..], &bytes].concat();
    let with8 = |bytes: Vec<u8>| [&[bytes.len() as u8][..], &bytes].concat();
    let mut extensions = Vec::new();
    for kind in &hello.extensions {
        let content = match kind {
            0x0000 => {
                let name = hello.server_name.clone().unwrap_or_default();
                with16([&[0][..], &with16(name.as_bytes().to_vec())].concat())
            }
            0x000a => with16(u16s(&hello.groups)),
            0x000b => with8(hello.point_formats.clone()),
            0x000d => with16(u16s(&hello.signatures)),
            0x0010 => {
                with16(hello.alpn.iter().flat_map(|a| with8(a.as_bytes().to_vec())).collect())
            }
            0x002b => with8(u16s(&hello.versions)),
            _ => Vec::new(),
        };
        extensions.extend(kind.to_be_bytes());
        extensions.extend(with16(content));
    }
    let body = [
        &hello.version.to_be_bytes()[..],
        &[7; 32],
        &with8(vec![9; 32]),
        &with16(u16s(&hello.ciphers)),
        &with8(vec![0]),
        &with16(extensions),
    ]
    .concat();
    let length = (body.len() as u32).to_be_bytes();
    let message = [&[1, length[1], length[2], length[3]][..], &body].concat();
    message
        .chunks(record_max)
        .flat_map(|part| [&[0x16, 3, 1][..], &with16(part.to_vec())].concat())
        .collect()
}

#[test]
fn ja4_of_its_authors_example() {
    assert_eq!(chrome().ja4(), "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

#[test]
fn ja4_without_names_protocols_and_extensions() {
    let bare = ClientHello { version: 0x0301, ciphers: vec![0x0a0a], ..ClientHello::default() };
    assert_eq!(bare.ja4(), "t10i000000_000000000000_000000000000");
    // A first protocol whose ends are not alphanumeric is shown in hexadecimal.
    let odd = ClientHello { alpn: vec![PeerText::from(&b"\xabx\xcd"[..])], ..bare.clone() };
    assert!(odd.ja4().starts_with("t10i0000ad_"));
    let single = ClientHello { alpn: vec![PeerText::from("x")], ..bare };
    assert!(single.ja4().starts_with("t10i0000xx_"));
}

#[test]
fn ja3_of_its_authors_examples() {
    let hello = ClientHello {
        version: 769,
        ciphers: vec![47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4],
        extensions: vec![0, 10, 11],
        groups: vec![23, 24, 25],
        point_formats: vec![0],
        ..ClientHello::default()
    };
    assert_eq!(hello.ja3(), "ada70206e40642a3e4461f35503241d5");
    let bare = ClientHello {
        version: 769,
        ciphers: vec![4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99],
        ..ClientHello::default()
    };
    assert_eq!(bare.ja3(), "de350869b8c85de67a350c8d186f11e6");
    assert_eq!(
        ja3_text(&chrome()),
        "771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,\
         27-0-51-16-17513-23-45-13-5-35-18-43-65281-11-10-21,29-23-24,0"
    );
    assert_eq!(hex::encode(Md5::digest("")), "d41d8cd98f00b204e9800998ecf8427e");
}

#[test]
fn a_hello_is_found_whole_or_in_parts() {
    for record_max in [1, 7, 16_000] {
        let bytes = wire(&chrome(), record_max);
        for cut in 0..bytes.len() {
            assert_eq!(sniff(&bytes[..cut]), Sniff::More, "{cut} bytes of records of {record_max}");
        }
        let trailing = [&bytes[..], b"early data"].concat();
        assert_eq!(sniff(&trailing), Sniff::Hello(Box::new(chrome())));
    }
}

#[test]
fn what_cannot_become_a_hello_is_told_at_once() {
    for bytes in [
        &b"G"[..],
        b"\x16\x02",
        b"\x16\x03\x01\x00\x05\x02",
        b"\x16\x03\x01\x00\x00\x16",
        b"\x16\x03\x01\x00\x04\x01\xff\xff\xff",
        b"\x16\x03\x01\x00\x01\x01GET / HTTP/1.1",
    ] {
        assert_eq!(sniff(bytes), Sniff::No, "{bytes:02x?}");
    }
}

#[test]
fn an_endless_hello_is_given_up() {
    let record = [&[0x16, 3, 1, 0, 4, 1, 0, 0x3f, 0xff][..], &[0x16, 3, 1, 0, 1, 0].repeat(4_000)];
    let bytes = record.concat();
    assert_eq!(sniff(&bytes[..100]), Sniff::More);
    assert_eq!(sniff(&bytes), Sniff::No);
}

proptest! {
    #[test]
    fn any_bytes_are_judged_without_a_panic(bytes: Vec<u8>) {
        sniff(&bytes);
        let mut framed = vec![0x16, 3, 1];
        framed.extend((bytes.len() as u16).to_be_bytes());
        framed.extend(&bytes);
        sniff(&framed);
        if let Some(hello) = ClientHello::parse(&bytes) {
            prop_assert_eq!(hello.ja3().len(), 32);
            prop_assert_eq!(hello.ja4().len(), 36);
        }
    }

    #[test]
    fn a_damaged_hello_is_judged_without_a_panic(at: prop::sample::Index, byte: u8) {
        let mut bytes = wire(&chrome(), 16_000);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Sniff::Hello(hello) = sniff(&bytes) {
            prop_assert_eq!(hello.ja4().len(), 36);
        }
    }
}
