//! Framing as BusyBox' `telnetd` takes it: `safe_write_to_pty_decode_iac` of 1.35 and
//! `remove_iacs` of 1.16 and 1.12 (networking/telnetd.c). Nothing is negotiated, only the
//! window's size is read; of other subnegotiations the bytes inside are typed text.

use super::codec::{AYT, IAC, Item, NOP, SB};
use super::session::NAWS;
use std::borrow::Cow;
use ukai_persona::TelnetProgram;

/// Takes the stream apart; keeps at most the beginning of one command between calls.
#[derive(Debug)]
pub(super) struct Busybox {
    program: TelnetProgram,
    held: Vec<u8>,
}

/// What stands at an IAC.
enum Command<'a> {
    /// This item, of so many bytes.
    Is(usize, Option<Item<'a>>),
    /// More must come.
    Begun,
}

impl Busybox {
    pub(super) const fn new(program: TelnetProgram) -> Self {
        Self { program, held: Vec::new() }
    }

    /// What is to be read: what was left over, then `bytes`.
    pub(super) fn begin<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if self.held.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let mut whole = std::mem::take(&mut self.held);
        whole.extend_from_slice(bytes);
        Cow::Owned(whole)
    }

    /// The next item of `rest`, which is shortened by it.
    pub(super) fn next<'a>(&mut self, rest: &mut &'a [u8]) -> Option<Item<'a>> {
        loop {
            let whole = *rest;
            match whole.first()? {
                &IAC => {}
                _ => return Some(data(rest)),
            }
            let command = match self.program {
                TelnetProgram::Busybox1_35 => newest(whole),
                program => older(whole, program == TelnetProgram::Busybox1_16),
            };
            match command {
                Command::Is(length, item) => {
                    *rest = whole.get(length..).unwrap_or_default();
                    if item.is_some() {
                        return item;
                    }
                }
                Command::Begun => {
                    self.held = whole.to_vec();
                    *rest = &[];
                    return None;
                }
            }
        }
    }
}

/// Text up to a command or the end of a line; `CR LF` and `CR NUL` are `CR`, if they come
/// together.
fn data<'a>(rest: &mut &'a [u8]) -> Item<'a> {
    let whole = *rest;
    let end = memchr::memchr2(IAC, b'\r', whole).unwrap_or(whole.len());
    if whole.get(end) != Some(&b'\r') {
        *rest = &whole[end..];
        return Item::Data(&whole[..end]);
    }
    let (line, after) = whole.split_at(end + 1);
    let ended = matches!(after, [b'\n' | 0, ..]);
    *rest = &after[usize::from(ended)..];
    Item::Data(line)
}

/// 1.35: commands of two bytes are known; one that is cut off is eaten, but for its IAC.
fn newest(whole: &[u8]) -> Command<'_> {
    let Some(second) = whole.get(1) else { return Command::Begun };
    match (*second, whole.get(2)) {
        (IAC, _) => Command::Is(2, Some(Item::Data(&whole[1..2]))),
        (AYT, _) => Command::Is(2, Some(Item::Command(AYT))),
        (240..=249, _) | (_, None) => Command::Is(2, None),
        (SB, Some(&NAWS)) => match whole.get(3..7) {
            Some(size) => Command::Is(7, Some(Item::Sub(NAWS, size.to_vec()))),
            None => Command::Is(whole.len(), None),
        },
        (second, Some(third)) => Command::Is(3, skipped(second, *third)),
    }
}

/// 1.16 knows NOP and the doubled IAC; to 1.12 all commands have three bytes.
fn older(whole: &[u8], knows_two: bool) -> Command<'_> {
    match (whole, knows_two) {
        ([_, NOP, ..], true) => Command::Is(2, None),
        ([_, IAC, ..], true) => Command::Is(2, Some(Item::Data(&whole[1..2]))),
        ([_, SB, NAWS, ..], _) => match whole.get(3..9) {
            Some(size) => Command::Is(9, Some(Item::Sub(NAWS, size[..4].to_vec()))),
            None => Command::Begun,
        },
        ([_, second, third, ..], _) => Command::Is(3, skipped(*second, *third)),
        _ => Command::Begun,
    }
}

/// A command without effect, by which a client may be known all the same.
fn skipped<'a>(second: u8, third: u8) -> Option<Item<'a>> {
    match second {
        SB => Some(Item::Sub(third, Vec::new())),
        251..=254 => Some(Item::Negotiate(second, third)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(program: TelnetProgram, parts: &[&[u8]]) -> Vec<u8> {
        let mut decoder = Busybox::new(program);
        let mut typed = Vec::new();
        for part in parts {
            let whole = decoder.begin(part);
            let mut rest = &whole[..];
            while let Some(item) = decoder.next(&mut rest) {
                if let Item::Data(data) = item {
                    typed.extend_from_slice(data);
                }
            }
            assert!(decoder.held.len() < 9);
        }
        typed
    }

    #[test]
    fn revisions_differ_in_what_they_take_for_text() {
        use TelnetProgram::{Busybox1_12, Busybox1_16, Busybox1_35};
        let text = b"a\xff\xffb\xff\xf1c\xff\xfa\x18\0VT\xff\xf0d\r\ne\r\0f\r";
        assert_eq!(typed(Busybox1_35, &[text]), b"a\xffbc\0VTd\re\rf\r");
        assert_eq!(typed(Busybox1_16, &[text]), b"a\xffbc\0VT\re\rf\r");
        assert_eq!(typed(Busybox1_12, &[text]), b"a\0VT\re\rf\r");
        let cut: [&[u8]; 4] = [b"a\xff", b"\xfd", b"\x01b\r", b"\nc"];
        assert_eq!(typed(Busybox1_35, &cut), b"a\x01b\r\nc");
        assert_eq!(typed(Busybox1_16, &cut), b"ab\r\nc");
        let window: [&[u8]; 2] = [b"\xff\xfa\x1f\0", b"\x50\0\x18\xff\xf0x"];
        assert_eq!(typed(Busybox1_35, &window), b"\x50\0\x18x");
        assert_eq!(typed(Busybox1_12, &window), b"x");
    }
}
