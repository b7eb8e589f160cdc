//! What two programs have in common, as far as it shows without a compiler.

use super::words::{Machine, Order, Word};
use super::{CodeIndex, NONE, VALUES, of_parts, percent, read, text};
use proptest::prelude::*;
use ukai_model::Sha256;

const MACHINES: [Machine; 13] = [
    Machine::X86(32),
    Machine::X86(64),
    Machine::Arm(Order::Little),
    Machine::Arm(Order::Big),
    Machine::Aarch64,
    Machine::Mips(Order::Little),
    Machine::Mips(Order::Big),
    Machine::PowerPc(Order::Little),
    Machine::PowerPc(Order::Big),
    Machine::Sparc,
    Machine::Sh(Order::Little),
    Machine::Sh(Order::Big),
    Machine::RiscV,
];

fn words(machine: Machine, code: &[u8]) -> Vec<Word> {
    let mut all = Vec::new();
    machine.words(code, &mut |word| all.push(word));
    all
}

#[test]
fn operands_make_no_difference_and_operations_do() {
    // Twice the same with other operands, another one, and a return; from the manuals.
    let codes: [(Machine, [&[u8]; 4]); 8] = [
        // add $t0,$t1,$t2; add $a0,$a1,$a2; sub $t0,$t1,$t2; jr $ra
        (
            Machine::Mips(Order::Big),
            [b"\x01\x2a\x40\x20", b"\x00\xa6\x20\x20", b"\x01\x2a\x40\x22", b"\x03\xe0\x00\x08"],
        ),
        // add r0,r1,r2; add r3,r4,r5; sub r0,r1,r2; bx lr
        (
            Machine::Arm(Order::Big),
            [b"\xe0\x81\x00\x02", b"\xe0\x84\x30\x05", b"\xe0\x41\x00\x02", b"\xe1\x2f\xff\x1e"],
        ),
        // add x0,x1,x2; add x3,x4,x5; sub x0,x1,x2; ret
        (
            Machine::Aarch64,
            [b"\x20\x00\x02\x8b", b"\x83\x00\x05\x8b", b"\x20\x00\x02\xcb", b"\xc0\x03\x5f\xd6"],
        ),
        // addi r3,r1,8; addi r4,r5,16; mulli r3,r1,8; blr
        (
            Machine::PowerPc(Order::Big),
            [b"\x38\x61\x00\x08", b"\x38\x85\x00\x10", b"\x1c\x61\x00\x08", b"\x4e\x80\x00\x20"],
        ),
        // add %o0,%o1,%o2; add %l0,1,%l1; sub %o0,%o1,%o2; retl
        (
            Machine::Sparc,
            [b"\x94\x02\x00\x09", b"\xa2\x04\x20\x01", b"\x94\x22\x00\x09", b"\x81\xc3\xe0\x08"],
        ),
        // add r1,r2; add r3,r4; sub r1,r2; rts
        (Machine::Sh(Order::Big), [b"\x32\x1c", b"\x34\x3c", b"\x32\x18", b"\x00\x0b"]),
        // addi a0,a1,1; addi a2,a3,5; andi a0,a1,1; ret
        (
            Machine::RiscV,
            [b"\x13\x85\x15\x00", b"\x13\x86\x56\x00", b"\x13\xf5\x15\x00", b"\x67\x80\x00\x00"],
        ),
        // add eax,ebx; add ecx,edx; sub eax,ebx; ret
        (Machine::X86(32), [b"\x01\xd8", b"\x01\xd1", b"\x29\xd8", b"\xc3"]),
    ];
    for (machine, [one, same, other, end]) in codes {
        let word = |code: &[u8]| words(machine, code)[0];
        assert_eq!(word(one), word(same), "{machine:?}");
        assert_ne!(word(one), word(other), "{machine:?}");
        assert!(matches!(word(one), Word::Instruction(_)), "{machine:?}");
        assert_eq!(word(end), Word::End, "{machine:?}");
    }
    let short = words(Machine::RiscV, b"\x01\x45\x82\x80\x13\x85\x15\x00");
    assert_eq!((short.len(), short[1]), (3, Word::End), "li a0,0; ret; addi");
}

/// `count` instructions of SPARC in functions of twenty.
fn code(seed: u32, count: u32) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state
    };
    (0..count)
        .flat_map(|number| match number % 20 {
            19 => 0x81c3_e008_u32.to_be_bytes(),
            _ => (0x8000_0000 | next() >> 3 & 0x01f8_0000 | next() >> 20).to_be_bytes(),
        })
        .collect()
}

#[test]
fn the_estimate_is_near_the_share() {
    let hash = |bytes: &[u8]| {
        of_parts(bytes, &[(0, bytes.len() as u64)], Machine::Sparc).expect("enough code")
    };
    let (first, second) = (code(1, 4_000), code(2, 4_000));
    // Two thirds of one, and as much of another: half of the union.
    let third = first.len() / 3 / 80 * 80;
    let mixed = [&first[..2 * third], &second[..third]].concat();
    let of = |one: &[u8], other: &[u8]| {
        percent(&read(&hash(one)).expect("one"), &read(&hash(other)).expect("one"))
    };
    assert_eq!(of(&first, &first), 100);
    assert!(of(&first, &second) < 6, "{}", of(&first, &second));
    assert!((35..=65).contains(&of(&first, &mixed)), "{}", of(&first, &mixed));

    let mut index = CodeIndex::default();
    for bytes in [&first, &second, &mixed] {
        assert!(index.add(Sha256::of(bytes), &hash(bytes)));
    }
    let found = index.nearest(&hash(&first), 30, 9);
    let names: Vec<_> = found.iter().map(|it| it.sha256).collect();
    assert_eq!(names, [Sha256::of(&first), Sha256::of(&mixed)]);
    assert_eq!(index.nearest(&hash(&first), 0, 1).len(), 1);
    assert!(!index.add(Sha256::of(b""), "00"));
}

#[test]
fn little_code_and_filling_say_nothing() {
    assert_eq!(of_parts(&code(1, 150), &[(0, 600)], Machine::Sparc), None);
    let filled = vec![0; 100_000];
    for machine in MACHINES {
        assert_eq!(of_parts(&filled, &[(0, 100_000)], machine), None, "{machine:?}");
    }
    assert_eq!(of_parts(&code(1, 4_000), &[(u64::MAX, 9), (9, 0)], Machine::Sparc), None);
    assert_eq!(percent(&[NONE; VALUES], &[NONE; VALUES]), 0);
}

proptest! {
    #[test]
    fn any_bytes_are_read_to_their_end(
        bytes in proptest::collection::vec(any::<u8>(), 0..3_000),
        parts in proptest::collection::vec((0..4_000_u64, any::<u64>()), 0..4),
    ) {
        for machine in MACHINES {
            let read_as = words(machine, &bytes);
            prop_assert!(read_as.len() <= bytes.len());
            prop_assert!(read_as.len() >= bytes.len() / 16, "{:?}", machine);
            if let Some(hash) = of_parts(&bytes, &parts, machine) {
                let values = read(&hash).expect("a hash");
                prop_assert_eq!(text(&values), hash);
                prop_assert_eq!(percent(&values, &values), 100);
            }
        }
    }

    #[test]
    fn what_is_no_hash_is_not_taken(text in "[0-9a-fg]{0,300}") {
        let mut index = CodeIndex::default();
        prop_assert_eq!(index.add(Sha256::of(b""), &text), read(&text).is_some());
    }
}
