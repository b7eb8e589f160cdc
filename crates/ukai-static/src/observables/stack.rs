//! Texts that a program puts together on its stack: one `mov` per piece (x86, x86-64).
//!
//! `mov byte|word|dword [ebp+d], imm` (c6, 66 c7, c7) and the same over `esp`. A group of
//! them whose places follow each other without a gap is a text.

use super::{Finds, Source, scan};
use crate::limits::STACK_TEXT_BYTES_MAX;
use ukai_model::StringEncoding;

/// Bytes of other instructions between two pieces.
const BETWEEN_BYTES_MAX: usize = 12;
/// Pieces of the shortest text.
const PIECES_MIN: usize = 3;
/// Length of the shortest text, in bytes.
const TEXT_BYTES_MIN: usize = 6;

/// One piece: where it goes, what it is, and the instruction's length.
struct Piece {
    to: i32,
    value: [u8; 4],
    width: usize,
    length: usize,
}

/// Searches the machine code in `bytes`.
pub(crate) fn search(bytes: &[u8], finds: &mut Finds) {
    let mut at = 0;
    while at < bytes.len() {
        let Some(first) = piece(&bytes[at..]) else {
            at += 1;
            continue;
        };
        let start = at;
        let mut pieces = vec![first];
        at += pieces[0].length;
        let mut gap = 0;
        while gap <= BETWEEN_BYTES_MAX && pieces.len() < STACK_TEXT_BYTES_MAX {
            let Some(next) = bytes.get(at + gap..).and_then(piece) else {
                gap += 1;
                continue;
            };
            at += gap + next.length;
            gap = 0;
            pieces.push(next);
        }
        if pieces.len() >= PIECES_MIN {
            texts(pieces, start, finds);
        }
    }
}

fn piece(code: &[u8]) -> Option<Piece> {
    let (prefix, width, rest) = match code {
        [0x66, 0xc7, rest @ ..] => (2, 2, rest),
        [0xc6, rest @ ..] => (1, 1, rest),
        [0xc7, rest @ ..] => (1, 4, rest),
        _ => return None,
    };
    let (to, address) = match rest {
        [0x45, to, ..] => (i32::from(to.cast_signed()), 2),
        // The stack pointer itself.
        [0x04, 0x24, ..] => (0, 2),
        [0x44, 0x24, to, ..] => (i32::from(to.cast_signed()), 3),
        [0x85, a, b, c, d, ..] => (i32::from_le_bytes([*a, *b, *c, *d]), 5),
        [0x84, 0x24, a, b, c, d, ..] => (i32::from_le_bytes([*a, *b, *c, *d]), 6),
        _ => return None,
    };
    let immediate = rest.get(address..address + width)?;
    let mut value = [0; 4];
    value[..width].copy_from_slice(immediate);
    Some(Piece { to, value, width, length: prefix + address + width })
}

/// Texts of pieces that follow each other in memory.
fn texts(mut pieces: Vec<Piece>, start: usize, finds: &mut Finds) {
    pieces.sort_by_key(|piece| piece.to);
    let mut text: Vec<u8> = Vec::new();
    let mut end: Option<i64> = None;
    let flush = |text: &mut Vec<u8>, finds: &mut Finds| {
        let whole = std::mem::take(text);
        // Wide characters come as one word each.
        let wide = whole.iter().skip(1).step_by(2).filter(|byte| **byte == 0).count();
        let narrow: Vec<u8> =
            if wide * 3 > whole.len() { whole.into_iter().step_by(2).collect() } else { whole };
        for line in narrow.split(|byte| *byte == 0).filter(|line| line.len() >= TEXT_BYTES_MIN) {
            let source = Source {
                offset: start as u64,
                stride: 0,
                encoding: StringEncoding::Stack,
                method: "stack",
                language: None,
            };
            if line.iter().all(u8::is_ascii_graphic) {
                scan::text(line, &source, finds);
            }
        }
    };
    for piece in pieces {
        if end.is_some_and(|end| end != i64::from(piece.to)) {
            flush(&mut text, finds);
        }
        text.extend_from_slice(&piece.value[..piece.width]);
        end = Some(i64::from(piece.to) + piece.width as i64);
    }
    flush(&mut text, finds);
}

#[cfg(test)]
mod tests {
    use super::{Finds, search};
    use crate::specimen::noise;

    fn values(code: &[u8]) -> Vec<String> {
        let mut finds = Finds::new(50);
        search(code, &mut finds);
        finds.list.into_iter().map(|it| it.observable.value).collect()
    }

    #[test]
    fn letters_words_and_double_words() {
        let text = b"http://on-the-stack.example/a\0";
        let mut letters = noise(50, 1);
        for (at, byte) in text.iter().enumerate() {
            letters.extend([0xc6, 0x45, (at as u8).wrapping_sub(0x40), *byte]);
        }
        let mut words = noise(50, 2);
        for (at, four) in text.chunks(4).enumerate() {
            let mut value = [0; 4];
            value[..four.len()].copy_from_slice(four);
            words.extend([0xc7, 0x44, 0x24, 4 * at as u8]);
            words.extend(value);
            // Something else in between.
            words.extend([0x90, 0x89, 0xe5]);
        }
        let mut wide = noise(50, 3);
        for (at, byte) in text.iter().enumerate().rev() {
            wide.extend([0x66, 0xc7, 0x45, (2 * at) as u8, *byte, 0]);
        }
        // As GCC puts a buffer at the bottom of the stack.
        let mut bottom = vec![0xc6, 0x04, 0x24, text[0]];
        for (at, byte) in text.iter().enumerate().skip(1) {
            bottom.extend([0xc6, 0x44, 0x24, at as u8, *byte]);
        }
        for code in [letters, words, wide, bottom] {
            assert!(values(&code).contains(&"http://on-the-stack.example/a".to_owned()));
        }
    }

    #[test]
    fn noise_gives_nothing() {
        assert!(values(&noise(1_000_000, 5)).is_empty());
        assert!(values(&[0xc6]).is_empty() && values(&[0xc6, 0x45]).is_empty());
    }
}
