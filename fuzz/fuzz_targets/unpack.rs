//! Containers and programs that begin as they should and go on in any way, taken apart, with
//! YARA rules looking at all that comes out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use ukai_model::Timestamp;
use ukai_static::{Limits, analyze_with};
use ukai_yara::{RuleSet, Rules, States};

static RULES: LazyLock<Rules> =
    LazyLock::new(|| Rules::compile(vec![RuleSet::shipped()], States::default()).0);

/// Beginnings; the first byte of an input chooses.
const HEADS: [&[u8]; 8] = [
    // Squashfs 4 in blocks of 128 KiB, gzip.
    b"hsqs\x01\0\0\0\0\0\0\0\0\0\x02\0\x01\0\0\0\x01\0\x11\0\0\0\x01\0\x04\0\0\0",
    b"\x60\xea\x22\0\x1e\x0b\x01\0\0\0\x02\0",
    b"MZ",
    b"HDR0",
    b"\x27\x05\x19\x56",
    b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0",
    b"MEI\x0c\x0b\x0a\x0b\x0e",
    b"",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let bytes = [HEADS[usize::from(*choice) % HEADS.len()], rest].concat();
    let limits = Limits {
        unpacked_bytes: 1 << 20,
        member_bytes: 1 << 19,
        script_bytes: 1 << 12,
        ..Limits::default()
    };
    let now = Timestamp::from_secs(1);
    let analysis = analyze_with(&bytes, now, &limits, Some(&RULES), &mut |_| ());
    assert!(analysis.members.len() <= limits.members);
    // Files that a script makes have limits of their own.
    assert!(analysis.members.iter().all(|it| {
        it.container == "script" || it.size <= limits.member_bytes as u64
    }));
});
