//! The line editor of BusyBox (`libbb/lineedit.c`), as ash uses it. What it prints depends
//! on what it did, not on what stands on the screen.

use super::cells;
use super::columns;
use super::complete::complete;
use super::keys::{Key, Keys};
use super::line::{Line, is_dark};
use super::quoting::quoted;
use super::recall::Recall;
use super::seat::{Seat, Verdict};

/// Longest line that it reads, in bytes (`CONFIG_FEATURE_EDITING_MAX_LEN`).
const LINE_BYTES: usize = 1024;

/// What a persona's BusyBox has of the editor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Build {
    /// 1.17 clears to the end of the screen where older ones print a space.
    pub(super) clears: bool,
    /// `CONFIG_FEATURE_EDITING_ASK_TERMINAL`
    pub(super) asks: bool,
    /// Characters of UTF-8 are one.
    pub(super) utf8: bool,
}

/// A line being edited.
#[derive(Debug)]
pub(super) struct Ash {
    build: Build,
    prompt: Vec<u8>,
    line: Line,
    keys: Keys,
    recall: Recall,
    /// Row and column of the cursor, the prompt's row being the first.
    row: usize,
    column: usize,
    /// The last key was a tab.
    tab: bool,
    /// Control-V: the next key is taken as it is.
    literal: bool,
}

impl Ash {
    /// Shows the prompt and begins a line.
    pub(super) fn begin(prompt: Vec<u8>, build: Build, seat: &mut Seat<'_>) -> Self {
        let mut editor = Self {
            build,
            prompt,
            line: Line::new(build.utf8),
            keys: Keys::default(),
            recall: Recall::default(),
            row: 0,
            column: 0,
            tab: false,
            literal: false,
        };
        editor.put_prompt(seat);
        if build.asks {
            seat.out.extend_from_slice(b"\x1b[6n");
        }
        editor
    }

    pub(super) fn take(&mut self) -> Vec<u8> {
        self.line.take()
    }

    /// Takes a byte from the keyboard.
    pub(super) fn byte(&mut self, byte: u8, interrupt: u8, seat: &mut Seat<'_>) -> Verdict {
        if self.literal {
            self.literal = false;
            self.insert(byte, seat);
            return Verdict::More;
        }
        if byte == interrupt && !self.keys.inside() {
            self.new_line_after(b"^C", seat);
            self.line.take();
            return Verdict::Interrupted;
        }
        let Some(key) = self.keys.push(byte) else { return Verdict::More };
        let tab = std::mem::replace(&mut self.tab, false);
        match key {
            Key::Plain(byte) => self.insert(byte, seat),
            Key::Control(b'\r' | b'\n') => {
                self.new_line_after(b"", seat);
                return Verdict::Complete;
            }
            Key::Control(0x04) if self.line.is_empty() => return Verdict::End,
            Key::Control(b'\t') => self.complete(tab, seat),
            other => self.edit(other, seat),
        }
        Verdict::More
    }

    fn edit(&mut self, key: Key, seat: &mut Seat<'_>) {
        match key {
            Key::Control(0x01) | Key::Home => self.back_to(0, seat),
            Key::Control(0x02) | Key::Left => self.back_to(self.line.left(), seat),
            Key::Control(0x05) | Key::End => self.put_to_end(seat),
            Key::Control(0x06) | Key::Right if !self.line.at_end() => self.put_glyph(seat),
            Key::Control(0x04) | Key::Delete => self.delete(seat),
            Key::Control(0x08 | 0x7f) => self.backspace(seat),
            Key::Control(0x0b) => {
                self.line.cut_to(self.line.len());
                seat.out.extend_from_slice(b"\x1b[J");
            }
            Key::Control(0x0c) => {
                seat.out.extend_from_slice(b"\x1b[H");
                if self.build.clears {
                    seat.out.extend_from_slice(b"\x1b[J");
                }
                self.redraw(0, seat);
            }
            Key::Control(0x15) if self.line.cursor() > 0 => {
                self.line.cut_to(0);
                self.redraw_from_start(seat);
            }
            Key::Control(0x17) => self.erase_word(seat),
            Key::Meta(0x7f | 0x08) if self.build.clears => self.erase_word(seat),
            Key::Meta(b'd') if self.build.clears => {
                let start = self.line.cursor();
                let end = self.line.word_right(super::line::is_word);
                for _ in 0..self.line.text()[start..end].len() {
                    self.delete(seat);
                }
            }
            Key::Meta(b'b') | Key::WordLeft if self.build.clears => {
                self.back_to(self.line.word_left(super::line::is_word), seat);
            }
            Key::Meta(b'f') | Key::WordRight if self.build.clears => {
                let end = self.line.word_right(super::line::is_word);
                while self.line.cursor() < end {
                    self.put_glyph(seat);
                }
            }
            Key::Control(0x10) | Key::Up => self.recall(1, seat),
            Key::Control(0x0e) | Key::Down => self.recall(-1, seat),
            Key::Control(0x16) => self.literal = true,
            _ => {}
        }
    }

    fn insert(&mut self, byte: u8, seat: &mut Seat<'_>) {
        if self.line.len() >= LINE_BYTES - 2 {
            return;
        }
        let append = self.line.at_end();
        let start = self.line.cursor();
        if !self.line.insert(&[byte]) {
            return;
        }
        if self.build.utf8 && byte >= 0x80 {
            let first = self.line.left();
            let bytes = self.line.text()[first..self.line.cursor()].to_vec();
            if cells::character(&bytes, true) < bytes.len() || bytes.len() < 2 {
                return;
            }
            self.line.move_to(first);
        } else {
            self.line.move_to(start);
        }
        if append {
            self.put_glyph(seat);
            return;
        }
        let after = self.line.right();
        self.put_to_end(seat);
        self.back_to(after, seat);
    }

    fn delete(&mut self, seat: &mut Seat<'_>) {
        if self.line.at_end() {
            return;
        }
        let at = self.line.cursor();
        self.line.cut_to(self.line.right());
        self.put_to_end(seat);
        if self.build.clears {
            seat.out.extend_from_slice(b"\x1b[J");
        } else {
            seat.out.extend_from_slice(b" \x08");
        }
        self.back_to(at, seat);
    }

    fn backspace(&mut self, seat: &mut Seat<'_>) {
        if self.line.cursor() > 0 {
            self.back_to(self.line.left(), seat);
            self.delete(seat);
        }
    }

    fn erase_word(&mut self, seat: &mut Seat<'_>) {
        let start = self.line.word_left(is_dark);
        while self.line.cursor() > start {
            self.backspace(seat);
        }
    }

    fn recall(&mut self, step: isize, seat: &mut Seat<'_>) {
        let back = self.recall.back.checked_add_signed(step);
        let went = back.is_some_and(|back| {
            self.recall.go(back, &mut self.line, |back| seat.shell.history_line(back))
        });
        if went {
            // The row of the cursor is the old line's.
            self.redraw(self.row, seat);
        } else {
            seat.bell();
        }
    }

    /// Draws the line anew; the cursor's place in it stays.
    fn redraw(&mut self, up: usize, seat: &mut Seat<'_>) {
        let at = self.line.cursor();
        if up > 0 {
            seat.out.extend_from_slice(format!("\x1b[{up}A").as_bytes());
        }
        seat.out.push(b'\r');
        self.line.move_to(0);
        self.put_prompt(seat);
        self.put_to_end(seat);
        seat.out.extend_from_slice(b"\x1b[J");
        self.back_to(at, seat);
    }

    fn redraw_from_start(&mut self, seat: &mut Seat<'_>) {
        self.redraw(self.row, seat);
    }

    fn put_prompt(&mut self, seat: &mut Seat<'_>) {
        let last = self.prompt.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        for byte in &self.prompt {
            if *byte == b'\n' {
                seat.out.push(b'\r');
            }
            seat.out.push(*byte);
        }
        let width = cells::width(&self.prompt[last..], self.build.utf8);
        self.row = width / seat.terminal.columns;
        self.column = width % seat.terminal.columns;
    }

    fn put_to_end(&mut self, seat: &mut Seat<'_>) {
        while !self.line.at_end() {
            self.put_glyph(seat);
        }
    }

    /// Prints the character at the cursor and goes behind it.
    fn put_glyph(&mut self, seat: &mut Seat<'_>) {
        let (start, end) = (self.line.cursor(), self.line.right());
        seat.out.extend(glyph(&self.line.text()[start..end], self.build.utf8));
        self.line.move_to(end);
        self.column += 1;
        if self.column < seat.terminal.columns {
            return;
        }
        // A real CR LF wraps on every terminal.
        seat.out.extend_from_slice(b"\r\r\n");
        self.row += 1;
        self.column = 0;
    }

    /// Goes back to a place in the line.
    fn back_to(&mut self, to: usize, seat: &mut Seat<'_>) {
        let from = self.line.cursor();
        if to >= from {
            return;
        }
        let count = characters(&self.line.text()[to..from], self.build.utf8);
        self.line.move_to(to);
        if self.column >= count {
            self.column -= count;
            if count <= 4 {
                seat.out.resize(seat.out.len() + count, 0x08);
            } else {
                seat.out.extend_from_slice(format!("\x1b[{count}D").as_bytes());
            }
            return;
        }
        let columns = seat.terminal.columns;
        let above = count - self.column;
        let up = 1 + (above - 1) / columns;
        self.column = (columns * self.row).saturating_sub(above) % columns;
        self.row = self.row.saturating_sub(up);
        seat.out.extend_from_slice(format!("\r\x1b[{up}A").as_bytes());
        if self.column > 0 {
            seat.out.extend_from_slice(format!("\x1b[{}C", self.column).as_bytes());
        }
    }

    fn new_line_after(&mut self, text: &[u8], seat: &mut Seat<'_>) {
        if text.is_empty() {
            self.put_to_end(seat);
        }
        seat.out.extend_from_slice(text);
        let empty = self.line.cursor() == 0 && self.prompt.is_empty();
        if empty || self.column != 0 || !text.is_empty() {
            seat.out.extend_from_slice(b"\r\n");
        }
    }

    fn complete(&mut self, again: bool, seat: &mut Seat<'_>) {
        let before = self.line.before().to_vec();
        let found = seat.shell.with_reader(|process| complete(process, &before));
        let Some(found) = found else { return seat.bell() };
        self.tab = true;
        if again {
            self.list(&found, seat);
            return;
        }
        let common = match &found.matches[..] {
            [] => return seat.bell(),
            [only] => {
                self.tab = false;
                let mut text = quoted(&only.text, found.quote, false);
                text.push(if only.directory { b'/' } else { b' ' });
                text
            }
            _ => {
                seat.bell();
                let common = found.common();
                if common.is_empty() {
                    return;
                }
                quoted(&common, found.quote, false)
            }
        };
        let room = LINE_BYTES.saturating_sub(self.line.len());
        if common.len() < room {
            let old = self.line.cursor();
            self.line.cut_to(found.start.min(old));
            self.line.insert(&common);
            self.redraw(self.row, seat);
        }
    }

    fn list(&mut self, found: &super::complete::Completion, seat: &mut Seat<'_>) {
        if found.matches.is_empty() {
            return;
        }
        let at = self.line.cursor();
        self.put_to_end(seat);
        if self.column != 0 {
            seat.out.extend_from_slice(b"\r\n");
        }
        for line in columns::busybox(&found.matches, seat.terminal.columns) {
            seat.out.extend_from_slice(&line);
            seat.out.extend_from_slice(b"\r\n");
        }
        self.line.move_to(at);
        self.redraw(0, seat);
    }
}

/// A character as it is printed: one that BusyBox does not show is a question mark.
fn glyph(character: &[u8], utf8: bool) -> Vec<u8> {
    match character {
        [byte @ 0..0x20] => vec![b'^', byte | 0x40],
        [byte] if utf8 && *byte >= 0x80 => b"?".to_vec(),
        // `CONFIG_LAST_SUPPORTED_WCHAR` is 767.
        [first, ..] if utf8 && *first >= 0xcc => b"?".to_vec(),
        other => other.to_vec(),
    }
}

fn characters(text: &[u8], utf8: bool) -> usize {
    if utf8 { text.iter().filter(|b| !super::line::is_inner(**b)).count() } else { text.len() }
}
