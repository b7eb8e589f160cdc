//! CaRT: other people's containers open, ours are what they expect, damage is told.

use crate::cart::{CartError, Metadata, is_cart, pack, unpack};
use proptest::prelude::*;

/// Containers made by PyPI's `cart` 1.2, the reference implementation.
const HELLO: &[u8] = include_bytes!("golden/hello.cart");
const EMPTY: &[u8] = include_bytes!("golden/empty.cart");
const SQUARES: &[u8] = include_bytes!("golden/squares.cart");

const LIMIT: u64 = 1 << 20;

fn squares() -> Vec<u8> {
    (0..200_000u64).map(|i| ((i * i) >> 24) as u8).collect()
}

#[test]
fn the_reference_implementations_containers_open() {
    let hello = unpack(HELLO, LIMIT).unwrap();
    assert_eq!(hello.bytes, b"hello, cart\n");
    assert_eq!(hello.header["name"], "hello.txt");
    assert_eq!(hello.footer["length"], "12");
    assert_eq!(unpack(EMPTY, LIMIT).unwrap().bytes, b"");
    assert_eq!(unpack(SQUARES, LIMIT).unwrap().bytes, squares());
}

#[test]
fn header_and_footer_are_the_reference_implementations() {
    let hello = unpack(HELLO, LIMIT).unwrap();
    let ours = pack(&hello.bytes, &hello.header);
    let header_end = 38 + r#"{"name":"hello.txt","poc":"ukai"}"#.len();
    assert_eq!(ours[..header_end], HELLO[..header_end]);
    // The compressors differ; what is encrypted after them must not.
    let footer_len = ours.len() - usize::try_from(footer_at(&ours)).unwrap();
    assert_eq!(
        ours[ours.len() - footer_len..ours.len() - 16],
        HELLO[HELLO.len() - footer_len..HELLO.len() - 16]
    );
    assert_eq!(unpack(&ours, LIMIT).unwrap(), hello);
}

fn footer_at(container: &[u8]) -> u64 {
    let at = container.len() - 16;
    u64::from_le_bytes(container[at..at + 8].try_into().unwrap())
}

#[test]
fn a_container_is_not_a_program() {
    let container = pack(b"\x7fELF\x01\x01\x01 and so on", &Metadata::new());
    assert!(is_cart(&container));
    assert!(!container.windows(4).any(|window| window == b"\x7fELF"));
}

#[test]
fn a_bomb_is_not_unpacked() {
    let bomb = pack(&vec![0; 8 << 20], &Metadata::new());
    assert!(bomb.len() < 100_000);
    assert_eq!(unpack(&bomb, LIMIT), Err(CartError::TooLarge { limit: LIMIT }));
    let exact = pack(&vec![0; LIMIT as usize], &Metadata::new());
    assert_eq!(unpack(&exact, LIMIT).unwrap().bytes.len() as u64, LIMIT);
    assert_eq!(unpack(&exact, LIMIT - 1), Err(CartError::TooLarge { limit: LIMIT - 1 }));
}

#[test]
fn every_cut_is_told() {
    for len in 0..HELLO.len() {
        assert!(unpack(&HELLO[..len], LIMIT).is_err(), "cut to {len}");
    }
}

#[test]
fn lengths_that_lie_are_told() {
    let with = |at: usize, value: u64| {
        let mut container = HELLO.to_vec();
        container[at..at + 8].copy_from_slice(&value.to_le_bytes());
        unpack(&container, LIMIT)
    };
    let footer = HELLO.len() - 16;
    for value in [0, 1, 37, 1 << 20, u64::MAX] {
        assert!(with(30, value).is_err(), "header of {value}");
        assert!(with(footer, value).is_err(), "footer at {value}");
        assert!(with(footer + 8, value).is_err(), "footer of {value}");
    }
}

proptest! {
    #[test]
    fn what_was_packed_comes_back(bytes: Vec<u8>, name in ".{0,40}") {
        let mut header = Metadata::new();
        header.insert("name".into(), name.into());
        let unpacked = unpack(&pack(&bytes, &header), LIMIT).unwrap();
        prop_assert_eq!(unpacked.bytes, bytes);
        prop_assert_eq!(unpacked.header, header);
    }

    #[test]
    fn garbage_is_an_error(bytes: Vec<u8>) {
        prop_assert!(unpack(&bytes, LIMIT).is_err());
        let framed = [&HELLO[..38], &bytes, &HELLO[HELLO.len() - 28..]].concat();
        prop_assert!(unpack(&framed, LIMIT).is_err());
    }

    #[test]
    fn damage_never_gives_other_bytes(at in 0..HELLO.len(), flip in 1u8..) {
        let mut container = HELLO.to_vec();
        container[at] ^= flip;
        if let Ok(unpacked) = unpack(&container, LIMIT) {
            prop_assert_eq!(unpacked.bytes, b"hello, cart\n");
        }
    }
}
