//! Whatever the bytes, an analysis ends, stays within its limits and does not panic.

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::io::Write;
use ukai_model::{Analysis, Outcome, Timestamp};
use ukai_static::{Limits, analyze};

const LIMITS: Limits = Limits {
    observables: 20,
    strings: 10,
    string_bytes: 32,
    commands: 10,
    scan_bytes: 1 << 20,
    xor_bytes: 1 << 20,
    unpacked_bytes: 1 << 17,
    member_bytes: 1 << 16,
    members: 20,
    depth: 3,
    ratio: 100,
    script_bytes: 1 << 16,
    weak_digests: true,
};

fn check(bytes: &[u8]) -> Analysis {
    let mut stages = Vec::new();
    let analysis = analyze(bytes, Timestamp::from_secs(7), &LIMITS, &mut |stage| {
        stages.push(stage.so_far.clone());
    });
    assert_eq!(stages.last(), Some(&analysis));
    assert_eq!(analysis.outcome, Outcome::Complete);
    assert!(stages[..stages.len() - 1].iter().all(|it| it.outcome != Outcome::Complete));
    assert!(analysis.observables.len() <= LIMITS.observables);
    assert!(analysis.strings.len() <= LIMITS.strings);
    assert!(analysis.strings.iter().all(|text| text.as_bytes().len() <= LIMITS.string_bytes));
    assert!(analysis.commands.len() <= LIMITS.commands);
    assert!(analysis.notes.len() <= 50);
    for found in &analysis.observables {
        assert!(found.observable.value.bytes().all(|byte| byte.is_ascii_graphic()), "{found:?}");
    }
    let line = ukai_static::line(&analysis);
    assert_eq!(ukai_static::interrupted(&line, None).as_ref(), Some(&analysis));
    analysis
}

/// A program of the system, as the start of broken ones.
fn program() -> Vec<u8> {
    let mut bytes = std::fs::read("/bin/true").expect("a Linux system");
    bytes.truncate(40_000);
    bytes
}

/// Texts of the characters that the scanners look for.
fn dense_text() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(
        prop_oneof![
            Just(b"http://".to_vec()),
            Just(b"://".to_vec()),
            Just(b"192.0.2.1".to_vec()),
            Just(b"2001:db8::1".to_vec()),
            Just(b".example".to_vec()),
            Just(b"[".to_vec()),
            Just(b"]:80".to_vec()),
            Just(b"\0".to_vec()),
            Just(b"$%{@".to_vec()),
            Just(b"aHR0cDovL2MyLmV4YW1wbGUv".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..8),
        ],
        0..60,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
        check(&bytes);
    }

    #[test]
    fn any_beginning_with_a_magic(
        magic in prop_oneof![
            Just(&b"\x7fELF"[..]), Just(&b"MZ"[..]), Just(&b"PK\x03\x04"[..]),
            Just(&b"\x1f\x8b\x08"[..]), Just(&b"\x78\x9c"[..]), Just(&b"#!/bin/sh\n"[..]),
            Just(&b"\xff\xfe"[..]), Just(&b"BZh"[..]), Just(&b"\x89PNG\r\n\x1a\n"[..]),
            Just(&b"\xca\xfe\xba\xbe"[..]), Just(&b"\x5d\0\0"[..]), Just(&b"BM"[..]),
        ],
        rest in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        check(&[magic, &rest].concat());
    }

    #[test]
    fn dense_texts(text in dense_text()) {
        check(&text);
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&text).expect("memory");
        check(&packed.finish().expect("memory"));
    }

    #[test]
    fn hidden_texts(text in dense_text(), key: u8) {
        let hidden: Vec<u8> = text.iter().map(|byte| byte ^ key).collect();
        check(&hidden);
    }

    #[test]
    fn broken_programs(
        cut in 0..40_000_usize,
        flips in proptest::collection::vec((0..2000_usize, any::<u8>()), 0..20),
    ) {
        let mut bytes = program();
        for (at, value) in flips {
            let length = bytes.len();
            bytes[at % length] = value;
        }
        bytes.truncate(cut);
        check(&bytes);
    }
}

#[test]
fn a_compression_bomb_is_cut() {
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![0; 20 << 20]).expect("memory");
    let analysis = check(&bomb.finish().expect("memory"));
    let cut = "gzip: unpacked up to the limit of 65536 bytes";
    assert!(analysis.notes.iter().any(|note| note == cut), "{:?}", analysis.notes);
}

/// Inputs made to be slow: every cost must stay linear. The times are far above what they
/// take, and far below what a quadratic search would.
#[test]
fn hostile_inputs_end_in_time() {
    let size = 4 << 20;
    let cycle =
        |pattern: &[u8]| -> Vec<u8> { pattern.iter().copied().cycle().take(size).collect() };
    let every_key: Vec<u8> =
        (0..size).map(|at| (at / 3 * 7 % 251) as u8 ^ b"a.b"[at % 3]).collect();
    for (name, bytes) in [
        ("colons", cycle(b"://")),
        ("schemes", cycle(b"http://")),
        ("letters", cycle(b"aaaaaaaa")),
        ("dots", cycle(b"a.")),
        ("addresses", cycle(b"1.1.1.1.")),
        ("v6", cycle(b"2001:")),
        ("base64", cycle(b"aHR0cDovL2MyLmV4YW1wbGUv")),
        ("short base64", cycle(b"aHR0cDovL2MyLmV4YW1wbGUv ")),
        ("printable under many keys", cycle(b"q1z2x.c3v")),
        ("every key", every_key),
        ("zeros", cycle(b"\0")),
        ("wide", cycle(b"a\0")),
        ("urls", cycle(b"http://a.example/ ")),
        ("parentheses", cycle(b"http://(((((")),
        ("json", cycle(b"[")),
        ("lines", cycle(b"wget \n")),
    ] {
        let started = std::time::Instant::now();
        analyze(&bytes, Timestamp::default(), &Limits::default(), &mut |_| ());
        let took = started.elapsed();
        assert!(took.as_secs() < 10, "{name}: {took:?}");
        println!("{name}: {took:?}");
    }
}
