//! Lets through to the operator's terminal what draws, and nothing else.
//!
//! A recording holds what an attacker's session printed, escape sequences of the attacker's
//! choice included. Text, colours, cursor movement and erasing pass; queries (which would
//! type answers), titles, the clipboard, device controls, key maps, modes and strings of all
//! kinds do not. Every sequence is written anew from its parsed parts.

use std::fmt::Write as _;
use vte::{Params, Parser, Perform};

/// Most numbers in one sequence.
const NUMBERS_MAX: usize = 16;

/// Bytes that may come before the next thing that is drawn. What a string of commands (a title, the
/// clipboard) holds is collected until its end, which somebody hostile may never send.
const SILENT_BYTES_MAX: usize = 64 * 1024;
/// Bytes that are looked at before that is asked.
const PIECE_BYTES: usize = 4 * 1024;

/// What undoes everything that may pass: attributes, scroll region, cursor.
pub(crate) const RESET: &str = "\x1b[0m\x1b[r\x1b[?25h";

/// A filter with the state of a terminal's parser.
#[derive(Default)]
pub(crate) struct SafeScreen {
    parser: Parser,
    out: Out,
    /// Bytes since something came of them.
    silent: usize,
}

#[derive(Default)]
struct Out {
    text: String,
    /// Something has come of it, and be it nothing to see.
    done: bool,
    /// Only text and line ends.
    plain: bool,
}

impl SafeScreen {
    /// Lets drawing through.
    pub(crate) fn drawing() -> Self {
        Self::default()
    }

    /// Lets text through and nothing that draws.
    pub(crate) fn plain() -> Self {
        Self { out: Out { plain: true, ..Out::default() }, ..Self::default() }
    }

    /// What of `text` may be printed.
    pub(crate) fn filter(&mut self, text: &str) -> String {
        self.filter_bytes(text.as_bytes())
    }

    /// What of `bytes` may be printed: UTF-8, in any pieces.
    pub(crate) fn filter_bytes(&mut self, bytes: &[u8]) -> String {
        for piece in bytes.chunks(PIECE_BYTES) {
            self.parser.advance(&mut self.out, piece);
            let done = std::mem::take(&mut self.out.done);
            self.silent = if done { 0 } else { self.silent + piece.len() };
            if self.silent > SILENT_BYTES_MAX {
                self.parser = Parser::new();
                self.silent = 0;
            }
        }
        std::mem::take(&mut self.out.text)
    }
}

impl Perform for Out {
    fn print(&mut self, c: char) {
        self.done = true;
        let shown = ukai_model::PeerText::from(c.encode_utf8(&mut [0; 4]).as_bytes());
        if c == '\\' || shown.escaped().chars().eq([c]) {
            self.text.push(c);
        } else {
            // Invisible, or turning the direction of the text.
            self.text.push('\u{fffd}');
        }
    }

    fn execute(&mut self, byte: u8) {
        self.done = true;
        match byte {
            b'\n' | b'\t' => self.text.push(char::from(byte)),
            b'\r' | 0x08 if !self.plain => self.text.push(char::from(byte)),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: char) {
        self.done = true;
        if ignore || self.plain {
            return;
        }
        let passes = match intermediates {
            [] => matches!(
                action,
                'A'..='H' | 'J'..='M' | 'P' | 'S' | 'T' | 'X' | '@' | 'd' | 'f' | 'm' | 'r' | 's' | 'u'
            ),
            // The cursor is shown or hidden.
            b"?" => matches!(action, 'h' | 'l') && params.iter().eq([[25_u16]]),
            _ => false,
        };
        // `CSI 3 J` would take the operator's own lines away.
        let scrollback = action == 'J' && params.iter().any(|param| param == [3]);
        if !passes || scrollback {
            return;
        }
        let numbers: Vec<String> = params
            .iter()
            .take(NUMBERS_MAX)
            .map(|param| param.iter().map(u16::to_string).collect::<Vec<_>>().join(":"))
            .collect();
        let mark = if intermediates == b"?" { "?" } else { "" };
        let _ = write!(self.text, "\x1b[{mark}{}{action}", numbers.join(";"));
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], ignore: bool, byte: u8) {
        // Save and restore the cursor, and one line up.
        if !self.plain && !ignore && intermediates.is_empty() && matches!(byte, b'7' | b'8' | b'M')
        {
            let _ = write!(self.text, "\x1b{}", char::from(byte));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SafeScreen;
    use proptest::prelude::*;

    #[test]
    fn what_draws_passes() {
        for text in [
            "root@server:~# ls\r\n",
            "\x1b[1;31mred\x1b[0m\x1b[38;2;1;2;3m",
            "\x1b[2J\x1b[H\x1b[10;20Hx\x1b[K\x1b[3A\x1b[?25l\x1b[?25h",
            "a\x08b\t\x1b7\x1b8 back\\slash 鵜飼",
        ] {
            let shown = SafeScreen::drawing().filter(text);
            // An omitted number is written as 0, which means the same.
            assert_eq!(shown.replace("[0H", "[H").replace("[0K", "[K"), text);
        }
    }

    #[test]
    fn what_does_more_than_draw_is_dropped() {
        for text in [
            "\x07",
            "\x1b]0;title\x07",
            "\x1b]52;c;ZWNobyBv\x1b\\",
            "\x1b]8;;http://x/\x1b\\",
            "\x1bP$q\"p\x1b\\",
            "\x1b[c",
            "\x1b[5n",
            "\x1b[6n",
            "\x1b[21t",
            "\x1b[?1049h",
            "\x1b[?2004h",
            "\x1b[>c",
            "\x1b[!p",
            "\x1b[3J",
            "\x1bc",
            "\x1b#8",
            "\x1b(0",
            "\x05",
            "\x0e",
            "\x1b_app\x1b\\",
            "\x1b^pm\x1b\\",
            "\u{9b}6n",
            "\u{9d}0;x\u{9c}",
        ] {
            let shown = SafeScreen::drawing().filter(&format!("a{text}b"));
            let kept: String = shown.chars().filter(|c| *c != '\u{fffd}').collect();
            assert!(!kept.contains(|c: char| c.is_control()), "{text:?}: {shown:?}");
        }
        assert_eq!(SafeScreen::drawing().filter("a\u{202e}b"), "a\u{fffd}b");
    }

    #[test]
    fn a_sequence_may_come_in_pieces() {
        let mut screen = SafeScreen::drawing();
        assert_eq!(screen.filter("a\x1b]0;ti"), "a");
        assert_eq!(screen.filter("tle\x07b\x1b[3"), "b");
        assert_eq!(screen.filter("1mc"), "\x1b[31mc");
    }

    #[test]
    fn a_string_without_end_is_given_up() {
        let mut screen = SafeScreen::drawing();
        assert_eq!(screen.filter_bytes(b"a\x1b]0;"), "a");
        let piece = [b'x'; 1_000];
        let shown: String = (0..200).map(|_| screen.filter_bytes(&piece)).collect();
        // It was taken for a title first, and is text since.
        assert!(!shown.is_empty() && shown.len() < 200_000, "{}", shown.len());
        assert!(shown.bytes().all(|byte| byte == b'x'));
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let mut screen = SafeScreen::drawing();
        assert_eq!(screen.filter_bytes(b"a\x9b6n\xffb"), "a6n\u{fffd}b");
        assert_eq!(screen.filter_bytes(b"\xe9\xb5"), "");
        assert_eq!(screen.filter_bytes(b"\x9c"), "\u{9d5c}");
    }

    #[test]
    fn plain_text_has_no_escapes() {
        let shown = SafeScreen::plain().filter("\x1b[1mbold\x1b[0m\r\n\x1b[2Jnext\r\n");
        assert_eq!(shown, "bold\nnext\n");
    }

    /// Whether `text` holds nothing but text and the sequences that may pass.
    fn is_safe(text: &str) -> bool {
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c.is_control()) {
            rest = &rest[at..];
            let length = if let Some(sequence) = rest.strip_prefix("\x1b[") {
                let Some(end) = sequence.find(|c: char| !"?;:0123456789".contains(c)) else {
                    return false;
                };
                let (numbers, last) = (&sequence[..end], sequence[end..].chars().next());
                let drawing = last.is_some_and(|c| "ABCDEFGHJKLMPSTX@dfmrsu".contains(c));
                let cursor = numbers == "?25" && last.is_some_and(|c| c == 'h' || c == 'l');
                if !(cursor || drawing && !numbers.contains('?')) {
                    return false;
                }
                end + 3
            } else if ["\x1b7", "\x1b8", "\x1bM"].iter().any(|known| rest.starts_with(known)) {
                2
            } else if rest.starts_with(['\r', '\n', '\t', '\x08']) {
                1
            } else {
                return false;
            };
            rest = &rest[length..];
        }
        true
    }

    proptest! {
        #[test]
        fn whatever_comes_only_drawing_passes(
            pieces in prop::collection::vec(
                prop_oneof![
                    any::<String>(),
                    "\\x1b[\\[\\]P_^#(]?[?>!$0-9;:]{0,6}[@-~]",
                    "(\\x1b\\[\\?25[hl]|\\x1b\\[\\?(25;)?[0-9]{1,4}[hl]|\\x1b\\]52;c;[a-z]*|\\x07|\\x1b\\\\)",
                ],
                0..20,
            )
        ) {
            let mut screen = SafeScreen::drawing();
            let shown: String = pieces.iter().map(|piece| screen.filter(piece)).collect();
            prop_assert!(is_safe(&shown), "{shown:?}");
            let mut plain = SafeScreen::plain();
            let shown: String = pieces.iter().map(|piece| plain.filter(piece)).collect();
            prop_assert!(!shown.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
        }
    }
}
