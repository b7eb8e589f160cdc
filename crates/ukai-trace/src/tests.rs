//! Bytes and values, both ways, for any value and any bytes.

use proptest::prelude::*;

use crate::limits::{FRAME_BYTES_MAX, PIECE_BYTES_MAX, TEXT_BYTES_MAX, TEXTS_MAX};
use crate::wire::Wire;
use crate::{Framer, Malformed, Notice, Order, TooLong, What};

/// A source of numbers from a seed (splitmix64).
fn numbers(mut state: u64) -> impl FnMut() -> u64 {
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn any_notice(seed: u64) -> Notice {
    let source = &mut numbers(seed);
    Notice { at_ns: u64::any(source), pid: u32::any(source), what: What::any(source) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_written_is_read(seed: u64, piece in 1usize..200) {
        let notices: Vec<Notice> = (0..8).map(|n| any_notice(seed.wrapping_add(n))).collect();
        let mut bytes = Vec::new();
        for notice in &notices {
            notice.encode(&mut bytes);
        }
        let (mut framer, mut read) = (Framer::default(), Vec::new());
        for piece in bytes.chunks(piece) {
            framer.push(piece);
            while let Some(body) = framer.next_body().unwrap() {
                read.push(Notice::decode(body).unwrap());
            }
        }
        prop_assert_eq!(read, notices);

        let order = Order::any(&mut numbers(seed));
        let mut bytes = Vec::new();
        order.encode(&mut bytes);
        prop_assert_eq!(Order::decode(&bytes[4..]), Ok(order));
    }

    #[test]
    fn a_changed_byte_never_hurts(seed: u64, at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
        let mut bytes = Vec::new();
        any_notice(seed).encode(&mut bytes);
        bytes.drain(..4);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        // What is read from it, if anything, is written as the same bytes.
        if let Ok(notice) = Notice::decode(&bytes) {
            let mut again = Vec::new();
            notice.encode(&mut again);
            prop_assert_eq!(&again[4..], &bytes[..]);
        }
        bytes.truncate(cut.index(bytes.len()));
        let _ = Notice::decode(&bytes);
        let _ = Order::decode(&bytes);
    }
}

/// Each variant is met, or the properties above say less than they seem to.
#[test]
fn every_variant_is_tried() {
    let mut tags: Vec<u8> = (0..2_000)
        .map(|seed| {
            let mut bytes = Vec::new();
            any_notice(seed).encode(&mut bytes);
            bytes[4 + 12]
        })
        .collect();
    tags.sort_unstable();
    tags.dedup();
    let known = (0..=u8::MAX)
        .filter(|tag| {
            // A known tag with fields of zeros is read at some length.
            (0..256).any(|zeros| {
                let mut bytes = vec![0; 12];
                bytes.push(*tag);
                bytes.resize(13 + zeros, 0);
                Notice::decode(&bytes).is_ok()
            })
        })
        .count();
    assert_eq!(tags.len(), known);
    assert!(known > 30, "{known}");
}

#[test]
fn too_much_is_cut_where_it_is_written_and_refused_where_it_is_read() {
    let notice = |bytes: usize, texts: usize, text: usize| Notice {
        at_ns: 1,
        pid: 2,
        what: What::Execute {
            parent: 1,
            path: vec![b'p'; bytes],
            arguments: vec![vec![b'a'; text]; texts],
            environment: Vec::new(),
            folder: Vec::new(),
            deleted: false,
            interpreter: Vec::new(),
        },
    };
    let mut bytes = Vec::new();
    notice(PIECE_BYTES_MAX + 9, TEXTS_MAX + 9, 4).encode(&mut bytes);
    assert_eq!(Notice::decode(&bytes[4..]), Ok(notice(PIECE_BYTES_MAX, TEXTS_MAX, 4)));
    bytes.clear();
    notice(1, 100, TEXT_BYTES_MAX + 1).encode(&mut bytes);
    assert_eq!(Notice::decode(&bytes[4..]), Ok(notice(1, 8, TEXT_BYTES_MAX)));
    assert!(bytes.len() < FRAME_BYTES_MAX);

    // A length that promises more than there is takes no memory.
    let mut claims = vec![0; 12];
    claims.extend_from_slice(&[33, 0xff, 0xff, 0xff, 0xff]);
    assert_eq!(Notice::decode(&claims), Err(Malformed));
    let mut framer = Framer::default();
    framer.push(&(FRAME_BYTES_MAX as u32 + 1).to_le_bytes());
    assert_eq!(framer.next_body(), Err(TooLong(FRAME_BYTES_MAX as u32 + 1)));
}
