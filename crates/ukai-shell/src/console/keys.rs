//! Bytes of a keyboard as keys: what xterm and its kin send.

/// Longest escape sequence that is waited for, in bytes.
const SEQUENCE_BYTES: usize = 16;

const ESCAPE: u8 = 0x1b;

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A byte that stands for itself; characters beyond ASCII come byte by byte.
    Plain(u8),
    /// A control character, DEL among them.
    Control(u8),
    /// Escape or Alt with a byte.
    Meta(u8),
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    Insert,
    Delete,
    PageUp,
    PageDown,
    WordLeft,
    WordRight,
    PasteBegin,
    PasteEnd,
    /// The terminal tells where its cursor is.
    Report,
    /// A sequence that nobody knows.
    Unknown,
}

/// Puts keys together from bytes.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pending: Vec<u8>,
}

impl Keys {
    /// Takes a byte; gives a key when one is complete.
    pub(super) fn push(&mut self, byte: u8) -> Option<Key> {
        if self.pending.is_empty() {
            return match byte {
                ESCAPE => {
                    self.pending.push(byte);
                    None
                }
                0..0x20 | 0x7f => Some(Key::Control(byte)),
                _ => Some(Key::Plain(byte)),
            };
        }
        if self.pending.len() == 1 {
            if matches!(byte, b'[' | b'O') {
                self.pending.push(byte);
                return None;
            }
            if byte == ESCAPE {
                return None;
            }
            self.pending.clear();
            return Some(Key::Meta(byte));
        }
        if self.pending.get(1) == Some(&b'O') {
            self.pending.clear();
            return Some(cursor_key(byte));
        }
        let parameter = matches!(byte, 0x20..=0x3f);
        if parameter && self.pending.len() < SEQUENCE_BYTES {
            self.pending.push(byte);
            return None;
        }
        let sequence = std::mem::take(&mut self.pending);
        Some(sequence_key(sequence.get(2..).unwrap_or_default(), byte))
    }

    /// Whether a sequence has begun.
    pub(super) fn inside(&self) -> bool {
        !self.pending.is_empty()
    }
}

fn cursor_key(last: u8) -> Key {
    match last {
        b'A' => Key::Up,
        b'B' => Key::Down,
        b'C' => Key::Right,
        b'D' => Key::Left,
        b'H' => Key::Home,
        b'F' => Key::End,
        _ => Key::Unknown,
    }
}

fn sequence_key(parameters: &[u8], last: u8) -> Key {
    match (parameters, last) {
        (b"", _) => cursor_key(last),
        (b"1;5" | b"1;3" | b"5", b'C') => Key::WordRight,
        (b"1;5" | b"1;3" | b"5", b'D') => Key::WordLeft,
        (b"1" | b"7", b'~') => Key::Home,
        (b"4" | b"8", b'~') => Key::End,
        (b"2", b'~') => Key::Insert,
        (b"3", b'~') => Key::Delete,
        (b"5", b'~') => Key::PageUp,
        (b"6", b'~') => Key::PageDown,
        (b"200", b'~') => Key::PasteBegin,
        (b"201", b'~') => Key::PasteEnd,
        (_, b'R') => Key::Report,
        _ => Key::Unknown,
    }
}
